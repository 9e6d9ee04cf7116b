"""What a mapping template asks of a value: its members, its methods and its places.

Sources: Velocity's user guide, "Properties", "Methods", "Rendering Issues" and "Index Notation" (``$list[-1]`` is the
last; velocity-engine, ``ASTIndex.java``); Java SE API, Integer and Double, which templates reach by a number of their
own (``#set($Integer = 0)$Integer.parseInt("5")``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import FunctionType
from typing import Any

from samlocal.http_api.vtl.values import Flag, Items, Members, Nothing, Text, shown, wrapped

Method = Callable[..., object]


class NoSuchMethodError(Exception):
    """A template calls what its value does not have here."""


def _whole(value: Any) -> int:
    return int(value)


def _compared(value: float, other: float) -> int:
    return int(value > other) - int(value < other)


_NUMBERS: Mapping[str, Method] = {
    **dict.fromkeys(("intValue", "longValue", "shortValue", "byteValue"), _whole),
    **dict.fromkeys(("doubleValue", "floatValue"), lambda value: float(value)),
    **dict.fromkeys(("parseInt", "parseLong"), lambda _, text, radix=10: int(str(text), radix)),
    **dict.fromkeys(("parseDouble", "parseFloat"), lambda _, text: float(text)),
    **dict.fromkeys(("compareTo", "compare"), lambda value, *others: _compared(*(value, *others)[-2:])),
    "valueOf": lambda value, text: type(value)(text),
    "equals": lambda value, other: type(value) is type(other) and value == other,
    "toString": lambda value, *other: Text(shown(other[0] if other else value)),
    "max": lambda _, one, other: max(one, other),
    "min": lambda _, one, other: min(one, other),
    "abs": lambda _, value: abs(value),
    "toHexString": lambda _, value: f"{value & 0xFFFFFFFF:x}",
    "toBinaryString": lambda _, value: f"{value & 0xFFFFFFFF:b}",
}

_KINDS = {Text: "texts", Items: "lists", Members: "maps", Flag: "true and false"}


def called(value: object, name: str, arguments: Sequence[object]) -> Any:
    """What a method returns. Raises NoSuchMethodError, and what the method raises."""
    own = wrapped(value)
    if isinstance(own, (int, float)) and not isinstance(own, Flag):
        number = _NUMBERS.get(name)
        if number is None:
            raise NoSuchMethodError(f"numbers have no {name} here")
        return wrapped(number(own, *map(wrapped, arguments)))
    method = _method(own, name)
    if method is not None:
        return wrapped(method(own, *map(wrapped, arguments)))
    if isinstance(own, Nothing):
        return Nothing()
    kind = _KINDS.get(type(own), f"${type(own).__name__.lower()}")
    raise NoSuchMethodError(f"{kind} {'have' if type(own) in _KINDS else 'has'} no {name} here")


def member(value: object, name: str) -> Any:
    """A map's of this name, or what the method returns that Java has for a property; else nothing."""
    own = wrapped(value)
    if isinstance(own, Members) and own.containsKey(name):
        return own.get(name)
    for prefix in ("get", "is"):
        method = _method(own, f"{prefix}{name[:1].upper()}{name[1:]}")
        if method is not None:
            return wrapped(method(own))
    return Nothing()


def at(value: object, place: object) -> Any:
    """What stands at a place of a list, or under a map's name; nothing where there is none."""
    own = wrapped(value)
    if isinstance(own, Members):
        return own.get(place)
    if not isinstance(own, Items):
        return Nothing()
    if not isinstance(place, int) or isinstance(place, Flag):
        raise TypeError(f"a list's place is a number, got {shown(place)!r}")
    index = place + len(own) if place < 0 else place
    return own[index] if 0 <= index < len(own) else Nothing()


def _method(value: object, name: str) -> Method | None:
    """Of the value's own classes alone: Python's are no template's."""
    if name.startswith("_"):
        return None
    for kind in type(value).__mro__:
        found = vars(kind).get(name) if kind.__module__.startswith(__package__) else None
        if isinstance(found, FunctionType):
            return found
    return None
