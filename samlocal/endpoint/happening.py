"""What the endpoint tells of the events that it runs, as it happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

from samlocal.endpoint.directory import Callee
from samlocal.endpoint.invocation_record import Condition
from samlocal.pool.throttle import Throttled
from samlocal.sandbox.invocation import Invocation, Request


class Begun(Struct, frozen=True, kw_only=True):
    """An event goes to the pool. ``attempt`` counts from 1 where nobody waits for it, else it is None."""

    callee: Callee
    request: Request
    attempt: int | None = None


class Ended(Struct, frozen=True, kw_only=True):
    """An event is over; ``failure`` is why it has not run."""

    callee: Callee
    request: Request
    outcome: Invocation | Throttled | None
    failure: BaseException | None = None
    attempt: int | None = None


class Retried(Struct, frozen=True, kw_only=True):
    """An event that nobody waits for is going to be run again, as its ``attempt``, in so many ``seconds``."""

    callee: Callee
    request: Request
    attempt: int
    seconds: float


class Sent(Struct, frozen=True, kw_only=True):
    """What came of an event went ``to`` somewhere, by its ARN."""

    callee: Callee
    request: Request
    condition: Condition
    to: str


class Looped(Struct, frozen=True, kw_only=True):
    """An event is dropped: its function has invoked itself too often."""

    callee: Callee
    request: Request


Happening: TypeAlias = Begun | Ended | Retried | Sent | Looped
Told: TypeAlias = Callable[[Happening], None]
