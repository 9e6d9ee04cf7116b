"""Asynchronous events: a queue of their own, retries, an age, and what becomes of those that are over.

Sources: Lambda developer guide, "How Lambda handles errors and retries with asynchronous invocation" (two retries,
one minute and then two behind the failure; throttles go on for the event's age, from 1 s up to 5 min apart) and
"Capturing records of Lambda asynchronous invocations" (what is sent, and that nothing is retried where the reserved
concurrency is 0). Recorded of AWS (localstack/localstack, tests/aws/services/lambda_/test_lambda_destinations.py):
the attempts of an event have one request id, and a retry that would come too late is not waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from samlocal.endpoint.directory import Callee
from samlocal.endpoint.happening import Looped, Retried, Told
from samlocal.endpoint.invocation_record import Condition, InvocationRecord
from samlocal.endpoint.recursion import counted, is_stopped
from samlocal.endpoint.run import run
from samlocal.errors import SamlocalError
from samlocal.pool.clock import Clock, SystemClock
from samlocal.pool.pool import PoolClosedError
from samlocal.pool.throttle import Throttled
from samlocal.sandbox.apis.telemetry import timestamp
from samlocal.sandbox.invocation import Request
from samlocal.sandbox.result import Result, Success
from samlocal.sandbox.tasks import Tasks
from samlocal.service.run import Invokes

RETRY_SECONDS = (60.0, 120.0)
"""Before the second and the third attempt."""

_FIRST_THROTTLE_SECONDS = 1.0
_LAST_THROTTLE_SECONDS = 300.0


class Delivers(Protocol):
    """Takes what is to be sent somewhere else."""

    async def deliver(self, record: InvocationRecord, *, again: Callable[[Callee, Request], None]) -> None:
        """Sends it to the function's destinations and dead letters; ``again`` takes events for other functions."""


class EventQueue:
    """Runs events that nobody waits for, each in a task of its own: the pool decides whose turn it is.

    ``failed`` gets faults of samlocal's own, ``sleep`` waits for the next attempt.
    """

    def __init__(
        self,
        pool: Invokes,
        delivers: Delivers,
        *,
        told: Told,
        failed: Callable[[BaseException], None],
        clock: Clock | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._pool = pool
        self._delivers = delivers
        self._told = told
        self._clock = clock or SystemClock()
        self._sleep = sleep
        self._tasks = Tasks(failed)
        self._closing = asyncio.Event()
        self._given_up = 0

    @property
    def is_empty(self) -> bool:
        return not self._tasks

    def put(self, callee: Callee, request: Request, over: Callable[[], None] | None = None) -> None:
        """``over`` hears when the event has come to its end: who gives it keeps those that are given up.

        Raises SamlocalError where what the template says of the function's asynchronous events is wrong.
        """
        if callee.misconfigured is not None:
            raise callee.misconfigured.with_traceback(None)
        if is_stopped(callee, request.trace_id):
            self._tasks.start(self._dropped(callee, request, over))
            return
        self._tasks.start(self._to_its_end(callee, counted(callee, request), over, born=self._clock.now()))

    async def close(self) -> int:
        """Waits for what runs, and says how many events are given up that would have been tried again."""
        self._closing.set()
        await self._tasks.done()
        return self._given_up

    async def _dropped(self, callee: Callee, request: Request, over: Callable[[], None] | None) -> None:
        self._told(Looped(callee=callee, request=request))
        await self._over(callee, request, Condition.RECURSIVE, 0, None)
        if over is not None:
            over()

    async def _to_its_end(
        self, callee: Callee, request: Request, over: Callable[[], None] | None, *, born: float
    ) -> None:
        is_over = await self._run(callee, request, born=born)
        if over is None:
            self._given_up += not is_over
        elif is_over:
            over()

    async def _run(self, callee: Callee, request: Request, *, born: float) -> bool:
        """Whether it has come to its end; not where it would be tried again when the queue is closed."""
        limits = callee.asynchronous.of(request.qualifier)
        ends = born + limits.age
        failures = throttles = attempts = 0
        result: Result | None = None
        while True:
            if self._clock.now() >= ends:
                await self._over(callee, request, Condition.TOO_OLD, attempts, result)
                return True
            outcome = await self._attempt(callee, request, attempts + 1)
            if isinstance(outcome, Throttled):
                if outcome.is_final:
                    await self._over(callee, request, Condition.NOT_RUN, attempts, result)
                    return True
                pause = min(_FIRST_THROTTLE_SECONDS * 2**throttles, _LAST_THROTTLE_SECONDS)
                throttles += 1
                self._told(Retried(callee=callee, request=request, attempt=attempts + 1, seconds=pause))
                if not await self._pause(pause):
                    return False
                continue
            attempts += 1
            if isinstance(outcome, Success):
                await self._over(callee, request, Condition.SUCCESS, attempts, outcome)
                return True
            # None: samlocal could not run it, which counts as an attempt so that it comes to an end.
            result = outcome
            if failures >= limits.retries:
                await self._over(callee, request, Condition.RETRIES_EXHAUSTED, attempts, result)
                return True
            pause = RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)]
            failures += 1
            if self._clock.now() + pause >= ends:
                await self._over(callee, request, Condition.TOO_OLD, attempts, result)
                return True
            self._told(Retried(callee=callee, request=request, attempt=attempts + 1, seconds=pause))
            if not await self._pause(pause):
                return False

    async def _pause(self, seconds: float) -> bool:
        """Whether it goes on after a while; not where the queue is closed."""
        waits: set[asyncio.Future[Any]] = {
            asyncio.ensure_future(self._sleep(seconds)),
            asyncio.ensure_future(self._closing.wait()),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
        return not self._closing.is_set()

    async def _attempt(self, callee: Callee, request: Request, attempt: int) -> Result | Throttled | None:
        streamed = bytearray()
        begun = run(self._pool, callee, request, chunk=streamed.extend, told=self._told, attempt=attempt)
        try:
            result = await begun.whole()
        except (SamlocalError, PoolClosedError):
            return None
        if isinstance(result, Success) and result.streamed:
            return Success(payload=bytes(streamed))
        return result

    async def _over(
        self, callee: Callee, request: Request, condition: Condition, attempts: int, result: Result | None
    ) -> None:
        record = InvocationRecord(
            callee=callee,
            request=request,
            condition=condition,
            attempts=attempts,
            timestamp=timestamp(),
            result=result,
        )
        await self._delivers.deliver(record, again=self.put)
