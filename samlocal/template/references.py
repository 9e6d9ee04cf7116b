"""What an expression of CloudFormation's names: resources, parameters, conditions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_PLACE = re.compile(r"\$\{([^!}][^}]*)\}")


def references(node: Any) -> Iterator[str]:
    """The logical ids and parameters that an expression names."""
    match node:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::GetAtt": str(path)}:
            yield path.partition(".")[0]
        case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text)]}:
            yield from _names(text)
        case {"Fn::Sub": [str(text), dict(values)]}:
            yield from (name for name in _names(text) if name not in values)
            yield from references(values)
        case dict():
            for value in node.values():
                yield from references(value)
        case list():
            for item in node:
                yield from references(item)


def conditions(node: Any) -> Iterator[str]:
    """The conditions that an expression, or a resource, depends on."""
    match node:
        case {"Fn::If": [str(name), *rest]}:
            yield name
            yield from conditions(rest)
        case dict():
            if isinstance(own := node.get("Condition"), str):
                yield own
            for value in node.values():
                yield from conditions(value)
        case list():
            for item in node:
                yield from conditions(item)


def places(text: str) -> Iterator[str]:
    """What stands between ``${`` and ``}`` in a text of ``Fn::Sub``."""
    for place in _PLACE.finditer(text):
        yield place[1]


def _names(text: str) -> Iterator[str]:
    for place in places(text):
        yield place.strip().partition(".")[0]
