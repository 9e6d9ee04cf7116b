"""One event of the endpoint's on its way through the pool."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

from samlocal.endpoint.directory import Callee
from samlocal.pool.throttle import Throttled
from samlocal.sandbox.invocation import Invocation, Request
from samlocal.service.run import Invokes, Run


class Ended(Struct, frozen=True, kw_only=True):
    """What is told of an event that is over; ``failure`` is why it has not run."""

    callee: Callee
    request: Request
    outcome: Invocation | Throttled | None
    failure: BaseException | None = None


Told: TypeAlias = Callable[[Ended], None]


def run(pool: Invokes, callee: Callee, request: Request, *, chunk: Callable[[bytes], None], told: Told) -> Run:
    """Begins it."""

    def over(outcome: Invocation | Throttled | None, failure: BaseException | None) -> None:
        told(Ended(callee=callee, request=request, outcome=outcome, failure=failure))

    return Run(pool, callee.path, request, chunk=chunk, over=over)
