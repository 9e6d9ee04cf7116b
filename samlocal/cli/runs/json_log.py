"""Lines of a log that are JSON, as a person reads them: time, level and message, then the rest.

Lambda developer guide, "Log and event formats", for what Python's and Node's runtimes write; Powertools and pino name
the same members in their own way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

_TIMES = ("timestamp", "time", "@timestamp", "ts")
_LEVELS = ("level", "log_level", "severity")
_MESSAGES = ("message", "msg")
_STACKS = ("stackTrace", "stack_trace", "stack", "trace", "exception")
# pino's, by their numbers.
_NUMBERED = {10: "TRACE", 20: "DEBUG", 30: "INFO", 40: "WARN", 50: "ERROR", 60: "FATAL"}
# `2026-11-26T12:00:00.123Z`, and Python's own `2026-11-26 12:00:00,123+0000`.
_OF_DAY = re.compile(r"\d{4}-\d\d-\d\d[T ](\d\d:\d\d:\d\d(?:[.,]\d{1,3})?)")


class Entry(Struct, frozen=True, kw_only=True):
    """One line. ``below`` are the lines of a stack; ``is_error`` says that a runtime reports one."""

    time: str
    level: str
    message: str
    rest: str
    below: tuple[str, ...]
    is_error: bool


def entry(line: str, *, request_id: str | None) -> Entry | None:
    """None for what is no entry of a log. The invocation's own id, which stands in every line, is left out."""
    if not (line.startswith("{") and line.endswith("}")):
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    level = _level(_first(found, _LEVELS))
    if level is None:
        return None
    # An error that a runtime reports is an entry of its own, or the message of one (Node).
    members = dict(found)
    error = members if "errorMessage" in members else _first(members, _MESSAGES)
    below: tuple[str, ...] = ()
    is_error = False
    if isinstance(error, dict) and isinstance(error.get("errorMessage"), str):
        is_error = True
        message = f"{error.get('errorType') or 'Error'}: {error['errorMessage']}"
        below = tuple(_stack(error))
        used = {"errorMessage", "errorType", *_STACKS} if error is members else set(_MESSAGES)
    else:
        given = _first(members, _MESSAGES)
        if given is None:
            return None
        message, used = given if isinstance(given, str) else _compact(given), {*_MESSAGES, *_STACKS}
        below = tuple(_stack(members))
    used |= {*_TIMES, *_LEVELS}
    if below and below[0] == message:
        below = below[1:]
    rest = (
        f"{name}={_bare(value)}"
        for name, value in members.items()
        if name not in used and value is not None and (request_id is None or value != request_id)
    )
    return Entry(
        time=_time(_first(members, _TIMES)),
        level=level,
        message=message,
        rest="  ".join(rest),
        below=below,
        is_error=is_error,
    )


def _first(members: Mapping[str, object], names: tuple[str, ...]) -> object:
    return next((members[name] for name in names if members.get(name) is not None), None)


def _level(value: object) -> str | None:
    if isinstance(value, str) and value.isalpha():
        return value.upper()
    return _NUMBERED.get(value) if isinstance(value, int) else None


def _time(value: object) -> str:
    """The time of day, which is enough of one that is now."""
    found = _OF_DAY.match(value) if isinstance(value, str) else None
    return found[1] if found is not None else "" if value is None else str(value)


def _stack(members: Mapping[str, object]) -> Iterator[str]:
    stack = _first(members, _STACKS)
    for part in stack if isinstance(stack, list) else [stack]:
        if isinstance(part, str):
            yield from (line for line in part.splitlines() if line.strip())


def _bare(value: object) -> str:
    """A word as it is, all else as JSON."""
    return value if isinstance(value, str) and re.fullmatch(r"[^\s\"=]+", value) else _compact(value)


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
