"""Expressions as messages write them, and how long values are when they are written out."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator

from samlocal.template.document import EXPANSION_LIMIT, Map, Node, Seq
from samlocal.template.model import is_intrinsic
from samlocal.template.values import Json, text

_WRITTEN = 300
"""How much of an expression a message shows."""


def written(node: Node) -> str:
    """An expression in CloudFormation's short form on one line, for messages; a long one is cut."""
    return _cut("".join(itertools.islice(_pieces(node), _WRITTEN)))


def _cut(line: str) -> str:
    return line if len(line) <= _WRITTEN else f"{line[:_WRITTEN]}…"


def _pieces(node: Node) -> Iterator[str]:
    # Piece by piece, so that an expression that is large by its aliases is never written out whole.
    match node:
        case Map() if is_intrinsic(node):
            ((name, argument),) = node.items()
            yield f"!{name.removeprefix('Fn::')} "
            if name == "Fn::GetAtt" and isinstance(argument, Seq):
                yield from _between(".", (_pieces(part) for part in argument))
            else:
                yield from _pieces(argument)
        case str():
            plain = re.fullmatch(r"[\w.:/*-]+", node)
            yield node if plain else json.dumps(node[: _WRITTEN + 1], ensure_ascii=False)
        case Seq():
            yield "["
            yield from _between(", ", (_pieces(item) for item in node))
            yield "]"
        case Map():
            yield "{"
            yield from _between(", ", (_entry(key, item) for key, item in node.items()))
            yield "}"
        case _:
            yield text(node)


def _entry(key: str, node: Node) -> Iterator[str]:
    yield f"{key}: "
    yield from _pieces(node)


def _between(delimiter: str, parts: Iterable[Iterator[str]]) -> Iterator[str]:
    for index, part in enumerate(parts):
        if index:
            yield delimiter
        yield from part


def size(value: Json) -> int:
    """About how long a value is when written out; counting ends soon after EXPANSION_LIMIT."""
    total, waiting = 0, [value]
    while waiting and total <= EXPANSION_LIMIT:
        item = waiting.pop()
        match item:
            case str():
                total += len(item)
            case list():
                total += len(item)
                waiting += item
            case dict():
                total += sum(len(key) + 1 for key in item)
                waiting += item.values()
            case _:
                total += 1
    return total
