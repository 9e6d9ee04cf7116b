"""Event patterns: which events a filter of an event source, a rule or a subscription lets through.

Sources: Amazon EventBridge user guide, "Comparison operators for use in event patterns" and "Content filtering";
Lambda developer guide, "Control which events Lambda sends to your function"; aws/event-ruler, README (what is matched
in arrays, and that ``exists`` is a matter of leaves).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from msgspec import Struct

from samlocal.wildcard import wildcard

Json: TypeAlias = Any

_OR = "$or"

# EventBridge's, and what each is with.
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "=": lambda value, bound: value == bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}


class PatternError(ValueError):
    """It is no event pattern, and why."""


class EventPattern(Struct, frozen=True):
    """``rule`` is a pattern that has been found good: make one by ``event_pattern``."""

    rule: Json

    def matches(self, event: Json) -> bool:
        """Whether it lets an event through, which is JSON as Python reads it."""
        return _object_matches(self.rule, event)


def event_pattern(rule: Json) -> EventPattern:
    """Raises PatternError."""
    if not isinstance(rule, dict):
        raise PatternError("a pattern is a JSON object")
    _check(rule, "")
    return EventPattern(rule)


# what a pattern may say


def _check(rule: dict[str, Json], path: str) -> None:
    for name, wanted in rule.items():
        at = f"{path}.{name}" if path else name
        if name == _OR:
            if not isinstance(wanted, list) or not wanted or not all(isinstance(each, dict) for each in wanted):
                raise PatternError(f"{at} is a list of patterns")
            for each in wanted:
                _check(each, path)
        elif isinstance(wanted, dict):
            _check(wanted, at)
        elif isinstance(wanted, list):
            if not wanted:
                raise PatternError(f"{at} is an empty list, which matches nothing")
            for each in wanted:
                _check_one(each, at)
        else:
            raise PatternError(f"{at} is a list of what may stand there, or an object, not {wanted!r}")


def _check_one(wanted: Json, at: str) -> None:
    if isinstance(wanted, list):
        raise PatternError(f"{at} has a list in its list")
    if not isinstance(wanted, dict):
        return
    if len(wanted) != 1:
        raise PatternError(f"{at} has an object of {len(wanted)} operators, which are one each")
    ((operator, operand),) = wanted.items()
    match operator, operand:
        case "exists", bool():
            pass
        case "numeric", list():
            _check_numeric(operand, at)
        case "cidr", str():
            _network(operand, at)
        case (("equals-ignore-case" | "wildcard"), str()):
            pass
        case (("prefix" | "suffix"), (str() | {"equals-ignore-case": str()})):
            pass
        case "anything-but", _:
            _check_anything_but(operand, at)
        case _:
            raise PatternError(f"{at}: {operator} takes no {operand!r}")


def _check_numeric(operand: list[Json], at: str) -> None:
    pairs = list(zip(operand[::2], operand[1::2], strict=False))
    good = all(
        isinstance(operator, str) and operator in _COMPARISONS and _is_number(bound) for operator, bound in pairs
    )
    if not operand or len(operand) % 2 or not good:
        raise PatternError(f"{at}: numeric is comparisons and numbers in turn, not {operand!r}")


def _check_anything_but(operand: Json, at: str) -> None:
    match operand:
        case {"prefix": inner} | {"suffix": inner} | {"equals-ignore-case": inner} | {"wildcard": inner} if (
            len(operand) == 1
        ):
            texts = inner if isinstance(inner, list) else [inner]
            good = bool(texts) and all(isinstance(each, str) for each in texts)
        case list():
            good = bool(operand) and not any(isinstance(each, dict | list) for each in operand)
        case dict():
            good = False
        case _:
            good = True
    if not good:
        raise PatternError(f"{at}: anything-but takes no {operand!r}")


def _network(text: str, at: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise PatternError(f"{at}: {text!r} is no block of addresses") from error


# what matches


def _object_matches(rule: dict[str, Json], event: Json) -> bool:
    for name, wanted in rule.items():
        if name == _OR:
            if not any(_object_matches(each, event) for each in wanted):
                return False
        elif not _member_matches(wanted, event.get(name, _ABSENT) if isinstance(event, dict) else _ABSENT):
            return False
    return True


_ABSENT: Json = object()


def _member_matches(wanted: Json, value: Json) -> bool:
    if isinstance(wanted, dict):
        # An array of objects has the members of each.
        candidates = value if isinstance(value, list) and value else [value]
        return any(_object_matches(wanted, each) for each in candidates)
    leaves = list(_leaves(value))
    return any(_one_matches(each, leaves) for each in wanted)


def _leaves(value: Json) -> Iterator[Json]:
    """What may be compared: nothing where there is none, or an object."""
    left = [value]
    while left:
        # Somebody's message may have lists in lists as deep as it likes.
        each = left.pop()
        if isinstance(each, list):
            left += reversed(each)
        elif each is not _ABSENT and not isinstance(each, dict):
            yield each


def _one_matches(wanted: Json, leaves: list[Json]) -> bool:
    if isinstance(wanted, dict) and "exists" in wanted:
        return bool(leaves) is wanted["exists"]
    return any(_leaf_matches(wanted, leaf) for leaf in leaves)


def _leaf_matches(wanted: Json, leaf: Json) -> bool:
    if not isinstance(wanted, dict):
        return _is_same(wanted, leaf)
    ((operator, operand),) = wanted.items()
    match operator:
        case "numeric":
            pairs = zip(operand[::2], operand[1::2], strict=True)
            return _is_number(leaf) and all(_COMPARISONS[each](leaf, bound) for each, bound in pairs)
        case "cidr":
            return _is_in(leaf, operand)
        case "anything-but":
            return _is_other(leaf, operand)
    return _text_matches(operator, operand, leaf)


def _is_other(leaf: Json, operand: Json) -> bool:
    if isinstance(operand, dict):
        ((operator, texts),) = operand.items()
        return not any(_text_matches(operator, each, leaf) for each in _listed(texts))
    return not any(_is_same(each, leaf) for each in _listed(operand))


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _text_matches(operator: str, operand: Json, leaf: Json) -> bool:
    if not isinstance(leaf, str):
        return False
    wanted, given = str(operand), leaf
    if isinstance(operand, dict):
        wanted, given = str(operand["equals-ignore-case"]).casefold(), leaf.casefold()
    match operator:
        case "prefix":
            return given.startswith(wanted)
        case "suffix":
            return given.endswith(wanted)
        case "equals-ignore-case":
            return given.casefold() == wanted.casefold()
    return wildcard(wanted, escaped="*\\").fullmatch(given) is not None


def _is_in(leaf: Json, block: str) -> bool:
    try:
        return isinstance(leaf, str) and ipaddress.ip_address(leaf) in ipaddress.ip_network(block, strict=False)
    except ValueError:
        return False


def _is_same(wanted: Json, leaf: Json) -> bool:
    """300 and 300.0 are not the same to a pattern, nor are 1 and true."""
    return type(wanted) is type(leaf) and bool(wanted == leaf)


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
