"""Sandboxes by function, kept between events: each runs one at a time, and events wait where no more may run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from enum import Enum, auto
from typing import Any, Self, TypeVar

from samlocal.pool.clock import Clock, SystemClock
from samlocal.pool.options import PoolOptions
from samlocal.pool.plan import Plan
from samlocal.pool.pooled import Make, Pooled, State
from samlocal.pool.throttle import Throttled
from samlocal.pool.turn import Turn
from samlocal.pool.turns import Turns
from samlocal.sandbox.invocation import Invocation, Request
from samlocal.sandbox.result import Result

T = TypeVar("T")


class Replaced(Enum):
    """What comes of another plan: the sandbox that waits goes on by it, or another one begins; one that runs an event
    follows after that; there is none; or the plan says the same."""

    IN_PLACE = auto()
    ANEW = auto()
    AFTER_EVENT = auto()
    NOTHING = auto()
    SAME = auto()


class PoolClosedError(RuntimeError):
    """The pool was closed before the event was done, or before it came."""


class Pool:
    """Runs events of any number of functions, on one event loop.

    ``plan`` says what a function's sandboxes are made of (``plan.in_thread``), ``make`` makes one that is not started
    yet. Functions are told apart by the ids that events name: each is to have but one. Use it as a context manager.
    """

    def __init__(
        self,
        plan: Callable[[str], Awaitable[Plan]],
        make: Make,
        *,
        options: PoolOptions | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._turns = Turns(plan, make, options=options or PoolOptions(), clock=clock or SystemClock())
        # With their functions.
        self._tasks: dict[asyncio.Task[Any], str] = {}
        self._cut_short: set[str] = set()
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def invoke(
        self,
        function_id: str,
        request: Request,
        *,
        chunk: Callable[[bytes], None],
        answered: Callable[[Result], None] | None = None,
        streams: Callable[[str], None] | None = None,
    ) -> Invocation | Throttled:
        """Runs one event to its end, in a sandbox that waits, a new one, or the next one that is free.

        A sandbox that is started for it is made in the caller's context (``contextvars``).
        ``chunk``, ``answered`` and ``streams`` are ``Sandbox.invoke``'s. Raises what the plan or the start of a
        sandbox for this event failed with, EngineError, and PoolClosedError. A caller who is cancelled ends the
        sandbox of the event.
        """
        return await self._owned(function_id, self._invoke(function_id, request, chunk, answered, streams))

    async def warm(self, function_id: str, count: int) -> None:
        """Starts sandboxes ahead until the function has ``count``, as far as the limits go and nothing has to end.

        Raises what the plan or a start failed with, PoolClosedError, and ConfigurationError for a function that keeps
        its tenants apart.
        """
        await self._owned(function_id, self._warm(function_id, count))

    def change(self, function_id: str | None = None) -> None:
        """Says that a function, or every one, may be made from something else now: the next event asks for its plan.

        Sandboxes of the same plan stay. Others are reloaded, or end where they cannot be; those that run an event
        after it.
        """
        self._turns.change(function_id)

    async def replace(self, function_id: str, plan: Plan) -> Replaced:
        """Says that a function is made from something else now, by this plan; sandboxes that wait are reloaded.

        Returns when the first has begun its init, or has turned out not to be able to.
        """
        sandboxes = self._turns.replace(function_id, plan)
        if sandboxes is None:
            return Replaced.SAME
        for each in sandboxes:
            if each.state is State.RELOADING:
                await each.reloaded()
                return Replaced.ANEW if each.state in (State.ENDING, State.ENDED) else Replaced.IN_PLACE
        return Replaced.AFTER_EVENT if sandboxes else Replaced.NOTHING

    def keep(self, function_id: str, seconds: float) -> None:
        """How long the function's sandboxes wait for an event from their next one on, whatever the options say.

        They may get as old as they are used.
        """
        self._turns.keep(function_id, seconds)

    def end(self, function_id: str) -> None:
        """Ends those of the function's sandboxes that wait for an event."""
        self._turns.end(function_id)

    def cut_short(self, function_id: str) -> None:
        """Ends the function's sandboxes with what they run, for good; whose event it is gets PoolClosedError."""
        self._cut_short.add(function_id)
        self._turns.stop(function_id)
        for task, function in self._tasks.items():
            if function == function_id:
                task.cancel()
        self._turns.end(function_id)

    def tidy(self) -> None:
        """Ends those that wait for an event and could run none, as one does whose container has gone."""
        self._turns.tidy()

    def confirm(self, function_id: str, plan: Plan, code: str | None) -> None:
        """Says what the code of a plan is which was given before anybody had looked: another of that is the same."""
        self._turns.confirm(function_id, plan, code)

    async def close(self) -> None:
        """Ends all sandboxes, also those that are just starting or run an event; who waits gets PoolClosedError."""
        self._closed = True
        self._turns.stop()
        for task in self._tasks:
            task.cancel()
        try:
            if self._tasks:
                await asyncio.wait(self._tasks)
        finally:
            await self._turns.close()

    async def _owned(self, function_id: str, work: Coroutine[Any, Any, T]) -> T:
        """Work that ends with its caller and with the pool."""
        task = asyncio.create_task(work)
        self._tasks[task] = function_id
        task.add_done_callback(self._tasks.pop)
        if self._is_closed(function_id):
            task.cancel()
        try:
            return await task
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if self._is_closed(function_id) and caller is not None and not caller.cancelling():
                raise PoolClosedError("The pool is closed.") from None
            raise

    def _is_closed(self, function_id: str) -> bool:
        return self._closed or function_id in self._cut_short

    async def _invoke(
        self,
        function_id: str,
        request: Request,
        chunk: Callable[[bytes], None],
        answered: Callable[[Result], None] | None,
        streams: Callable[[str], None] | None,
    ) -> Invocation | Throttled:
        turn = Turn(function_id, request.tenant_id)
        self._turns.wait([turn])
        try:
            sandbox = await turn.place
            if isinstance(sandbox, Pooled):
                sandbox = await sandbox.started_or(turn.instead)
        except asyncio.CancelledError:
            self._turns.let_go(turn)
            raise
        if not isinstance(sandbox, Pooled):
            return sandbox
        try:
            invocation = await sandbox.invoke(request, chunk=chunk, answered=answered, streams=streams)
        except BaseException:
            self._turns.retire(sandbox)
            raise
        self._turns.release(sandbox)
        return invocation

    async def _warm(self, function_id: str, count: int) -> None:
        turns = [Turn(function_id, None, ahead=number + 1) for number in range(count)]
        self._turns.wait(turns)
        try:
            for turn in turns:
                sandbox = await turn.place
                if isinstance(sandbox, Pooled):
                    await sandbox.started()
        finally:
            # Of the others nobody hears any more.
            for turn in turns:
                turn.leave()
