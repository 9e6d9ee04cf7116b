"""What an event source mapping's filters let through.

Source: Lambda developer guide, "Control which events Lambda sends to your function", "Using event filtering with an
Amazon SQS event source" and "… with a Kinesis event source": patterns are ORed; where a pattern asks for members of
``body`` or ``data``, what is no JSON does not pass, and where it asks for text, JSON does not.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from samlocal.event_pattern import EventPattern
from samlocal.sources.mapping import SourceKind


def passes(record: Mapping[str, Any], filters: tuple[EventPattern, ...], *, kind: SourceKind) -> bool:
    """``record`` is one of an event's records, as the function gets it."""
    if not filters:
        return True
    match kind:
        case SourceKind.QUEUE:
            name, filtered = "body", {**record, "body": _read(record["body"])}
        case SourceKind.STREAM:
            # Of a pipe's event they are members themselves.
            members = {**record, **record["kinesis"]}
            name, filtered = "data", {**members, "data": _read(_decoded(record["kinesis"]["data"]))}
        case SourceKind.TABLE:
            # Its values are what they are: ``{"N": "5"}`` is text.
            name, filtered = "", dict(record)
    return any(_matches(each, filtered, name) for each in filters)


def _matches(pattern: EventPattern, record: dict[str, Any], name: str) -> bool:
    wanted, given = pattern.rule.get(name), record.get(name)
    if isinstance(wanted, dict) and not isinstance(given, dict | list):
        return False
    if isinstance(wanted, list) and isinstance(given, dict | list):
        return False
    return pattern.matches(record)


def _read(text: str | None) -> Any:
    """As JSON where it is an object or a list; anything else is text."""
    if text is None:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, dict | list) else text


def _decoded(data: str) -> str | None:
    try:
        return base64.b64decode(data).decode()
    except UnicodeDecodeError:
        return None
