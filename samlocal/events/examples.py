"""An event that a pattern lets through."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from samlocal.event_pattern import EventPattern

Json = Any

_ABSENT = object()
_TEXT = "example"


def example(pattern: EventPattern) -> dict[str, Json]:
    """What a pattern asks for, and nothing else. Where no value is found that does, a member is left out."""
    return _object(pattern.rule)


def merged(document: Json, over: Json) -> Json:
    """A document with what another one says over it; lists are replaced."""
    if not isinstance(document, Mapping) or not isinstance(over, Mapping):
        return over
    return {**document, **{name: merged(document.get(name), value) for name, value in over.items()}}


def _object(rule: Mapping[str, Json]) -> dict[str, Json]:
    made: dict[str, Json] = {}
    for name, wanted in rule.items():
        if name == "$or":
            made = merged(made, _object(wanted[0]))
        elif isinstance(wanted, Mapping):
            made[name] = merged(made.get(name), _object(wanted))
        elif (value := _leaf(wanted)) is not _ABSENT:
            made[name] = value
    return made


def _leaf(wanted: list[Json]) -> Json:
    """The first of what an alternative suggests that the pattern takes."""
    leaf = EventPattern({"it": wanted})
    suggested = (value for alternative in wanted for value in _suggested(alternative))
    return next((value for value in suggested if value is not _ABSENT and leaf.matches({"it": value})), _ABSENT)


def _suggested(alternative: Json) -> Iterator[Json]:
    if not isinstance(alternative, Mapping):
        yield alternative
        return
    ((operator, operand),) = alternative.items()
    match operator, operand:
        case "exists", True:
            yield _TEXT
        case (("prefix" | "suffix"), {"equals-ignore-case": text}):
            yield f"{text}{_TEXT}" if operator == "prefix" else f"{_TEXT}{text}"
        case "prefix", str():
            yield f"{operand}{_TEXT}"
        case "suffix", str():
            yield f"{_TEXT}{operand}"
        case "equals-ignore-case", str():
            yield operand
        case "wildcard", str():
            yield operand.replace("*", _TEXT)
            yield operand.replace("*", "")
        case "numeric", list():
            yield from _numbers([bound for bound in operand if isinstance(bound, int | float)])
        case "cidr", str():
            network = ipaddress.ip_network(operand, strict=False)
            yield str(next(iter(network.hosts()), network.network_address))
        case "anything-but", _:
            yield from (_TEXT, "another", 1, 2)


def _numbers(bounds: list[float]) -> Iterator[float]:
    for bound in bounds:
        yield from (bound, bound + 1, bound - 1)
    for one, other in pairwise(bounds):
        yield (one + other) / 2
