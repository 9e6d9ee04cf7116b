"""Which sandbox an event gets, and what becomes of it: by the rules of Lambda's execution environments."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from pool_kit import GONE, Fake, World, payload_of, plan_of, run, settled, states

from samlocal.errors import ConfigurationError, EngineError, TemplateError
from samlocal.function.variables import LOG_STREAM
from samlocal.pool.pool import Pool, PoolClosedError, Replaced
from samlocal.pool.pooled import State
from samlocal.pool.throttle import Throttled, ThrottleReason
from samlocal.pool.turn import OF_A_FUNCTION
from samlocal.sandbox.invocation import Request


def world(**more: Any) -> World:
    made = World(**more)
    made.plans = {name: plan_of(name) for name in ("A", "B")}
    return made


# one after the other, and at once


def test_the_second_event_runs_in_the_sandbox_of_the_first() -> None:
    async def test() -> None:
        own = world()
        assert await own.serve("A", "one") is await own.serve("A", "two")
        assert own.asked == ["A"]
        await own.pool.close()

    run(test)


def test_events_at_once_run_in_sandboxes_of_their_own_each_with_its_own_log_stream() -> None:
    async def test() -> None:
        own = world()
        calls = [own.call("A", "one"), own.call("A", "two")]
        await settled()
        assert sorted(each.event or b"" for each in own.running) == [b"one", b"two"]
        assert len({each.spec.variables[LOG_STREAM] for each in own.made}) == 2
        # They needed one plan.
        assert own.asked == ["A"]
        await own.answer()
        assert [payload_of(await call) for call in calls] == ["one", "two"]
        await own.pool.close()

    run(test)


def test_the_log_of_an_event_ends_by_itself_where_none_follows() -> None:
    async def test() -> None:
        own = world()
        sandbox = await own.serve("A", "one")
        async with asyncio.timeout(60):
            while not sandbox.settled:
                await asyncio.sleep(0.001)
        await own.pool.close()

    run(test)


def test_functions_share_no_sandbox() -> None:
    async def test() -> None:
        own = world()
        assert await own.serve("A") is not await own.serve("B")
        await own.pool.close()

    run(test)


def test_tenants_that_a_function_keeps_apart_share_no_sandbox() -> None:
    # Lambda developer guide, "Tenant isolation".
    async def test() -> None:
        own = World()
        own.plans = {"A": plan_of("A", isolates_tenants=True)}
        blue = await own.serve("A", tenant_id="blue")
        assert await own.serve("A", tenant_id="green") is not blue
        assert await own.serve("A", tenant_id="blue") is blue
        await own.pool.close()

    run(test)


# limits


def test_events_beyond_the_pools_limit_wait_and_run_in_order_of_arrival() -> None:
    async def test() -> None:
        own = world(concurrency=1)
        calls = [own.call("A", str(number)) for number in range(5)]
        for _ in calls:
            await settled()
            assert len(own.running) == 1
            await own.answer()
        assert [payload_of(await call) for call in calls] == ["0", "1", "2", "3", "4"]
        assert own.begun == [("A", str(number).encode()) for number in range(5)]
        assert len(own.made) == 1
        await own.pool.close()

    run(test)


def test_one_function_does_not_keep_another_from_its_turn() -> None:
    async def test() -> None:
        own = world(concurrency=1)
        order = ["A", "A", "B", "A", "B"]
        calls = [own.call(name) for name in order]
        for _ in calls:
            await settled()
            await own.answer()
        await asyncio.gather(*calls)
        assert [name for name, _ in own.begun] == order
        assert len(own.left) == 1
        await own.pool.close()

    run(test)


def test_the_sandbox_that_has_waited_longest_makes_room_for_another_function() -> None:
    async def test() -> None:
        own = world(concurrency=2)
        own.plans["C"] = plan_of("C")
        first = await own.serve("A")
        own.clock.move(1)
        second = await own.serve("B")
        await own.serve("C")
        await settled()
        assert (first.ended, second.ended) == (True, False)
        await own.pool.close()

    run(test)


def test_an_event_that_a_function_waits_for_has_room_beside_it_four_times_as_deep() -> None:
    async def test() -> None:
        own = world(concurrency=1)
        own.call("A", "caller")
        own.call("B", "waits")
        await settled()
        OF_A_FUNCTION.set(True)
        for number in range(4):
            own.call("B", f"called {number}")
        await settled()
        assert [each.event for each in own.running] == [b"caller", b"called 0", b"called 1", b"called 2"]
        OF_A_FUNCTION.set(False)
        await own.answer()
        await own.pool.close()

    run(test)


def test_a_functions_reserved_concurrency_is_its_limit_and_no_other_functions() -> None:
    async def test() -> None:
        own = world()
        own.plans["A"] = plan_of("A", reserved_concurrency=1)
        calls = [own.call("A", "one"), own.call("A", "two"), own.call("B", "other")]
        await settled()
        assert sorted(each.event or b"" for each in own.running) == [b"one", b"other"]
        await own.answer()
        await own.answer()
        assert [payload_of(await call) for call in calls] == ["one", "two", "other"]
        await own.pool.close()

    run(test)


def test_a_reserved_concurrency_of_none_throttles_every_event() -> None:
    # Lambda developer guide, "Configuring reserved concurrency": 0 stops a function from processing any events.
    async def test() -> None:
        own = world(concurrency=1)
        own.plans["A"] = plan_of("A", reserved_concurrency=0)
        busy = own.call("B", "other")
        await settled()
        assert await own.call("A") == Throttled(reason=ThrottleReason.RESERVED, is_final=True)
        await own.pool.warm("A", 2)
        assert [each.function for each in own.made] == ["B"]
        await own.answer()
        await busy
        await own.pool.close()

    run(test)


@pytest.mark.parametrize(
    ("concurrency", "reserved", "reason"),
    [
        (1, None, "ConcurrentInvocationLimitExceeded"),
        (5, 1, "ReservedFunctionConcurrentInvocationLimitExceeded"),
    ],
)
def test_where_only_so_many_may_wait_the_latest_is_throttled_with_awss_reason(
    concurrency: int, reserved: int | None, reason: str
) -> None:
    # Lambda API reference, TooManyRequestsException.
    async def test() -> None:
        own = world(concurrency=concurrency, waiting=1)
        own.plans["A"] = plan_of("A", reserved_concurrency=reserved)
        calls = [own.call("A", str(number)) for number in range(3)]
        await settled()
        throttled = await calls[2]
        assert isinstance(throttled, Throttled)
        assert throttled.reason.value == reason
        await own.answer()
        await own.answer()
        assert [payload_of(await call) for call in calls[:2]] == ["0", "1"]
        await own.pool.close()

    run(test)


# replaced and removed


def test_a_sandbox_that_crashed_gets_no_other_event() -> None:
    async def test() -> None:
        own = world()
        call = own.call("A", "one")
        await settled()
        crashed = own.running[0]
        crashed.dead = True
        crashed.go_on()
        await call
        assert await own.serve("A", "two") is not crashed
        await settled()
        assert crashed.ended
        await own.pool.close()

    run(test)


def test_a_sandbox_that_died_while_it_waited_is_replaced() -> None:
    async def test() -> None:
        own = world(concurrency=1)
        died = await own.serve("A")
        died.dead = True
        assert await own.serve("A") is not died
        await own.pool.close()

    run(test)


def test_an_event_that_the_engine_ends_ends_its_sandbox() -> None:
    async def test() -> None:
        own = world(concurrency=1)
        calls = [own.call("A", "one"), own.call("A", "two")]
        await settled()
        broken = own.running[0]
        broken.go_on(GONE)
        with pytest.raises(EngineError):
            await calls[0]
        await own.answer()
        assert payload_of(await calls[1]) == "two"
        assert broken.served == [b"one"]
        await own.pool.close()

    run(test)


def test_a_changed_plan_replaces_the_sandboxes_that_wait_and_those_that_run_when_they_are_done() -> None:
    async def test() -> None:
        own = world()
        busy = own.call("A", "long")
        await settled()
        idle = await own.serve("A")
        running = own.running[0]
        own.plans["A"] = plan_of("A", memory=512)
        own.pool.change("A")
        assert (await own.serve("A")).spec.function.memory == 512
        await settled()
        assert (idle.ended, running.ended) == (True, False)
        running.go_on()
        assert payload_of(await busy) == "long"
        await settled()
        assert running.ended
        await own.pool.close()

    run(test)


def test_a_save_reloads_the_sandboxes_that_wait_the_latest_first_and_before_any_event() -> None:
    async def test() -> None:
        own = world(reloads=None)
        calls = [own.call("A", "one"), own.call("A", "two")]
        await settled()
        first, second = own.running
        first.go_on()
        await settled()
        own.clock.move(1)
        second.go_on()
        await asyncio.gather(*calls)
        save = asyncio.create_task(own.pool.replace("A", plan_of("A", memory=512)))
        await settled()
        assert own.reloading == [second]
        assert states(own.pool, "A") == (State.IDLE, State.RELOADING)
        second.reload_ends()
        await settled()
        assert save.result() is Replaced.IN_PLACE
        assert own.reloading == [first]
        first.reload_ends()
        await settled()
        assert states(own.pool, "A") == (State.IDLE, State.IDLE)
        assert [each.spec.function.memory for each in own.made] == [512, 512]
        # Nobody had to ask for a plan, and each start has a log stream of its own.
        assert own.asked == ["A"]
        assert len({each.spec.variables[LOG_STREAM] for each in own.made}) == 2
        await own.pool.close()

    run(test)


def test_a_save_during_an_event_waits_for_its_end_and_the_event_for_nothing() -> None:
    async def test() -> None:
        own = world(reloads=True)
        call = own.call("A", "one")
        await settled()
        (sandbox,) = own.running
        assert await own.pool.replace("A", plan_of("A", memory=512)) is Replaced.AFTER_EVENT
        assert (sandbox.reloads, sandbox.spec.function.memory) == (0, 128)
        await own.answer()
        assert payload_of(await call) == "one"
        assert (sandbox.reloads, sandbox.spec.function.memory) == (1, 512)
        assert await own.serve("A") is sandbox
        await own.pool.close()

    run(test)


def test_an_event_waits_for_the_sandbox_that_is_being_reloaded_and_the_next_one_starts_another() -> None:
    async def test() -> None:
        own = world(reloads=None)
        sandbox = await own.serve("A")
        save = asyncio.create_task(own.pool.replace("A", plan_of("A", memory=512)))
        await settled()
        calls = [own.call("A", "one"), own.call("A", "two")]
        await settled()
        assert [each.event for each in own.made] == [None, b"two"]
        sandbox.reload_ends()
        await settled()
        assert [each.event for each in own.made] == [b"one", b"two"]
        await own.answer()
        assert [payload_of(await call) for call in calls] == ["one", "two"]
        await save
        await own.pool.close()

    run(test)


@pytest.mark.parametrize("failure", [False, GONE])
def test_an_event_that_waits_for_a_reload_which_fails_gets_a_new_sandbox(failure: bool | Exception) -> None:
    async def test() -> None:
        own = world(reloads=None, concurrency=1)
        sandbox = await own.serve("A")
        save = asyncio.create_task(own.pool.replace("A", plan_of("A", memory=512)))
        call = own.call("A", "one")
        await settled()
        sandbox.reload_ends(failure)
        await settled()
        assert sandbox.ended
        assert [(each.event, each.spec.function.memory) for each in own.left] == [(b"one", 512)]
        await own.answer()
        assert payload_of(await call) == "one"
        assert await save is Replaced.ANEW
        assert len(own.made) == 2
        await own.pool.close()

    run(test)


def test_a_fault_during_a_reload_ends_the_sandbox_and_is_told() -> None:
    async def test() -> None:
        faults: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context["exception"]))
        own = world(reloads=None)
        before = await own.serve("A")
        own.plans["A"] = plan_of("A", memory=256)
        own.pool.change("A")
        call = own.call("A", "after")
        await settled()
        fault = RuntimeError("nobody foresaw it")
        before.reload_ends(fault)
        await settled()
        await own.answer()
        assert payload_of(await call) == "after"
        assert before.ended
        assert faults == [fault]
        await own.pool.close()

    run(test)


def test_where_a_save_takes_a_new_sandbox_that_is_started_before_any_event() -> None:
    async def test() -> None:
        own = world(reloads=False)
        before = await own.serve("A")
        assert await own.pool.replace("A", plan_of("A", memory=512)) is Replaced.ANEW
        await settled()
        assert before.ended
        assert [(each.event, each.spec.function.memory) for each in own.left] == [(None, 512)]
        assert states(own.pool, "A") == (State.IDLE,)
        await own.pool.close()

    run(test)


def test_a_save_of_a_function_that_has_no_sandbox_starts_none_and_its_next_event_runs_by_it() -> None:
    async def test() -> None:
        own = world()
        assert await own.pool.replace("A", plan_of("A", memory=512)) is Replaced.NOTHING
        assert own.made == []
        assert (await own.serve("A")).spec.function.memory == 512
        assert own.asked == []
        await own.pool.close()

    run(test)


def test_a_save_during_a_reload_reloads_again() -> None:
    async def test() -> None:
        own = world(reloads=None)
        sandbox = await own.serve("A")
        saves = [asyncio.create_task(own.pool.replace("A", plan_of("A", memory=memory))) for memory in (256, 512)]
        await settled()
        sandbox.reload_ends()
        await settled()
        assert own.reloading == [sandbox]
        sandbox.reload_ends()
        await asyncio.gather(*saves)
        assert (sandbox.reloads, sandbox.spec.function.memory) == (2, 512)
        await own.pool.close()

    run(test)


def test_a_plan_that_was_asked_for_before_a_save_does_not_come_after_it() -> None:
    async def test() -> None:
        own = world(plans_at_once=False)
        call = own.call("A", "one")
        await settled()
        save = asyncio.create_task(own.pool.replace("A", plan_of("A", memory=512)))
        await settled()
        own.asking["A"].set_result(None)
        await settled()
        assert [each.spec.function.memory for each in own.made] == [512]
        await own.answer()
        assert payload_of(await call) == "one"
        await save
        await own.pool.close()

    run(test)


def test_a_save_that_says_the_same_reloads_nothing() -> None:
    async def test() -> None:
        own = world(reloads=True)
        sandbox = await own.serve("A")
        assert await own.pool.replace("A", plan_of("A")) is Replaced.SAME
        assert sandbox.reloads == 0
        assert await own.serve("A") is sandbox
        await own.pool.close()

    run(test)


def test_a_plan_whose_code_turns_out_to_be_that_of_another_is_the_same() -> None:
    async def test() -> None:
        own = world(reloads=True)
        sandbox = await own.serve("A")
        given = replace(plan_of("A"), code="not looked at yet")
        assert await own.pool.replace("A", given) is Replaced.IN_PLACE
        own.pool.confirm("A", plan_of("A"), "of another plan")
        own.pool.confirm("A", given, "looked at")
        assert await own.pool.replace("A", replace(plan_of("A"), code="looked at")) is Replaced.SAME
        assert await own.pool.replace("A", replace(plan_of("A"), code="saved again")) is Replaced.IN_PLACE
        assert await own.pool.replace("A", replace(plan_of("A"), code="looked at")) is Replaced.IN_PLACE
        assert sandbox.reloads == 3
        await own.pool.close()

    run(test)


def test_a_function_that_may_run_less_often_since_a_save_does() -> None:
    async def test() -> None:
        own = world(reloads=True)
        calls = [own.call("A", str(number)) for number in range(3)]
        await settled()
        await own.answer()
        await asyncio.gather(*calls)
        await own.pool.replace("A", plan_of("A", reserved_concurrency=1))
        calls = [own.call("A", str(number)) for number in range(3)]
        for _ in calls:
            await settled()
            assert len(own.running) == 1
            await own.answer()
        await asyncio.gather(*calls)
        assert len(own.left) == 1
        await own.pool.close()

    run(test)


def test_one_that_has_died_takes_no_place_of_a_function_that_may_run_less_often_since_a_save() -> None:
    async def test() -> None:
        own = world(reloads=True)
        calls = [own.call("A", str(number)) for number in range(2)]
        await settled()
        died, waits = own.running
        await own.answer()
        await asyncio.gather(*calls)
        died.dead = True
        assert await own.pool.replace("A", plan_of("A", reserved_concurrency=1)) is Replaced.IN_PLACE
        await settled()
        assert (died.ended, waits.ended) == (True, False)
        assert await own.serve("A", "after") is waits
        await own.pool.close()

    run(test)


def test_a_sandbox_that_crashed_is_reloaded_for_the_next_event_where_it_can_be() -> None:
    async def test() -> None:
        own = world(reloads=True, keeps_the_dead=True)
        sandbox = await own.serve("A")
        stream = sandbox.spec.variables[LOG_STREAM]
        call = own.call("A", "crash")
        await settled()
        sandbox.dead = True
        await own.answer()
        await call
        # Code that nobody asks for is not run.
        assert (sandbox.reloads, states(own.pool, "A")) == (0, (State.IDLE,))
        assert await own.serve("A", "next") is sandbox
        assert sandbox.reloads == 1
        assert sandbox.spec.variables[LOG_STREAM] != stream
        await own.pool.close()

    run(test)


def test_a_pool_that_closes_during_a_reload_leaves_nothing() -> None:
    async def test() -> None:
        own = world(reloads=None)
        sandbox = await own.serve("A")
        save = asyncio.create_task(own.pool.replace("A", plan_of("A", memory=512)))
        await settled()
        await own.pool.close()
        assert sandbox.ended
        await save
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(test)


def test_sandboxes_started_ahead_count_those_that_are_reloaded_for_it() -> None:
    async def test() -> None:
        own = world(reloads=None)
        sandbox = await own.serve("A")
        save = asyncio.create_task(own.pool.replace("A", plan_of("A", memory=512)))
        await settled()
        warm = asyncio.create_task(own.pool.warm("A", 2))
        await settled()
        assert own.made == [sandbox]
        sandbox.reload_ends()
        await warm
        await save
        assert len(own.left) == 2
        await own.pool.close()

    run(test)


def test_a_plan_that_says_the_same_keeps_the_sandboxes() -> None:
    async def test() -> None:
        own = world()
        before = await own.serve("A")
        own.pool.change()
        assert await own.serve("A") is before
        assert own.asked == ["A", "A"]
        await own.pool.close()

    run(test)


def test_what_changes_while_it_is_planned_is_planned_again() -> None:
    async def test() -> None:
        own = world(plans_at_once=False)
        call = own.call("A")
        await settled()
        own.pool.change("A")
        own.asking["A"].set_result(None)
        await settled()
        assert not own.made
        own.plans["A"] = plan_of("A", memory=512)
        own.asking["A"].set_result(None)
        await settled()
        assert own.made[0].spec.function.memory == 512
        await own.answer()
        await call
        await own.pool.close()

    run(test)


def test_what_failed_to_be_planned_and_was_mended_meanwhile_is_no_failure() -> None:
    async def test() -> None:
        own = world(plans_at_once=False)
        call = own.call("A", "one")
        await settled()
        own.pool.change("A")
        own.asking["A"].set_exception(TemplateError("The template is broken."))
        await settled()
        own.asking["A"].set_result(None)
        await settled()
        await own.answer()
        assert payload_of(await call) == "one"
        await own.pool.close()

    run(test)


def test_a_sandbox_whose_credentials_end_within_an_invocation_is_replaced_by_one_with_new_ones() -> None:
    async def test() -> None:
        own = world()
        start = own.clock.epoch()
        own.plans["A"] = plan_of("A", timeout=60, expires=start + 1000, variables={"AWS_ACCESS_KEY_ID": "old"})
        before = await own.serve("A")
        own.plans["A"] = plan_of("A", timeout=60, expires=start + 4000, variables={"AWS_ACCESS_KEY_ID": "new"})
        own.clock.move(500)
        assert await own.serve("A") is before
        own.clock.move(440)
        assert (await own.serve("A")).spec.variables["AWS_ACCESS_KEY_ID"] == "new"
        await own.pool.close()

    run(test)


def test_a_sandbox_that_can_be_reloaded_goes_on_with_its_new_credentials() -> None:
    async def test() -> None:
        own = world(reloads=True)
        own.plans["A"] = plan_of("A", expires=own.clock.epoch() + 60, variables={"AWS_ACCESS_KEY_ID": "first"})
        sandbox = await own.serve("A")
        own.clock.move(58)
        own.plans["A"] = plan_of("A", expires=own.clock.epoch() + 3600, variables={"AWS_ACCESS_KEY_ID": "second"})
        assert await own.serve("A") is sandbox
        assert sandbox.spec.variables["AWS_ACCESS_KEY_ID"] == "second"
        await own.pool.close()

    run(test)


def test_credentials_that_cannot_be_renewed_are_not_asked_for_with_each_event() -> None:
    async def test() -> None:
        own = world()
        own.plans["A"] = plan_of("A", timeout=60, expires=own.clock.epoch() + 100)
        before = await own.serve("A")
        own.clock.move(50)
        for _ in range(5):
            assert await own.serve("A") is before
        assert own.asked == ["A", "A"]
        await own.pool.close()

    run(test)


def test_a_sandbox_lives_an_hour_at_most() -> None:
    async def test() -> None:
        own = world()
        before = await own.serve("A")
        for _ in range(11):
            own.clock.move(300)
            assert await own.serve("A") is before
        call = own.call("A", "last")
        await settled()
        own.clock.move(300)
        await own.answer()
        assert payload_of(await call) == "last"
        assert await own.serve("A") is not before
        await settled()
        assert before.ended
        await own.pool.close()

    run(test)


def test_a_sandbox_that_nobody_needs_ends_after_ten_minutes() -> None:
    async def test() -> None:
        own = world()
        waits = await own.serve("A")
        own.clock.move(599)
        await settled()
        assert states(own.pool, "A") == (State.IDLE,)
        own.clock.move(1)
        await settled()
        assert waits.ended
        assert states(own.pool, "A") == ()
        await own.pool.close()

    run(test)


@pytest.mark.parametrize("seconds", [600, 3600, 7200])
def test_a_sandbox_that_is_kept_waits_as_long_after_each_use_however_old_it_is(seconds: int) -> None:
    async def test() -> None:
        own = world()
        own.pool.keep("A", seconds)
        kept, other = await own.serve("A"), await own.serve("B")
        for _ in range(10):
            own.clock.move(seconds - 1)
            await settled()
            assert await own.serve("A") is kept
        own.clock.move(seconds - 1)
        await settled()
        assert not kept.ended
        own.clock.move(1)
        await settled()
        assert (kept.ended, other.ended) == (True, True)
        await own.pool.close()

    run(test)


# ahead


def test_sandboxes_started_ahead_are_there_for_the_first_events() -> None:
    async def test() -> None:
        own = world()
        await own.pool.warm("A", 2)
        await settled()
        assert states(own.pool, "A") == (State.IDLE, State.IDLE)
        # Two are what was asked for.
        await own.pool.warm("A", 2)
        calls = [own.call("A"), own.call("A")]
        await settled()
        assert len(own.made) == 2
        await own.answer()
        await asyncio.gather(*calls)
        await own.pool.close()

    run(test)


def test_what_is_started_ahead_is_of_the_plan_of_now() -> None:
    async def test() -> None:
        own = world()
        before = await own.serve("A")
        own.plans["A"] = plan_of("A", memory=512)
        own.pool.change("A")
        await own.pool.warm("A", 1)
        await settled()
        assert before.ended
        assert [each.spec.function.memory for each in own.left] == [512]
        await own.pool.close()

    run(test)


def test_what_is_started_ahead_takes_no_place_from_what_is_there() -> None:
    async def test() -> None:
        own = world(concurrency=2)
        there = await own.serve("B")
        await own.pool.warm("A", 5)
        assert [each.function for each in own.left] == ["B", "A"]
        assert not there.ended
        await own.pool.close()

    run(test)


def test_a_tenants_sandbox_is_not_started_before_the_tenant_is_known() -> None:
    async def test() -> None:
        own = World()
        own.plans = {"A": plan_of("A", isolates_tenants=True)}
        with pytest.raises(ConfigurationError, match="keeps its tenants apart"):
            await own.pool.warm("A", 1)
        await own.pool.close()

    run(test)


# failures


def test_a_plan_that_fails_is_raised_to_the_events_that_needed_it_and_asked_for_again() -> None:
    async def test() -> None:
        own = world(concurrency=1)
        calls = [own.call("Missing"), own.call("A", "other")]
        await settled()
        with pytest.raises(TemplateError, match="no function Missing"):
            await calls[0]
        await own.answer()
        assert payload_of(await calls[1]) == "other"
        own.plans["Missing"] = plan_of("Missing")
        await own.serve("Missing")
        await own.pool.close()

    run(test)


def test_nobody_waits_behind_a_plan_that_takes_long() -> None:
    async def test() -> None:
        own = world(concurrency=1, plans_at_once=False)
        slow = own.call("A")
        other = own.call("B", "other")
        await settled()
        own.asking["B"].set_result(None)
        await settled()
        await own.answer()
        assert payload_of(await other) == "other"
        assert not slow.done()
        await own.pool.close()
        with pytest.raises(PoolClosedError):
            await slow

    run(test)


# starts


def test_an_event_that_waits_for_a_start_gets_what_is_free_before_and_the_next_one_what_was_started_for_it() -> None:
    async def test() -> None:
        own = world(starts_at_once=False)
        calls = [own.call("A", payload) for payload in ("one", "two", "three")]
        await settled()
        first, second, third = own.starting
        first.go_on()
        await settled()
        for payload in (b"one", b"two", b"three"):
            assert first.event == payload
            await own.answer()
        assert [payload_of(await call) for call in calls] == ["one", "two", "three"]
        # Two at once have what is there, what is started already, and nothing more.
        more = [own.call("A", "four"), own.call("A", "five")]
        await settled()
        assert first.event == b"four"
        second.go_on()
        await settled()
        assert second.event == b"five"
        await own.answer()
        assert [payload_of(await call) for call in more] == ["four", "five"]
        third.go_on(GONE)
        await settled()
        assert (len(own.made), own.left) == (3, [first, second])
        await own.pool.close()

    run(test)


def test_only_so_many_start_at_once_and_what_is_not_needed_any_more_is_not_begun() -> None:
    async def test() -> None:
        own = world(starts_at_once=False, starts=2)
        calls = [own.call("A", str(number)) for number in range(5)]
        await settled()
        first, _ = own.starting
        first.go_on()
        await settled()
        # The next one begins in its place.
        assert len(own.starting) == 2
        for number in range(5):
            assert first.event == str(number).encode()
            await own.answer()
        assert [payload_of(await call) for call in calls] == [str(number) for number in range(5)]
        for each in own.starting:
            each.go_on()
        await settled()
        assert len(own.made) == 3
        assert states(own.pool, "A") == (State.IDLE,) * 3
        await own.pool.close()

    run(test)


def test_an_event_takes_what_is_being_started_ahead() -> None:
    async def test() -> None:
        own = world(starts_at_once=False)
        ahead = asyncio.create_task(own.pool.warm("A", 1))
        await settled()
        call = own.call("A", "one")
        await settled()
        (only,) = own.starting
        only.go_on()
        await settled()
        await own.answer()
        assert payload_of(await call) == "one"
        await ahead
        await own.pool.close()

    run(test)


@pytest.mark.parametrize("steps", range(8))
def test_a_caller_who_goes_when_another_sandbox_is_free_for_it_takes_none_along_that_has_not_begun(
    steps: int,
) -> None:
    async def test() -> None:
        own = world(starts_at_once=False)
        call, leaves = own.call("A", "one"), own.call("A", "two")
        await settled()
        first, second = own.starting
        first.go_on()
        await settled()
        first.go_on()
        for _ in range(steps):
            await asyncio.sleep(0)
        leaves.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaves
        await settled()
        assert payload_of(await call) == "one"
        begun = b"two" in first.served
        assert own.left == [second] if begun else [first, second]
        again = own.call("A", "three")
        await settled()
        if begun:
            second.go_on()
            await settled()
        await own.answer()
        assert payload_of(await again) == "three"
        assert len(own.made) == 2
        await own.pool.close()

    run(test)


def test_a_start_that_fails_is_raised_to_its_own_event_and_the_next_gets_a_start_of_its_own() -> None:
    async def test() -> None:
        own = world(concurrency=1, starts_at_once=False)
        calls = [own.call("A", "one"), own.call("A", "two")]
        await settled()
        (first,) = own.starting
        first.go_on(GONE)
        await settled()
        with pytest.raises(EngineError):
            await calls[0]
        (second,) = own.starting
        second.go_on()
        await settled()
        await own.answer()
        assert payload_of(await calls[1]) == "two"
        await own.pool.close()

    run(test)


def test_a_sandbox_that_cannot_even_be_made_is_raised_to_its_event() -> None:
    async def test() -> None:
        def make(_: object) -> Fake:
            raise GONE

        own = world()
        async with Pool(own.plan, make) as pool:
            with pytest.raises(EngineError):
                await pool.invoke("A", Request(payload=b""), chunk=lambda _: None)
            assert states(pool, "A") == ()

    run(test)


# ended from outside


def test_the_sandbox_of_an_event_whose_caller_has_gone_ends_and_the_next_event_gets_another() -> None:
    async def test() -> None:
        own = world(concurrency=1)
        calls = [own.call("A", "one"), own.call("A", "two")]
        await settled()
        given_up = own.running[0]
        calls[0].cancel()
        await settled()
        assert calls[0].cancelled()
        assert given_up.ended
        await own.answer()
        assert payload_of(await calls[1]) == "two"
        assert given_up.served == [b"one"]
        await own.pool.close()

    run(test)


def test_an_event_whose_caller_has_gone_while_it_waited_is_not_run() -> None:
    async def test() -> None:
        own = world(concurrency=1)
        calls = [own.call("A", str(number)) for number in range(3)]
        await settled()
        calls[1].cancel()
        await own.answer()
        await own.answer()
        assert [payload_of(await calls[number]) for number in (0, 2)] == ["0", "2"]
        assert own.begun == [("A", b"0"), ("A", b"2")]
        await own.pool.close()

    run(test)


@pytest.mark.parametrize("started_first", [True, False])
def test_the_start_for_a_caller_who_has_gone_serves_the_next_one(started_first: bool) -> None:
    async def test() -> None:
        own = world(concurrency=1, starts_at_once=False)
        calls = [own.call("A", "one"), own.call("A", "two")]
        await settled()
        (starting,) = own.starting

        def leave() -> None:
            calls[0].cancel()

        steps: list[Callable[[], None]] = [starting.go_on, leave]
        for step in steps if started_first else reversed(steps):
            step()
        await settled()
        await own.answer()
        assert payload_of(await calls[1]) == "two"
        assert starting.served == [b"two"]
        await own.pool.close()

    run(test)


def test_closing_ends_what_runs_what_waits_and_what_is_only_half_started() -> None:
    async def test() -> None:
        own = world(concurrency=3, starts_at_once=False)
        running = own.call("A", "one")
        await settled()
        own.starting[0].go_on()
        await settled()
        half = own.call("A", "two")
        ahead = asyncio.create_task(own.pool.warm("B", 1))
        await settled()
        waiting = own.call("B")
        await settled()
        assert (len(own.running), len(own.starting)) == (1, 2)
        await own.pool.close()
        assert not own.left
        for call in (running, half, waiting, ahead):
            with pytest.raises(PoolClosedError):
                await call
        with pytest.raises(PoolClosedError):
            await own.pool.invoke("A", Request(payload=b""), chunk=lambda _: None)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(test)


def test_closing_also_ends_a_start_that_cannot_be_cut_short() -> None:
    async def test() -> None:
        own = world(starts_at_once=False)
        call = own.call("A")
        await settled()
        own.starting[0].holds_out = True
        await own.pool.close()
        assert not own.left
        with pytest.raises(PoolClosedError):
            await call

    run(test)


def test_a_cancelled_user_of_the_pool_leaves_nothing_behind() -> None:
    async def test() -> None:
        own = world(starts_at_once=False)

        async def use() -> None:
            async with own.pool as pool:
                await pool.invoke("A", Request(payload=b""), chunk=lambda _: None)

        using = asyncio.create_task(use())
        await settled()
        assert own.starting
        using.cancel()
        with pytest.raises(asyncio.CancelledError):
            await using
        assert not own.left

    run(test)
