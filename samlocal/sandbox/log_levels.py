"""What a record of the log says of its own importance, by which a log in JSON is filtered.

Source: Lambda developer guide, "Log-level filtering": its table "System log level event mapping", and that what the
function writes without a level is INFO.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from samlocal.function.logging_config import LogLevel

_ALWAYS_INFO = ("platform.start", "platform.telemetrySubscription", "platform.logsSubscription")
_INFO_OR_WARN = ("platform.report", "platform.extension")
_DEBUG_OR_WARN = ("platform.initRuntimeDone", "platform.initReport", "platform.runtimeDone")


def level_of_event(type_: str, fields: Mapping[str, object]) -> LogLevel | None:
    """The level of one of Lambda's own events, None for what is in no log in JSON."""
    failed = fields.get("status", "success") != "success" or "errorType" in fields
    if type_ == "platform.initStart":
        return LogLevel.INFO if "runtimeVersion" in fields else LogLevel.DEBUG
    if type_ in _ALWAYS_INFO:
        return LogLevel.INFO
    if type_ in _INFO_OR_WARN:
        return LogLevel.WARN if failed else LogLevel.INFO
    if type_ in _DEBUG_OR_WARN:
        return LogLevel.WARN if failed else LogLevel.DEBUG
    return None


def level_of_line(line: str) -> LogLevel:
    """What a line of the function's says of itself."""
    if line.startswith("{"):
        try:
            record = json.loads(line)
            return LogLevel(str(record["level"]).upper())
        except (ValueError, KeyError, TypeError, RecursionError):
            return LogLevel.INFO
    return LogLevel.INFO
