"""Events made of their kinds, one inside of another."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import msgspec
from msgspec import Struct

from samlocal.events.catalog import common
from samlocal.events.encodings import encoded
from samlocal.events.examples import merged
from samlocal.events.filling import filled
from samlocal.events.flags import FlagsError
from samlocal.events.kind import Kind
from samlocal.events.values import Given, Values

AT = "at"
"""The flag of when an event happens."""

RAW = "raw"
"""The flag of events that can leave out their own form inside of another one."""


class Link(Struct, frozen=True, kw_only=True):
    """One event of a chain, with the flags that were given for it; ``count`` is the number of records, if given.

    ``over`` goes over the event, over each record of a batch.
    """

    kind: Kind
    given: Given
    count: int | None = None
    over: Any = None


def generate(chain: Sequence[Link], random: Random, *, now: float) -> Any:
    """The last event of the chain, which has the one before it inside, and so on. Raises FlagsError.

    It happens ``now``, in seconds since 1970, where no flag says when.
    """
    *inner, outer = _with_common(chain, {AT: [now]})
    return _event(outer, inner, random)


def _with_common(chain: Sequence[Link], said: Given) -> list[Link]:
    """What one says of the region, the account, the time holds for those that have it inside."""
    linked: list[Link] = []
    for link in chain:
        known = {name: value for name, value in said.items() if name in link.kind.flags}
        given = {**known, **link.given}
        said = {**said, **{name: value for name, value in given.items() if name in common()}}
        linked.append(msgspec.structs.replace(link, given=given))
    return linked


def _event(link: Link, inner: Sequence[Link], random: Random) -> Any:
    given = _holding(link, inner, random) if inner else link.given
    values = Values(link.kind, given, random, fill=filled, count=_count(link, given), over=link.over)
    event = filled(link.kind.shape.event, values)
    if link.over is not None and not link.kind.repeats:
        event = merged(event, link.over)
    if link.kind.shape.is_request:
        from samlocal.events.requests import event_of_request

        return event_of_request(event)
    return event


def _holding(link: Link, inner: Sequence[Link], random: Random) -> Given:
    """The flags of a link with the events inside of it among them."""
    flag = link.kind.shape.holds
    if flag is None:
        raise FlagsError(f"{link.kind.name} holds no other event.")
    if flag in link.given:
        raise FlagsError(f"--{flag} is what holds the event before `in`. Leave it out, or leave that event out.")
    carried = inner[-1]
    held = _held(carried, inner[:-1], link.count or _given_count(link.given), random)
    lent = {name: [value] for name, value in carried.kind.shape.lends.items() if name in link.kind.flags}
    given = {**lent, **link.given, flag: held}
    if _is_raw(carried) and carried.kind.shape.raw is not None:
        for name in carried.kind.shape.raw.passes:
            if name in carried.given:
                given.setdefault(name, carried.given[name])
    return given


def _held(link: Link, inner: Sequence[Link], wanted: int | None, random: Random) -> list[Any]:
    """What stands inside of the next event, for each of its records: ``wanted`` of them, if that is said."""
    shape = link.kind.shape
    if not link.kind.inside_is_a_record:
        return [_inside(link, inner, random) for _ in range(wanted or 1)]
    count = link.count or _given_count(link.given) or wanted or 1
    if wanted not in (None, count):
        raise FlagsError(
            f"{link.kind.name} is there {count} times, and what holds it {wanted} times. Give --count once."
        )
    link = msgspec.structs.replace(link, count=count)
    given = _holding(link, inner, random) if inner else link.given
    values = Values(link.kind, given, random, fill=filled, count=count)
    inside = shape.raw.value if shape.raw is not None and _is_raw(link) else shape.inside
    return [filled(inside, values.record(index)) for index in range(count)]


def _inside(link: Link, inner: Sequence[Link], random: Random) -> Any:
    """The event as it stands inside of another one: as JSON, where its shape says nothing else."""
    inside = link.kind.shape.inside
    if inside is None:
        return encoded(_event(link, inner, random), "json")
    given = _holding(link, inner, random) if inner else link.given
    return filled(inside, Values(link.kind, given, random, fill=filled, count=_count(link, given)))


def _is_raw(link: Link) -> bool:
    return bool(link.given.get(RAW, [False])[0])


def _count(link: Link, given: Given) -> int:
    """The number of records: what is said, or as many as one flag has values. Raises FlagsError."""
    count = link.count or _given_count(given) or 1
    for name, values in given.items():
        if len(values) not in (1, count):
            raise FlagsError(
                f"--{name} is given {len(values)} times for {count} records. Give it once for all of them, or "
                "once for each."
            )
    return count


def _given_count(given: Given) -> int | None:
    most = max((len(values) for values in given.values()), default=1)
    return most if most > 1 else None
