"""A log in JSON: Lambda's own records, and which records its levels leave in.

Sources: Lambda developer guide, "Lambda Telemetry API Event schema reference" for the records, "Log-level filtering"
for the levels: its table "System log level event mapping", and that what the function writes without a level is INFO.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from samlocal.function.logging_config import LogLevel

_ALWAYS_INFO = ("platform.start", "platform.telemetrySubscription", "platform.logsSubscription")
_INFO_OR_WARN = ("platform.report", "platform.extension")
_DEBUG_OR_WARN = ("platform.initRuntimeDone", "platform.initReport", "platform.runtimeDone")


def level_of(type_: str, record: Mapping[str, object]) -> LogLevel | None:
    """The level of one of Lambda's own records, None for what is telemetry alone."""
    failed = record.get("status", "success") != "success" or "errorType" in record
    if type_ == "platform.initStart":
        return LogLevel.INFO if "runtimeVersion" in record else LogLevel.DEBUG
    if type_ in _ALWAYS_INFO:
        return LogLevel.INFO
    if type_ in _INFO_OR_WARN:
        return LogLevel.WARN if failed else LogLevel.INFO
    if type_ in _DEBUG_OR_WARN:
        return LogLevel.WARN if failed else LogLevel.DEBUG
    return None


def as_line(time: str, type_: str, record: Mapping[str, object]) -> str:
    """A record as it stands in the log, where an invocation that nobody traces has no trace."""
    tracing = record.get("tracing")
    traced = isinstance(tracing, Mapping) and "Sampled=1" in str(tracing.get("value"))
    shown = {name: value for name, value in record.items() if traced or name != "tracing"}
    return json.dumps({"time": time, "type": type_, "record": shown}, separators=(",", ":"), ensure_ascii=False)


def level_of_line(line: str) -> LogLevel:
    """What a line of the function's says of itself."""
    if line.startswith("{"):
        try:
            record = json.loads(line)
            return LogLevel(str(record["level"]).upper())
        except (ValueError, KeyError, TypeError, RecursionError):
            return LogLevel.INFO
    return LogLevel.INFO
