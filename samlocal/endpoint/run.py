"""One event on its way through the pool: its answer, as soon as there is one, and its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from msgspec import Struct

from samlocal.endpoint import api_error
from samlocal.endpoint.directory import Callee
from samlocal.pool.throttle import Throttled
from samlocal.sandbox.invocation import Invocation, Request
from samlocal.sandbox.result import Result

# Nearly always the sandbox is done with an event at once; whoever asks again finds it free then. Extensions that take
# longer are not waited for.
_NEARLY_DONE_SECONDS = 0.02


class Invokes(Protocol):
    """What runs events: a ``Pool``."""

    async def invoke(
        self,
        function_id: str,
        request: Request,
        *,
        chunk: Callable[[bytes], None],
        answered: Callable[[Result], None] | None = None,
    ) -> Invocation | Throttled: ...


class Ended(Struct, frozen=True, kw_only=True):
    """What is told of an event that is over; ``failure`` is why it has not run."""

    callee: Callee
    request: Request
    outcome: Invocation | Throttled | None
    failure: BaseException | None = None


Told: TypeAlias = Callable[[Ended], None]


class Run:
    """It goes on when its caller does not wait any more: AWS, too, runs what it has begun."""

    def __init__(
        self, pool: Invokes, callee: Callee, request: Request, *, chunk: Callable[[bytes], None], told: Told
    ) -> None:
        self._callee = callee
        self._request = request
        self._told = told
        self._result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self.task = asyncio.create_task(
            pool.invoke(callee.path, request, chunk=chunk, answered=self._result.set_result)
        )
        self.task.add_done_callback(self._over)

    async def begun(self, first: asyncio.Future[None]) -> None:
        """Waits for the first part of a streamed response, or for what else comes of the event.

        Raises ApiError for one that is throttled, and what ``Pool.invoke`` raises.
        """
        waits: set[asyncio.Future[Any]] = {first, self._result, self.task}
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if self.task.done() and isinstance(outcome := self.task.result(), Throttled):
            raise api_error.throttled(outcome.reason)

    async def answer(self) -> Result | Throttled:
        """Raises what ``Pool.invoke`` raises."""
        waits: set[asyncio.Future[Any]] = {self._result, self.task}
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if not self.task.done():
            await asyncio.wait({self.task}, timeout=_NEARLY_DONE_SECONDS)
        return self._result.result() if self._result.done() else await self.whole()

    async def whole(self) -> Result | Throttled:
        """What comes of it when all is over: also the last part of a streamed response has been given then.

        Raises what ``Pool.invoke`` raises.
        """
        outcome = await asyncio.shield(self.task)
        return outcome if isinstance(outcome, Throttled) else outcome.result

    def _over(self, task: asyncio.Task[Invocation | Throttled]) -> None:
        failure = asyncio.CancelledError() if task.cancelled() else task.exception()
        outcome = task.result() if failure is None else None
        self._told(Ended(callee=self._callee, request=self._request, outcome=outcome, failure=failure))
