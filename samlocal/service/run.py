"""One event on its way through the pool: its answer, as soon as there is one, and its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from samlocal.pool.throttle import Throttled
from samlocal.sandbox.invocation import Invocation, Request
from samlocal.sandbox.result import Result

# Nearly always the sandbox is done with an event at once; whoever asks again finds it free then. Extensions that take
# longer are not waited for.
_NEARLY_DONE_SECONDS = 0.02

Over: TypeAlias = Callable[["Invocation | Throttled | None", "BaseException | None"], None]
"""Hears what has come of an event, or why it has not run."""


class Invokes(Protocol):
    """What runs events: a ``Pool``."""

    async def invoke(
        self,
        function_id: str,
        request: Request,
        *,
        chunk: Callable[[bytes], None],
        answered: Callable[[Result], None] | None = None,
        streams: Callable[[str], None] | None = None,
    ) -> Invocation | Throttled: ...


class Run:
    """It goes on when its caller does not wait any more: AWS, too, runs what it has begun."""

    def __init__(
        self,
        pool: Invokes,
        function_id: str,
        request: Request,
        *,
        chunk: Callable[[bytes], None],
        streams: Callable[[str], None] | None = None,
        over: Over,
    ) -> None:
        self._told = over
        self._result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self.task = asyncio.create_task(
            pool.invoke(function_id, request, chunk=chunk, answered=self._result.set_result, streams=streams)
        )
        self.task.add_done_callback(self._over)

    async def begun(self, first: asyncio.Future[None]) -> Throttled | None:
        """Waits for the first part of a streamed response, or for what else comes of the event.

        Raises what ``Pool.invoke`` raises.
        """
        waits: set[asyncio.Future[Any]] = {first, self._result, self.task}
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        outcome = self.task.result() if self.task.done() else None
        return outcome if isinstance(outcome, Throttled) else None

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
        self._told(task.result() if failure is None else None, failure)
