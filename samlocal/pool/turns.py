"""Who gets which sandbox, and when: the one place where a pool's limits hold.

Lambda developer guide, "Understanding Lambda function scaling": an event gets an execution environment that waits,
else a new one, up to the limits of the function and of the account. "Execution environment lifecycle", Init phase: an
environment that is available while a new one is being initialized for an event can be used in its place.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence

from samlocal.errors import ConfigurationError
from samlocal.pool.clock import Clock
from samlocal.pool.options import PoolOptions
from samlocal.pool.plan import Plan
from samlocal.pool.planned import PlannedFunction
from samlocal.pool.pooled import LIVE, Make, Pooled, State
from samlocal.pool.throttle import Throttled, ThrottleReason
from samlocal.pool.turn import Turn
from samlocal.sandbox.lifecycle import Standing


class Turns:
    """A pool's sandboxes, and the events that have none yet. What it does it does in one step of the event loop."""

    def __init__(
        self,
        plan: Callable[[str], Awaitable[Plan]],
        make: Make,
        *,
        options: PoolOptions,
        clock: Clock,
    ) -> None:
        self.sandboxes: list[Pooled] = []
        self._plan = plan
        self._make = make
        self._options = options
        self._clock = clock
        self._starts = asyncio.Semaphore(options.starts)
        self._functions: dict[str, PlannedFunction] = {}
        # By function, in seconds, where it is not everyone's.
        self._idle: dict[str, float] = {}
        # In order of arrival.
        self._waiting: list[Turn] = []
        self._starting: list[Turn] = []
        self._closed = False
        self._stopped: set[str] = set()

    def wait(self, turns: Iterable[Turn]) -> None:
        """Each has its ``place`` when it is its turn. One that is cancelled has left."""
        self._waiting += turns
        self._serve()

    def release(self, sandbox: Pooled) -> None:
        """An event is done with it, or nobody waits for its start."""
        if self._closed or not self._lasts(sandbox):
            sandbox.retire()
        else:
            now = self._clock.now()
            left = min(self._idle_seconds(sandbox), sandbox.born + self._life_seconds(sandbox) - now)
            ends = None if sandbox.plan.is_debugged else self._clock.call_later(left, sandbox.retire)
            sandbox.rest(now=now, timer=ends)
            self._refresh(sandbox.function_id)
            self._hand_over(sandbox)
        self._serve()

    def retire(self, sandbox: Pooled) -> None:
        """An event has left it in a state that nobody knows."""
        sandbox.retire()
        self._serve()

    def let_go(self, turn: Turn) -> None:
        """Leaves to others the sandbox that an event has not got as far as."""
        place = turn.place
        if place.cancelled() or not place.done() or place.exception() is not None:
            return
        sandbox = turn.instead.result() if turn.instead.done() else place.result()
        if not isinstance(sandbox, Pooled):
            return
        # Nobody hands it another one.
        turn.instead.cancel()
        if sandbox.state is State.BUSY:
            self.release(sandbox)
        else:
            sandbox.disclaim()

    def change(self, function_id: str | None) -> None:
        """A function, or every one, may be made from something else now."""
        for function in list(self._functions.values()):
            if function_id in (None, function.function_id):
                function.change()
        for sandbox in self._live():
            if sandbox.plan.is_debugged and function_id in (None, sandbox.function_id):
                self._start_again(sandbox)
        self._serve()

    def replace(self, function_id: str, plan: Plan) -> list[Pooled] | None:
        """A function is made by this plan now; its sandboxes, None where they are made by it already."""
        function = self._function(function_id)
        before = function.plan
        function.give(plan)
        if function.plan is before:
            return None
        self._refresh(function_id)
        return self._own(function_id)

    def keep(self, function_id: str, seconds: float) -> None:
        """How long the function's sandboxes wait for an event from their next one on, however old they are."""
        self._idle[function_id] = seconds

    def end(self, function_id: str) -> None:
        """Ends those of the function's sandboxes that wait."""
        for each in self.sandboxes:
            if each.function_id == function_id and each.state in (State.IDLE, State.RELOADING):
                each.retire()
        self._serve()

    def tidy(self) -> None:
        """Ends those that wait for a turn they may not have."""
        for function_id in {each.function_id for each in self.sandboxes}:
            self._own(function_id)
        self._serve()

    def confirm(self, function_id: str, plan: Plan, code: str | None) -> None:
        self._function(function_id).confirm(plan, code)

    def stop(self, function_id: str | None = None) -> None:
        """Nobody gets a sandbox any more, or none of a function's before an event needs it."""
        if function_id is None:
            self._closed = True
        else:
            self._stopped.add(function_id)

    async def close(self) -> None:
        """Ends all sandboxes."""
        for each in list(self.sandboxes):
            each.retire()
        for function in self._functions.values():
            await function.close()
        if lives := {each.life for each in self.sandboxes}:
            await asyncio.wait(lives)

    def _serve(self) -> None:
        """Gives sandboxes to those who wait, in order of arrival. Called whenever anything may have changed."""
        if self._closed:
            return
        left: list[Turn] = []
        behind: Counter[str] = Counter()
        # Those whose reload ends any moment have an event each that waits for it.
        soon = Counter((each.function_id, each.tenant) for each in self.sandboxes if each.state is State.RELOADING)
        full = False
        for each in self._waiting:
            if each.place.done():
                continue
            plan = self._function(each.function_id).current()
            if plan is None:
                left.append(each)
                continue
            if each.ahead:
                if not self._start_ahead(each, plan):
                    left.append(each)
                continue
            # Where nothing is free and nothing can end, looking again for everybody behind finds nothing either.
            blocked = full and self._options.waiting is None and not each.is_of_a_function
            found = ThrottleReason.CONCURRENT if blocked else self._find(each, plan, soon)
            if found is None:
                left.append(each)
                continue
            if isinstance(found, Pooled):
                each.place.set_result(found)
                self._starting.append(each)
                continue
            full = full or (found is ThrottleReason.CONCURRENT and not each.is_of_a_function)
            behind[each.function_id] += 1
            bound = 0 if plan.limit == 0 else self._options.waiting
            if bound is not None and behind[each.function_id] > bound:
                reason = ThrottleReason.RESERVED if plan.limit == 0 else found
                each.place.set_result(Throttled(reason=reason, is_final=plan.limit == 0))
                behind[each.function_id] -= 1
            else:
                left.append(each)
        self._waiting = left

    def _hand_over(self, sandbox: Pooled) -> None:
        """Gives one that is free to who has waited longest for a start; what starts is there for the next event."""
        self._starting = [each for each in self._starting if each.starts is not None]
        if sandbox.state is not State.IDLE or not self._fits(sandbox):
            return
        for each in self._starting:
            starting = each.starts
            if starting is not None and (each.function_id, each.tenant) == (sandbox.function_id, sandbox.tenant):
                sandbox.take()
                starting.disclaim()
                each.instead.set_result(sandbox)
                return

    def _find(self, turn: Turn, plan: Plan, soon: Counter[tuple[str, str | None]]) -> Pooled | ThrottleReason | None:
        """None where one is being reloaded that nobody before waits for; ``soon`` counts these."""
        own = self._own(turn.function_id)
        idle = [each for each in own if each.state is State.IDLE and each.tenant == turn.tenant]
        if ready := list(filter(self._fits, idle)):
            # The others get the older the sooner nobody needs them.
            latest = _latest(ready)
            latest.take()
            return latest
        if spare := next((each for each in own if each.is_spare and self._serves(each, turn, plan)), None):
            spare.claim()
            return spare
        if soon[turn.function_id, turn.tenant] > 0:
            soon[turn.function_id, turn.tenant] -= 1
            return None
        if idle:
            _latest(idle).reload(plan)
            return None
        if plan.limit is not None and not _has_room(own, plan.limit):
            return ThrottleReason.RESERVED
        if plan.is_debugged and self._ends(turn.function_id):
            return ThrottleReason.RESERVED
        concurrency = self._options.concurrency * (self._options.deepest if turn.is_of_a_function else 1)
        if not plan.is_debugged and not _has_room(self._counted(), concurrency):
            return ThrottleReason.CONCURRENT
        return self._start(turn, plan)

    def _start_ahead(self, turn: Turn, plan: Plan) -> bool:
        """False where it turns out later how many there are."""
        if plan.spec.function.isolates_tenants:
            function = plan.spec.function
            turn.place.set_exception(
                ConfigurationError(
                    f"{function.location}: {function.logical_id} keeps its tenants apart, and nobody has asked yet: "
                    "no sandbox of it can be started ahead.",
                    tip="Leave its number of warm sandboxes out.",
                )
            )
            return True
        limit = turn.ahead if plan.limit is None else min(turn.ahead, plan.limit)
        own = self._own(turn.function_id)
        for each in own:
            if each.state is State.IDLE and not self._fits(each):
                each.reload(plan)
        if any(each.state is State.RELOADING for each in own):
            return False
        if plan.is_debugged:
            has_room = not self._ends(turn.function_id)
        else:
            has_room = len(self._counted()) < self._options.concurrency
        if len(own) < limit and has_room:
            turn.place.set_result(self._start(turn, plan))
        else:
            turn.place.set_result(Throttled(reason=ThrottleReason.CONCURRENT))
        return True

    def _start(self, turn: Turn, plan: Plan) -> Pooled:
        started = Pooled(
            turn.function_id,
            plan,
            self._make,
            tenant=turn.tenant,
            born=self._clock.now(),
            claimed=not turn.ahead,
            settled=self._settled,
            starts=self._starts,
            context=turn.context,
        )
        self.sandboxes.append(started)
        return started

    def _refresh(self, function_id: str) -> None:
        """Reloads those that wait, where what the function is made from has changed: one by one, the latest first.

        What begins its init has the machine nearly for itself then; who cannot wait has the next one reloaded.
        """
        plan = self._function(function_id).plan
        own = self._own(function_id)
        if self._closed or plan is None or any(each.state is State.RELOADING for each in own):
            return
        idle = [each for each in own if each.state is State.IDLE]
        # A debugger waits to attach again to what has crashed, and so does its next event.
        if outdated := [
            each for each in idle if each.plan is not plan or (plan.is_debugged and not self._fits(each))
        ]:
            _latest(outdated).reload(plan)

    def _serves(self, starting: Pooled, turn: Turn, plan: Plan) -> bool:
        return starting.plan is plan and starting.tenant == turn.tenant

    def _fits(self, sandbox: Pooled) -> bool:
        """Whether it may have another turn as it is."""
        current = self._function(sandbox.function_id).plan
        return self._lasts(sandbox) and sandbox.plan is current and sandbox.standing() is Standing.READY

    def _lasts(self, sandbox: Pooled) -> bool:
        """Whether it may have another turn, as it is or after a reload."""
        old = not sandbox.plan.is_debugged and self._clock.now() - sandbox.born >= self._life_seconds(sandbox)
        return not old and sandbox.standing() is not Standing.GONE

    def _idle_seconds(self, sandbox: Pooled) -> float:
        return self._idle.get(sandbox.function_id, self._options.idle)

    def _life_seconds(self, sandbox: Pooled) -> float:
        """Of one that is kept each use counts alone: its credentials are renewed, however old it is."""
        return math.inf if sandbox.function_id in self._idle else self._options.life

    def _settled(self, sandbox: Pooled) -> None:
        match sandbox.state:
            case State.ENDED:
                self.sandboxes.remove(sandbox)
                if sandbox.plan.is_debugged and sandbox.has_started:
                    self._start_again(sandbox)
                self._serve()
            case State.ENDING:
                # It could not be reloaded. Whoever has saved something waits for what comes of it.
                self._start_again(sandbox)
                self._serve()
            case _:
                self.release(sandbox)

    def _own(self, function_id: str) -> list[Pooled]:
        """The function's, without those that wait for a turn they may not have: these end."""
        own = [each for each in self._live() if each.function_id == function_id]
        for each in own:
            if each.state is State.IDLE and not self._lasts(each):
                each.retire()
        plan = self._function(function_id).plan
        if plan is not None and plan.limit is not None:
            # It may have had more before it was changed.
            _has_room(own, plan.limit + 1)
        return [each for each in own if each.state in LIVE]

    def _start_again(self, sandbox: Pooled) -> None:
        """Has the function's next sandbox there before its next event."""
        if sandbox.function_id in self._stopped:
            return
        turn = Turn(sandbox.function_id, sandbox.tenant, ahead=1)
        # Why there is none the next event hears.
        turn.place.add_done_callback(lambda place: place.cancelled() or place.exception())
        self._waiting.append(turn)

    def _ends(self, function_id: str) -> bool:
        """Whether one of the function's is on its way out: it has the debugger's port until it is gone."""
        return any(each.function_id == function_id and each.state is State.ENDING for each in self.sandboxes)

    def _counted(self) -> list[Pooled]:
        """Those that count against the pool's limit."""
        return [each for each in self._live() if not each.plan.is_debugged]

    def _live(self) -> list[Pooled]:
        return [each for each in self.sandboxes if each.state in LIVE]

    # plans

    def _function(self, function_id: str) -> PlannedFunction:
        found = self._functions.get(function_id)
        if found is None:
            found = PlannedFunction(function_id, self._plan, clock=self._clock, told=self._told)
            self._functions[function_id] = found
        return found

    def _told(self, function: PlannedFunction, error: Exception | None) -> None:
        """There is a plan, or none: those who wait for it hear of that, and later ones ask anew."""
        for each in self._waiting:
            if error is not None and each.function_id == function.function_id and not each.place.done():
                each.place.set_exception(error)
        self._serve()


def _latest(idle: Iterable[Pooled]) -> Pooled:
    return max(idle, key=lambda each: each.idle_since)


def _has_room(sandboxes: Sequence[Pooled], limit: int) -> bool:
    """Whether there can be one more; of those that wait the ones that have waited longest end for it."""
    excess = len(sandboxes) - limit + 1
    idle = sorted((each for each in sandboxes if each.state is State.IDLE), key=lambda each: each.idle_since)
    if excess > len(idle):
        return False
    for each in idle[: max(excess, 0)]:
        each.retire()
    return True
