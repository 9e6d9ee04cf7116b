"""Who gets which sandbox, and when: the one place where a pool's limits hold.

Lambda developer guide, "Understanding Lambda function scaling": an event gets an execution environment that waits,
else a new one, up to the limits of the function and of the account. "Execution environment lifecycle", Init phase: an
environment that is available while a new one is being initialized for an event can be used in its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable

from samlocal.errors import ConfigurationError
from samlocal.pool.clock import Clock
from samlocal.pool.options import PoolOptions
from samlocal.pool.plan import Plan
from samlocal.pool.planned import PlannedFunction
from samlocal.pool.pooled import Make, Pooled, State
from samlocal.pool.sandboxes import Sandboxes, latest, make_room
from samlocal.pool.throttle import Throttled, ThrottleReason
from samlocal.pool.turn import Turn
from samlocal.sandbox.state import Standing


class Turns:
    """The events that have no sandbox yet. What it does it does in one step of the event loop."""

    def __init__(
        self,
        plan: Callable[[str], Awaitable[Plan]],
        make: Make,
        *,
        options: PoolOptions,
        clock: Clock,
    ) -> None:
        self._plan = plan
        self._options = options
        self._clock = clock
        self._sandboxes = Sandboxes(make, options=options, clock=clock, settled=self._settled)
        self._functions: dict[str, PlannedFunction] = {}
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
        if self._closed or not self._sandboxes.lasts(sandbox):
            sandbox.retire()
        else:
            self._sandboxes.rest(sandbox)
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
        for sandbox in self._sandboxes.live(function_id):
            if sandbox.plan.is_debugged:
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
        return self._sandboxes.live(function_id)

    def keep(self, function_id: str, seconds: float) -> None:
        """How long the function's sandboxes wait for an event from their next one on, however old they are."""
        self._sandboxes.keep(function_id, seconds)

    def end(self, function_id: str) -> None:
        """Ends those of the function's sandboxes that wait."""
        self._sandboxes.end(function_id)
        self._serve()

    def tidy(self) -> None:
        """Ends those that wait for a turn they may not have."""
        for function_id in self._sandboxes.functions():
            self._retire_outlived(function_id)
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
        self._sandboxes.retire()
        for function in self._functions.values():
            await function.close()
        await self._sandboxes.ended()

    def _serve(self) -> None:
        """Gives sandboxes to those who wait, in order of arrival. Called whenever anything may have changed."""
        if self._closed or not self._waiting:
            return
        left: list[Turn] = []
        behind: Counter[str] = Counter()
        # Those whose reload ends any moment have an event each that waits for it.
        live = self._sandboxes.live()
        soon = Counter((each.function_id, each.tenant) for each in live if each.state is State.RELOADING)
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
        self._retire_outlived(turn.function_id)
        own = self._sandboxes.live(turn.function_id)
        idle = [each for each in own if each.state is State.IDLE and each.tenant == turn.tenant]
        if ready := list(filter(self._fits, idle)):
            # The others get the older the sooner nobody needs them.
            used_last = latest(ready)
            used_last.take()
            return used_last
        if spare := next((each for each in own if each.is_spare and self._serves(each, turn, plan)), None):
            spare.claim()
            return spare
        if soon[turn.function_id, turn.tenant] > 0:
            soon[turn.function_id, turn.tenant] -= 1
            return None
        if idle:
            latest(idle).reload(plan)
            return None
        if plan.limit is not None and not make_room(own, plan.limit):
            return ThrottleReason.RESERVED
        if plan.is_debugged and self._sandboxes.is_ending(turn.function_id):
            return ThrottleReason.RESERVED
        concurrency = self._options.concurrency * (self._options.deepest if turn.is_of_a_function else 1)
        if not plan.is_debugged and not make_room(self._sandboxes.counted(), concurrency):
            return ThrottleReason.CONCURRENT
        return self._sandboxes.start(turn, plan)

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
        self._retire_outlived(turn.function_id)
        own = self._sandboxes.live(turn.function_id)
        for each in own:
            if each.state is State.IDLE and not self._fits(each):
                each.reload(plan)
        if any(each.state is State.RELOADING for each in own):
            return False
        if plan.is_debugged:
            has_room = not self._sandboxes.is_ending(turn.function_id)
        else:
            has_room = len(self._sandboxes.counted()) < self._options.concurrency
        if len(own) < limit and has_room:
            turn.place.set_result(self._sandboxes.start(turn, plan))
        else:
            turn.place.set_result(Throttled(reason=ThrottleReason.CONCURRENT))
        return True

    def _refresh(self, function_id: str) -> None:
        """Reloads those that wait, where what the function is made from has changed: one by one, the latest first.

        What begins its init has the machine nearly for itself then; who cannot wait has the next one reloaded.
        """
        plan = self._function(function_id).plan
        self._retire_outlived(function_id)
        own = self._sandboxes.live(function_id)
        if self._closed or plan is None or any(each.state is State.RELOADING for each in own):
            return
        idle = [each for each in own if each.state is State.IDLE]
        # A debugger waits to attach again to what has crashed, and so does its next event.
        if outdated := [
            each for each in idle if each.plan is not plan or (plan.is_debugged and not self._fits(each))
        ]:
            latest(outdated).reload(plan)

    def _serves(self, starting: Pooled, turn: Turn, plan: Plan) -> bool:
        return starting.plan is plan and starting.tenant == turn.tenant

    def _fits(self, sandbox: Pooled) -> bool:
        """Whether it may have another turn as it is."""
        current = self._function(sandbox.function_id).plan
        return self._sandboxes.lasts(sandbox) and sandbox.plan is current and sandbox.standing() is Standing.READY

    def _settled(self, sandbox: Pooled) -> None:
        match sandbox.state:
            case State.ENDED:
                if sandbox.plan.is_debugged and sandbox.has_started:
                    self._start_again(sandbox)
                self._serve()
            case State.ENDING:
                # It could not be reloaded. Whoever has saved something waits for what comes of it.
                self._start_again(sandbox)
                self._serve()
            case _:
                self.release(sandbox)

    def _retire_outlived(self, function_id: str) -> None:
        plan = self._function(function_id).plan
        self._sandboxes.retire_outlived(function_id, limit=None if plan is None else plan.limit)

    def _start_again(self, sandbox: Pooled) -> None:
        """Has the function's next sandbox there before its next event."""
        if sandbox.function_id in self._stopped:
            return
        turn = Turn(sandbox.function_id, sandbox.tenant, ahead=1)
        # Why there is none the next event hears.
        turn.place.add_done_callback(lambda place: place.cancelled() or place.exception())
        self._waiting.append(turn)

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
