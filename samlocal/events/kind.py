"""A kind of event, as its file in ``data/`` describes it.

``event`` is the event itself with placeholders (``placeholder.py`` says which there are), so that a file reads as
what it makes. The types of a file are of one shape and differ in what their flags say when nobody gives them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from samlocal.events.placeholder import PART, names_in

FlagType = Literal["text", "int", "json", "list", "object", "item", "pairs", "flag", "moment"]


class Flag(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a user can change, or, without ``help``, what several places of the event share.

    ``default`` may have placeholders of its own; None is a value that is absent. A value with ``once`` is made once
    for the event, not anew for each record. ``parts`` are spellings beside the default that a given value may have,
    such as a shorter ARN: what they are made of is taken from the value. ``also`` are other names of the flag, those
    that SAM CLI has for it. ``types`` are those that have it, where not all of its file do.
    """

    help: str | None = None
    type: FlagType = "text"
    default: Any = None
    once: bool = False
    parts: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


class Type(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``defaults`` go over those of the flags."""

    description: str
    defaults: Mapping[str, Any] = field(default_factory=dict)


class Raw(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of an event stands inside another one where its flag ``raw`` is given, and which values go with it."""

    value: Any
    passes: tuple[str, ...] = ()


class Shape(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of ``data/``.

    ``sources`` say where AWS documents the shape, or who has recorded it. ``event`` has the flags' values in it;
    ``parts`` are pieces of it that are encoded, or that stand inside of other events too. ``holds`` is the flag that
    takes another event; ``inside`` is what stands inside of another one, the whole event where it is absent;
    ``lends`` are then values for what holds it. ``is_request`` says that ``event`` is a request, of which the event
    is made (``requests.py``).
    """

    types: Mapping[str, Type]
    sources: tuple[str, ...]
    event: Any
    flags: Mapping[str, Flag] = field(default_factory=dict)
    parts: Mapping[str, Any] = field(default_factory=dict)
    is_request: bool = False
    holds: str | None = None
    inside: Any = None
    lends: Mapping[str, Any] = field(default_factory=dict)
    raw: Raw | None = None


class Kind(Struct, frozen=True, kw_only=True):
    """One event: a service and a type. ``flags`` have the defaults of this type, those of all events among them."""

    service: str
    type: str
    description: str
    shape: Shape
    flags: Mapping[str, Flag]

    @property
    def name(self) -> str:
        return f"{self.service} {self.type}"

    @property
    def repeats(self) -> bool:
        """Whether it holds a batch of records."""
        values = [flag.default for flag in self.flags.values() if flag.help is None]
        return RECORDS in _texts([self.shape.event, self.shape.parts, values])

    @property
    def inside_is_a_record(self) -> bool:
        """Whether each of its records stands inside of an event of its own."""
        return self.shape.inside is not None and RECORDS not in _texts(self.shape.inside)


RECORDS = "${records}"
"""The first item of a list whose second one is a record, there once for each of the batch."""


def shape_of(data: bytes) -> Shape:
    return msgspec.json.decode(data, type=Shape)


def kinds_of(service: str, shape: Shape, common: Mapping[str, Flag]) -> Iterator[Kind]:
    """The types of a file. Of the flags of all events each has those that it uses."""
    for name, type_ in shape.types.items():
        flags = {flag: each for flag, each in shape.flags.items() if not each.types or name in each.types}
        for flag, default in type_.defaults.items():
            # What a type says of a flag that it does not have is a value of its own.
            mine = flags.get(flag) or msgspec.structs.replace(shape.flags[flag], help=None)
            flags[flag] = msgspec.structs.replace(mine, default=default)
        used = _used(shape, flags, common)
        flags |= {flag: each for flag, each in common.items() if flag in used and flag not in shape.flags}
        yield Kind(service=service, type=name, description=type_.description, shape=shape, flags=flags)


def _used(shape: Shape, flags: Mapping[str, Flag], common: Mapping[str, Flag]) -> set[str]:
    """The names that an event's description takes values from, or what it takes those from."""
    waiting: list[Any] = [shape.event, shape.inside]
    used: set[str] = set()
    while waiting:
        for name in (name for text in _texts(waiting.pop()) for name in names_in(text)):
            if name in used:
                continue
            used.add(name)
            if name.startswith(PART):
                waiting.append(shape.parts[name.removeprefix(PART)])
            elif (flag := flags.get(name) or common.get(name)) is not None and name not in _other(shape, flags):
                waiting.append(flag.default)
    return used


def _other(shape: Shape, flags: Mapping[str, Flag]) -> set[str]:
    """The flags of other types of the file."""
    return set(shape.flags) - set(flags)


def _texts(node: Any) -> Iterator[str]:
    """Every text of a document, the names of its members among them."""
    match node:
        case str():
            yield node
        case Mapping():
            for name, value in node.items():
                yield name
                yield from _texts(value)
        case list() | tuple():
            for item in node:
                yield from _texts(item)
