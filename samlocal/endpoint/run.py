"""One event of the endpoint's on its way through the pool."""

from __future__ import annotations

from collections.abc import Callable

from samlocal.endpoint.directory import Callee
from samlocal.endpoint.happening import Begun, Ended, Told
from samlocal.pool.throttle import Throttled
from samlocal.sandbox.invocation import Invocation, Request
from samlocal.service.run import Invokes, Run


def run(
    pool: Invokes,
    callee: Callee,
    request: Request,
    *,
    chunk: Callable[[bytes], None],
    told: Told,
    attempt: int | None = None,
) -> Run:
    """Begins it; ``attempt`` is None where a caller waits for it."""
    told(Begun(callee=callee, request=request, attempt=attempt))

    def over(outcome: Invocation | Throttled | None, failure: BaseException | None) -> None:
        told(Ended(callee=callee, request=request, outcome=outcome, failure=failure, attempt=attempt))

    return Run(pool, callee.path, request, chunk=chunk, over=over)
