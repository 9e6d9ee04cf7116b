"""A log as its reader sees it: the records of the journal as lines, in the function's format and from its levels.

Sources: Lambda developer guide, "Log and event formats" for the two formats, "Lambda Telemetry API Event schema
reference" for the objects in JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from samlocal.function.logging_config import LogFormat
from samlocal.sandbox.apis.telemetry import Category, timestamp
from samlocal.sandbox.journal import Record


def render(record: Record) -> str | None:
    """The record's line, None where the function's log has none of it."""
    logging = record.sandbox.logging
    if logging.format is LogFormat.TEXT:
        return record.text
    if record.fields is not None:
        passes = record.level is not None and record.level.passes(logging.system_level)
        return _object(record, record.fields) if passes else None
    if record.stream is Category.FUNCTION and record.level is not None:
        return record.text if record.level.passes(logging.application_level) else None
    return record.text


def _object(record: Record, fields: Mapping[str, object]) -> str:
    """An event of Lambda's; where nobody traces the invocation it has no trace."""
    tracing = fields.get("tracing")
    traced = isinstance(tracing, Mapping) and "Sampled=1" in str(tracing.get("value"))
    shown = {name: value for name, value in fields.items() if traced or name != "tracing"}
    entry = {"time": timestamp(record.time), "type": record.type, "record": shown}
    return json.dumps(entry, separators=(",", ":"), ensure_ascii=False)
