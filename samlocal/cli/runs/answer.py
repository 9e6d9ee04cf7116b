"""A function's answer as a person reads it, and what has changed of it since the one before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from samlocal.cli.runs.json_text import check_json

_CONTEXT = 3
"""So many lines stand around one that has changed."""

_NESTED = " (JSON)"


def readable(payload: bytes) -> list[str]:
    """JSON in lines, every digit as it was; JSON in its strings likewise, as in the body of an API's response."""
    text = payload.decode(errors="replace")
    try:
        check_json(text)
        document = json.loads(text, parse_int=_Number, parse_float=_Number)
    except (ValueError, RecursionError):
        return text.splitlines() or [""]
    return _drawn(document)


def difference(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """The lines that have come (``+``) and gone (``-``), with some around them; nothing where all is the same."""
    import difflib

    for number, line in enumerate(difflib.unified_diff(before, after, n=_CONTEXT, lineterm="")):
        # The first two name files. The line numbers of a part tell a reader nothing but that something is left out.
        if number > 2:
            yield "…" if line.startswith("@@ ") else line


class _Number(str):
    """As it was written: Python would round it."""

    __slots__ = ()


def _drawn(value: object, indent: str = "") -> list[str]:
    inner = f"{indent}  "
    match value:
        case dict() if value:
            members = []
            for key, member in value.items():
                nested = _nested(member)
                name = f"{_text(key)}{_NESTED if nested is not None else ''}"
                members.append(_prefixed(f"{inner}{name}: ", _drawn(member if nested is None else nested, inner)))
            return ["{", *_joined(members), f"{indent}}}"]
        case list() if value:
            items = [_prefixed(inner, _drawn(item, inner)) for item in value]
            return ["[", *_joined(items), f"{indent}]"]
        case _Number():
            return [str(value)]
    return [_text(value)]


def _prefixed(head: str, lines: list[str]) -> list[str]:
    return [head + lines[0], *lines[1:]]


def _joined(members: list[list[str]]) -> list[str]:
    """With a comma behind each but the last."""
    for member in members[:-1]:
        member[-1] += ","
    return [line for member in members for line in member]


def _nested(value: object) -> object | None:
    """What a string holds that is a JSON object or array, None for everything else."""
    if not isinstance(value, str) or isinstance(value, _Number) or value[:1] not in ("{", "["):
        return None
    try:
        check_json(value)
        found: object = json.loads(value, parse_int=_Number, parse_float=_Number)
    except (ValueError, RecursionError):
        return None
    return found


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
