"""Whatever happens in whatever order: nobody waits for nothing, and no limit is passed."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pool_kit import GONE, World, payload_of, plan_of, settled, states

from samlocal.errors import EngineError, TemplateError
from samlocal.pool.pool import Replaced
from samlocal.pool.pooled import LIVE, State
from samlocal.pool.throttle import Throttled, ThrottleReason
from samlocal.sandbox.invocation import Invocation

RESERVED = {"free": None, "single": 1, "stopped": 0}
FUNCTIONS = st.sampled_from(sorted(RESERVED))
WHICH = st.integers(min_value=0, max_value=20)


class PoolMachine(RuleBasedStateMachine):
    """Events of three functions, of which one may run once at a time and one not at all."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(self.faults_are_told)
        self.calls: dict[str, tuple[str, asyncio.Task[Invocation | Throttled]]] = {}
        self.ahead: list[asyncio.Task[None]] = []
        self.faults: list[dict[str, Any]] = []
        self.saves: list[asyncio.Task[Replaced]] = []
        # What each function was last saved as, where that is known to the pool.
        self.saved: dict[str, int] = {}

    @initialize(
        concurrency=st.integers(min_value=1, max_value=3),
        at_once=st.booleans(),
        reloads=st.sampled_from([None, True, False]),
        keeps_the_dead=st.booleans(),
    )
    def begin(self, concurrency: int, at_once: bool, reloads: bool | None, keeps_the_dead: bool) -> None:
        self.concurrency = concurrency
        self.world = World(
            concurrency=concurrency,
            starts_at_once=at_once,
            plans_at_once=at_once,
            reloads=reloads,
            keeps_the_dead=keeps_the_dead,
            idle=600,
            life=3600,
        )
        for name in RESERVED:
            self.set_plan(name, 128)

    def set_plan(self, name: str, memory: int) -> None:
        self.world.plans[name] = plan_of(name, memory=memory, reserved_concurrency=RESERVED[name])

    def then(self, step: Callable[[], Any]) -> None:
        async def main() -> None:
            step()
            await settled()

        self.loop.run_until_complete(main())

    def faults_are_told(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A task of the pool's own that fails, whom nobody asks what came of it."""
        self.faults.append(context)

    # what can happen

    @rule(name=FUNCTIONS)
    def arrive(self, name: str) -> None:
        payload = f"{name} {len(self.calls)}"

        def call() -> None:
            self.calls[payload] = (name, self.world.call(name, payload))

        self.then(call)

    @rule(name=FUNCTIONS, count=st.integers(min_value=1, max_value=3))
    def warm(self, name: str, count: int) -> None:
        self.then(lambda: self.ahead.append(asyncio.create_task(self.world.pool.warm(name, count))))

    @precondition(lambda self: self.world.running)
    @rule(which=WHICH, how=st.sampled_from(["well", "crash", "engine gone"]))
    def finish(self, which: int, how: str) -> None:
        sandbox = pick(self.world.running, which)
        sandbox.dead = how == "crash"
        self.then(lambda: sandbox.go_on(GONE if how == "engine gone" else None))

    @precondition(lambda self: self.world.starting)
    @rule(which=WHICH, well=st.booleans())
    def start(self, which: int, well: bool) -> None:
        sandbox = pick(self.world.starting, which)
        self.then(lambda: sandbox.go_on(None if well else GONE))

    @precondition(lambda self: self.world.asking)
    @rule(which=WHICH, well=st.booleans())
    def plan(self, which: int, well: bool) -> None:
        asked = pick(sorted(self.world.asking), which)
        error = TemplateError("The template is broken.")
        answer = self.world.asking[asked]
        self.then(lambda: answer.set_result(None) if well else answer.set_exception(error))

    @rule(name=FUNCTIONS, memory=st.sampled_from([128, 256]))
    def change(self, name: str, memory: int) -> None:
        self.set_plan(name, memory)
        self.saved.pop(name, None)
        self.then(lambda: self.world.pool.change(name))

    @rule(name=FUNCTIONS, memory=st.sampled_from([128, 256]))
    def save(self, name: str, memory: int) -> None:
        """A change that brings its plan along."""
        self.set_plan(name, memory)
        self.saved[name] = memory
        plan = self.world.plans[name]
        self.then(lambda: self.saves.append(asyncio.create_task(self.world.pool.replace(name, plan))))

    @precondition(lambda self: self.world.reloading)
    @rule(which=WHICH, how=st.sampled_from([True, False, GONE]))
    def reload(self, which: int, how: bool | Exception) -> None:
        sandbox = pick(self.world.reloading, which)
        self.then(lambda: sandbox.reload_ends(how))

    @precondition(lambda self: self.pending())
    @rule(which=WHICH)
    def give_up(self, which: int) -> None:
        call = pick(self.pending(), which)
        self.then(lambda: self.calls[call][1].cancel())

    @rule(which=WHICH)
    def die(self, which: int) -> None:
        waits = [each for each in self.world.left if each.event is None and not each.starting and not each.reloading]
        if waits:
            pick(waits, which).dead = True

    @rule(seconds=st.sampled_from([1, 300, 601, 3601]))
    def time_goes_by(self, seconds: int) -> None:
        self.then(lambda: self.world.clock.move(seconds))

    # what always holds

    def pending(self, name: str | None = None) -> list[str]:
        return [
            payload
            for payload, (function, call) in self.calls.items()
            if not call.done() and name in (None, function)
        ]

    def states(self, name: str) -> list[State]:
        return list(states(self.world.pool, name))

    @invariant()
    def limits_hold(self) -> None:
        live = {name: sum(state in LIVE for state in self.states(name)) for name in RESERVED}
        assert sum(live.values()) <= self.concurrency
        assert live["single"] <= 1
        assert live["stopped"] == 0

    @invariant()
    def nobody_waits_for_nothing(self) -> None:
        everything = [state for name in RESERVED for state in self.states(name)]
        full = sum(state in LIVE for state in everything) >= self.concurrency and State.IDLE not in everything
        for name, reserved in RESERVED.items():
            states = self.states(name)
            served = sum(each.function == name for each in self.world.running)
            # Whose sandbox is being started, or will be there in a moment.
            waiting = len(self.pending(name)) - served - states.count(State.STARTING) - states.count(State.RELOADING)
            if waiting <= 0 or name in self.world.asking:
                continue
            at_limit = reserved is not None and sum(state in LIVE for state in states) >= reserved
            assert State.IDLE not in states
            assert full or at_limit, (name, states, everything)

    @invariant()
    def what_waits_is_as_it_was_saved_or_soon_will_be(self) -> None:
        for name, memory in self.saved.items():
            own = [each for each in self.world.left if each.function == name]
            if not any(each.reloading for each in own):
                waits = [each for each in own if each.event is None and not each.starting and not each.dead]
                assert all(each.spec.function.memory == memory for each in waits), name

    @invariant()
    def each_event_gets_its_own_answer(self) -> None:
        for payload, (name, call) in self.calls.items():
            if not call.done() or call.cancelled():
                continue
            if isinstance(error := call.exception(), EngineError | TemplateError):
                continue
            assert error is None
            answer = call.result()
            if isinstance(answer, Throttled):
                assert (name, answer.reason) == ("stopped", ThrottleReason.RESERVED)
            else:
                assert payload_of(answer) == payload

    @invariant()
    def those_who_run_one_at_a_time_run_in_order_of_arrival(self) -> None:
        for name in ["single"] + ["free"] * (self.concurrency == 1):
            begun = [payload.decode() for function, payload in self.world.begun if function == name]
            assert begun == sorted(begun, key=lambda payload: int(payload.split()[1]))

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.loop.run_until_complete(self.to_the_end())
        self.loop.close()

    async def to_the_end(self) -> None:
        """When nothing is in their way all events come to their end, and nothing stays when the pool is closed."""
        for _ in range(10 * len(self.all_tasks())):
            for answer in list(self.world.asking.values()):
                answer.set_result(None)
            for sandbox in self.world.reloading:
                sandbox.reload_ends()
            for sandbox in self.world.starting + self.world.running:
                sandbox.go_on()
            await settled()
        assert not self.pending()
        assert all(task.done() for task in (*self.ahead, *self.saves))
        await self.world.pool.close()
        assert not self.world.left
        assert asyncio.all_tasks() == {asyncio.current_task()}
        gc.collect(1)
        assert not self.faults
        for task in self.all_tasks():
            # Whatever they ended with has been looked at.
            task.cancelled() or task.exception()

    def all_tasks(self) -> list[asyncio.Task[Any]]:
        return [*(call for _, call in self.calls.values()), *self.ahead, *self.saves]


def pick(those: list[Any], which: int) -> Any:
    return those[which % len(those)]


TestPool = PoolMachine.TestCase
TestPool.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
