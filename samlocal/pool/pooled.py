"""One sandbox of a pool, from the decision to start it to its end, and its one state."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from contextvars import Context
from enum import Enum, auto
from typing import Any, Protocol, TypeAlias

from samlocal.errors import EngineError, SamlocalError
from samlocal.pool.clock import Timer
from samlocal.pool.plan import Plan
from samlocal.sandbox.invocation import Invocation, Request
from samlocal.sandbox.layout import SandboxSpec
from samlocal.sandbox.result import Result
from samlocal.sandbox.state import Standing


class RunsEvents(Protocol):
    """What is pooled: a ``Sandbox``."""

    async def invoke(
        self,
        request: Request,
        *,
        chunk: Callable[[bytes], None],
        answered: Callable[[Result], None] | None = None,
        streams: Callable[[str], None] | None = None,
    ) -> Invocation:
        """Runs one event to its end."""

    async def settle(self) -> None:
        """Ends the log of the last event, once all of it is there, and what runs in one that is spent."""

    async def reload(self, spec: SandboxSpec) -> bool:
        """Has the next events run by another spec; whether that could be done."""

    def standing(self) -> Standing:
        """Whether it can run another event as it is, or after a reload."""


Make: TypeAlias = Callable[[SandboxSpec], AbstractAsyncContextManager[RunsEvents]]
"""Gives a sandbox that is not started yet."""


class State(Enum):
    """Where a pooled sandbox stands.

    BUSY is one event's, from before it gets it until it is done with it; RELOADING is nobody's yet.
    """

    STARTING = auto()
    IDLE = auto()
    BUSY = auto()
    RELOADING = auto()
    ENDING = auto()
    ENDED = auto()


LIVE = frozenset({State.STARTING, State.IDLE, State.BUSY, State.RELOADING})
"""What counts against limits: what ends runs no more events."""

_NEXT = {
    State.STARTING: {State.BUSY, State.ENDING},
    State.IDLE: {State.BUSY, State.RELOADING, State.ENDING},
    State.BUSY: {State.IDLE, State.ENDING},
    State.RELOADING: {State.IDLE, State.ENDING},
    State.ENDING: {State.ENDED},
    State.ENDED: set[State](),
}


class Pooled:
    """A sandbox that lives in a task of its own, which alone starts and ends it.

    ``claimed`` says whether an event waits for its start. ``settled`` is called when one that nobody claims has
    started, when a reload is over, and with the end. It lives in the ``context`` of whoever it is started for, and
    starts when ``starts`` lets it.
    """

    def __init__(
        self,
        function_id: str,
        plan: Plan,
        make: Make,
        *,
        tenant: str | None,
        born: float,
        claimed: bool,
        settled: Callable[[Pooled], None],
        starts: asyncio.Semaphore,
        context: Context | None = None,
    ) -> None:
        self.function_id = function_id
        self.plan = plan
        self.tenant = tenant
        self.born = born
        self.idle_since = born
        self._make = make
        self._starts = starts
        self._sandbox: RunsEvents | None = None
        self._claimed = claimed
        self._ahead = not claimed
        self._begun = False
        self._settled = settled
        self._state = State.STARTING
        self._timer: Timer | None = None
        self._settling: asyncio.Task[None] | None = None
        self._reloading: asyncio.Task[None] | None = None
        self._leave = asyncio.Event()
        self._started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._life = asyncio.create_task(self._live(), context=context)
        self._life.add_done_callback(self._gone)

    @property
    def state(self) -> State:
        return self._state

    @property
    def life(self) -> asyncio.Task[None]:
        return self._life

    @property
    def has_started(self) -> bool:
        """Whether it has been more than a start."""
        return self._started.done() and not self._started.cancelled() and self._started.exception() is None

    async def started(self) -> None:
        """Waits for the start, which is not cut short with the one who waits. Raises what it failed with."""
        await asyncio.shield(self._started)

    async def started_or(self, other: asyncio.Future[Pooled]) -> Pooled:
        """Waits for the start, or for another sandbox, whichever is first. Raises what the start failed with."""
        if not self._started.done():
            waits: set[asyncio.Future[Any]] = {self._started, other}
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if other.done():
            return other.result()
        await self.started()
        return self

    async def invoke(
        self,
        request: Request,
        *,
        chunk: Callable[[bytes], None],
        answered: Callable[[Result], None] | None,
        streams: Callable[[str], None] | None,
    ) -> Invocation:
        """Runs one event to its end, as ``Sandbox.invoke`` does."""
        if self._sandbox is None or self._state is not State.BUSY:
            raise AssertionError(f"a sandbox that is {self._state.name} runs no event")
        return await self._sandbox.invoke(request, chunk=chunk, answered=answered, streams=streams)

    def standing(self) -> Standing:
        """Whether it would run another event as it is, or after a reload."""
        return self._sandbox.standing() if self._sandbox is not None else Standing.GONE

    def take(self) -> None:
        """One event's from now on."""
        self._become(State.BUSY)

    @property
    def is_spare(self) -> bool:
        """Whether it is starting, and no event waits for that."""
        return self._state is State.STARTING and not self._claimed

    def claim(self) -> None:
        """An event waits for its start."""
        self._claimed = True

    def disclaim(self) -> None:
        """The event that it is started for does not want it any more: what has not begun need not."""
        self._claimed = False
        if self._state is State.STARTING and not self._begun and not self._ahead:
            self.retire()

    def rest(self, *, now: float, timer: Timer | None) -> None:
        """Waits for an event, or for the ``timer``."""
        self.idle_since = now
        self._become(State.IDLE)
        self._timer = timer
        # At once: an event that follows waits for it, and most callers take longer to ask again.
        self._settling = asyncio.create_task(self._settle())

    def reload(self, plan: Plan) -> None:
        """Has what runs in it begin anew, by a plan. One that cannot be reloaded ends."""
        settling, self._settling = self._settling, None
        self._become(State.RELOADING)
        self._reloading = asyncio.create_task(self._reload(plan, settling))

    async def reloaded(self) -> None:
        """Waits for the end of a reload that goes on."""
        if self._reloading is not None:
            await asyncio.wait({self._reloading})

    def retire(self) -> None:
        """Runs no more events, and ends by itself. Of an event that still runs somebody else takes care."""
        match self._state:
            case State.STARTING:
                self._become(State.ENDING)
                # A start that is not cut short all the same ends as soon as it is done.
                self._leave.set()
                self._life.cancel()
            case State.IDLE | State.BUSY | State.RELOADING:
                self._become(State.ENDING)
                self._leave.set()
            case State.ENDING | State.ENDED:
                pass

    def _become(self, state: State) -> None:
        if state not in _NEXT[self._state]:
            raise AssertionError(f"a sandbox that is {self._state.name} does not become {state.name}")
        self._state = state
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._settling is not None and state is State.ENDING:
            # The end of a sandbox ends its log too.
            self._settling.cancel()
            self._settling = None

    async def _settle(self) -> None:
        # An engine that goes away now shows with the next event.
        with contextlib.suppress(EngineError):
            if self._sandbox is not None:
                await self._sandbox.settle()

    async def _reload(self, plan: Plan, settling: asyncio.Task[None] | None) -> None:
        if settling is not None:
            # The log of the event before is the one of the plan before.
            await asyncio.wait({settling})
        done = False
        try:
            done = self._sandbox is not None and await self._sandbox.reload(plan.for_another())
        except SamlocalError:
            # Another sandbox may have what this one lacks.
            pass
        except Exception as error:
            # Nobody waits for this task to hear of it.
            fault = {"message": "a sandbox could not be reloaded", "exception": error}
            asyncio.get_running_loop().call_exception_handler(fault)
        if self._state is State.RELOADING:
            if done:
                self.plan = plan
            else:
                self.retire()
            self._settled(self)

    async def _live(self) -> None:
        # An engine that goes away while a sandbox ends: what it has left is swept by the next run.
        with contextlib.suppress(EngineError):
            async with contextlib.AsyncExitStack() as stack:
                try:
                    async with self._starts:
                        self._begun = True
                        self._sandbox = await stack.enter_async_context(self._make(self.plan.for_another()))
                except Exception as error:
                    self._fail(error)
                    return
                if self._state is State.STARTING:
                    self._started.set_result(None)
                    self.take()
                    if not self._claimed:
                        self._settled(self)
                try:
                    await self._leave.wait()
                finally:
                    # Whoever ends the event loop asks nobody.
                    self.retire()
                    if self._reloading is not None:
                        self._reloading.cancel()
                        await asyncio.wait({self._reloading})

    def _fail(self, error: Exception) -> None:
        if self._state is State.STARTING:
            self._become(State.ENDING)
        self._started.set_exception(error)
        # Where nobody waits for it any more nobody needs to hear.
        self._started.exception()

    def _gone(self, _: asyncio.Task[None]) -> None:
        self._started.cancel()
        self.retire()
        self._become(State.ENDED)
        self._settled(self)
