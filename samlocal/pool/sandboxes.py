"""The sandboxes that a pool has: how many there may be, how old they get, and how long they wait."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable, Sequence

from samlocal.pool.clock import Clock
from samlocal.pool.options import PoolOptions
from samlocal.pool.plan import Plan
from samlocal.pool.pooled import LIVE, Make, Pooled, State
from samlocal.pool.turn import Turn
from samlocal.sandbox.state import Standing


class Sandboxes:
    """From their start to their end. ``settled`` is called as each of them calls it (``Pooled``)."""

    def __init__(self, make: Make, *, options: PoolOptions, clock: Clock, settled: Callable[[Pooled], None]) -> None:
        self._make = make
        self._options = options
        self._clock = clock
        self._settled = settled
        self._starts = asyncio.Semaphore(options.starts)
        # The oldest first, until each has ended.
        self._there: list[Pooled] = []
        # By function, in seconds, where it is not everyone's.
        self._kept: dict[str, float] = {}

    def start(self, turn: Turn, plan: Plan) -> Pooled:
        started = Pooled(
            turn.function_id,
            plan,
            self._make,
            tenant=turn.tenant,
            born=self._clock.now(),
            claimed=not turn.ahead,
            settled=self._ended_or_settled,
            starts=self._starts,
            context=turn.context,
        )
        self._there.append(started)
        return started

    def keep(self, function_id: str, seconds: float) -> None:
        """How long the function's wait for an event from their next one on, however old they are."""
        self._kept[function_id] = seconds

    def rest(self, sandbox: Pooled) -> None:
        """It waits for an event from now on, as long as it may."""
        now = self._clock.now()
        idle = self._kept.get(sandbox.function_id, self._options.idle)
        left = min(idle, sandbox.born + self._life_seconds(sandbox) - now)
        ends = None if sandbox.plan.is_debugged else self._clock.call_later(left, sandbox.retire)
        sandbox.rest(now=now, timer=ends)

    def lasts(self, sandbox: Pooled) -> bool:
        """Whether it may have another turn, as it is or after a reload."""
        old = not sandbox.plan.is_debugged and self._clock.now() - sandbox.born >= self._life_seconds(sandbox)
        return not old and sandbox.standing() is not Standing.GONE

    # which there are

    def live(self, function_id: str | None = None) -> list[Pooled]:
        """The function's, or all: those that count against limits."""
        return [each for each in self._there if each.state in LIVE and function_id in (None, each.function_id)]

    def counted(self) -> list[Pooled]:
        """Those that count against the pool's limit."""
        return [each for each in self.live() if not each.plan.is_debugged]

    def functions(self) -> set[str]:
        """Those that have any."""
        return {each.function_id for each in self._there}

    def is_ending(self, function_id: str) -> bool:
        """Whether one of the function's is on its way out: it has the debugger's port until it is gone."""
        return any(each.function_id == function_id and each.state is State.ENDING for each in self._there)

    # which have to go

    def retire_outlived(self, function_id: str, *, limit: int | None) -> None:
        """Ends those of the function's that wait for a turn they may not have: by their age, or by its limit."""
        for each in self.live(function_id):
            if each.state is State.IDLE and not self.lasts(each):
                each.retire()
        if limit is not None:
            # It may have had more before it was changed.
            make_room(self.live(function_id), limit + 1)

    def end(self, function_id: str) -> None:
        """Ends those of the function's that run no event."""
        for each in self.live(function_id):
            if each.state in (State.IDLE, State.RELOADING):
                each.retire()

    def retire(self) -> None:
        """Ends all. Of events that still run somebody else takes care."""
        for each in self._there:
            each.retire()

    async def ended(self) -> None:
        """Waits until none is left."""
        if lives := {each.life for each in self._there}:
            await asyncio.wait(lives)

    def _life_seconds(self, sandbox: Pooled) -> float:
        """Of one that is kept each use counts alone: its credentials are renewed, however old it is."""
        return math.inf if sandbox.function_id in self._kept else self._options.life

    def _ended_or_settled(self, sandbox: Pooled) -> None:
        if sandbox.state is State.ENDED:
            self._there.remove(sandbox)
        self._settled(sandbox)


def latest(idle: Iterable[Pooled]) -> Pooled:
    """The one that has been used last."""
    return max(idle, key=lambda each: each.idle_since)


def make_room(sandboxes: Sequence[Pooled], limit: int) -> bool:
    """Whether there can be one more; of those that wait the ones that have waited longest end for it."""
    excess = len(sandboxes) - limit + 1
    idle = sorted((each for each in sandboxes if each.state is State.IDLE), key=lambda each: each.idle_since)
    if excess > len(idle):
        return False
    for each in idle[: max(excess, 0)]:
        each.retire()
    return True
