"""What evaluating an expression gives: a value with its origins, or what is missing."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeAlias

from msgspec import Struct

from samlocal.template.model import Resource, is_intrinsic
from samlocal.template.reader import EXPANSION_LIMIT, Map, Node, Seq

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"


class Origin(Struct, frozen=True, kw_only=True):
    """Where a value, or a part of it, came from, in a few words: ``stack events-test: EventsTable``."""

    text: str
    secret: bool = False
    placeholder: bool = False


class Known(Struct, frozen=True, kw_only=True):
    """A value and every place that had a part in it."""

    value: Json
    origins: tuple[Origin, ...] = ()

    @property
    def secret(self) -> bool:
        return any(origin.secret for origin in self.origins)

    @property
    def placeholder(self) -> bool:
        return any(origin.placeholder for origin in self.origins)


class Unknown(Struct, frozen=True, kw_only=True):
    """A value that cannot be known: the expression, why, and what to do about it.

    ``secret`` says that it would be secret if it were known, ``circular`` that it needs itself.
    """

    expression: str
    reason: str
    tip: str
    secret: bool = False
    circular: bool = False


Answer: TypeAlias = Known | Unknown


class Reference(Struct, frozen=True, kw_only=True):
    """A Ref (``attribute`` is None) or a GetAtt. ``resource`` is None for what the SAM translator generates."""

    logical_id: str
    attribute: str | None
    resource: Resource | None

    @property
    def expression(self) -> str:
        return f"!GetAtt {self.logical_id}.{self.attribute}" if self.attribute else f"!Ref {self.logical_id}"


class Names(Protocol):
    """What lies outside the template."""

    def resource(self, reference: Reference, evaluate: Callable[[Node], Answer]) -> Answer:
        """A resource's id or attribute; ``evaluate`` gives the value of a property of the template."""

    def export(self, name: str) -> Answer:
        """An export of another stack."""

    def dynamic(self, service: str, key: str) -> Answer:
        """A dynamic reference: ``ssm``, ``ssm-secure`` or ``secretsmanager``, and what stands after it."""

    def zones(self, region: str) -> Answer:
        """The availability zones of a region."""


class ParameterValue(Struct, frozen=True, kw_only=True):
    """A parameter's value as text; ``resolved`` where the stack has looked an SSM parameter up already.

    ``hidden`` says that there is a value, but nobody shows it: then the default is not the value either; nor is it
    where ``unknown`` says why the value that a parent passes down is not known.
    """

    text: str
    origin: str
    resolved: str | None = None
    placeholder: bool = False
    hidden: bool = False
    secret: bool = False
    unknown: Unknown | None = None
    as_deployed: bool = False
    """Whether what is unknown is what the deployed parent passed down, too."""

    @property
    def known(self) -> bool:
        return not self.hidden and self.unknown is None


def text(value: Json) -> str:
    """A value as CloudFormation writes it into a text: ``true``, ``3``, JSON for lists and mappings."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case None:
            return ""
        case list() | dict():
            return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return str(value)


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


def whole_number(written: str) -> int | None:
    """The number that decimal digits of ASCII write, None for any other text; no number here has more than 18."""
    return int(written) if re.fullmatch(r"[0-9]{1,18}", written) else None


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
