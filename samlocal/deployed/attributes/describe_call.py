"""A call that tells attributes which the physical id does not determine.

A call's parameters are filled from the id's fields (``form.py``) and the template's properties. An answer's
path goes through the response by keys, indexes and ``*`` (every item of a list). ``|`` divides paths of which the
first with a value counts, ``:`` divides two that make one value with a colon between them (``host:port``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from samlocal.deployed.attributes.form import AttributeValue


class Call(Struct, frozen=True, kw_only=True):
    """One call and the attributes its response holds, each with its path."""

    service: str
    operation: str
    parameters: Mapping[str, Any]
    answers: Mapping[str, str]

    def filled(self, fields: Mapping[str, str]) -> dict[str, Any]:
        """The parameters of one call. Raises KeyError with the name of a field that is wanting."""
        return {name: _filled(value, fields) for name, value in self.parameters.items()}

    def answer(self, attribute: str, response: object) -> AttributeValue | None:
        """The attribute in a response, None where it is not there or is no text."""
        for path in self.answers[attribute].split("|"):
            parts = [value_at(response, part.split(".")) for part in path.split(":")]
            if len(parts) == 1 and parts[0] is not None:
                return parts[0]
            texts = [part for part in parts if isinstance(part, str)]
            if len(texts) == len(parts):
                return ":".join(texts)
        return None


def value_at(node: object, path: Sequence[str]) -> AttributeValue | None:
    """The text or texts at a path of a response, as CloudFormation writes them: numbers and truth values as text."""
    if path:
        step, *rest = path
        match node:
            case Mapping():
                return value_at(node.get(step), rest)
            case list() if step == "*":
                return _texts([value_at(item, rest) for item in node])
            case list() if re.fullmatch(r"[0-9]{1,9}", step) and int(step) < len(node):
                return value_at(node[int(step)], rest)
        return None
    match node:
        case str():
            return node
        case bool():
            return "true" if node else "false"
        case int() | float():
            return str(node)
        case list():
            return _texts([value_at(item, ()) for item in node])
    return None


def _texts(values: list[AttributeValue | None]) -> list[str] | None:
    texts = [value for value in values if isinstance(value, str)]
    return texts if len(texts) == len(values) else None


def _filled(value: object, fields: Mapping[str, str]) -> object:
    match value:
        case str():
            return value.format_map(fields)
        case dict():
            return {name: _filled(inner, fields) for name, inner in value.items()}
        case list():
            return [_filled(inner, fields) for inner in value]
    return value
