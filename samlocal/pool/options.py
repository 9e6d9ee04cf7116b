"""How many sandboxes a pool keeps, and for how long."""

from __future__ import annotations

from msgspec import Struct


class PoolOptions(Struct, frozen=True, kw_only=True):
    """``concurrency`` is how many sandboxes live at once, ``waiting`` how many events of a function wait for one.

    More events than that are throttled; None lets all of them wait. ``idle`` and ``life`` are in seconds: how long a
    sandbox waits for an event, and how old it gets. None of these is for one that is debugged.
    ``starts`` is how many start at once: an engine that is asked for all of them together has all of them ready
    late, and serves one event after the other from the first that is there.
    ``deepest`` is how many times as many may live for the events of functions, which wait for them: so deep may
    functions call each other with all callers that there is room for.
    """

    concurrency: int = 10
    waiting: int | None = None
    idle: float = 600.0
    life: float = 3600.0
    starts: int = 3
    deepest: int = 4
