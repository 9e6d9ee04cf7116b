"""A function under a debugger, in a pool: its one sandbox stays as long as nothing makes another necessary."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pool_kit import DEBUGGING, World, payload_of, plan_of, run, settled, states

from samlocal.errors import TemplateError
from samlocal.pool.pool import PoolClosedError
from samlocal.pool.pooled import State


def world(**more: Any) -> World:
    """``A`` is debugged, ``B`` is not."""
    made = World(**more)
    made.plans = {"A": plan_of("A", debugging=DEBUGGING), "B": plan_of("B")}
    return made


def test_its_events_run_one_after_the_other_and_other_functions_as_ever() -> None:
    async def test() -> None:
        own = world()
        calls = [own.call(name, str(number)) for number, name in enumerate("AAABBB")]
        await settled()
        assert sorted(each.function for each in own.running) == ["A", "B", "B", "B"]
        for _ in range(3):
            await own.answer()
        await asyncio.gather(*calls)
        assert [event for name, event in own.begun if name == "A"] == [b"0", b"1", b"2"]
        await own.pool.close()

    run(test)


def test_its_sandbox_outlives_every_idle_time_and_the_hour() -> None:
    async def test() -> None:
        own = world()
        first = await own.serve("A")
        for seconds in (601, 3601, 86_400):
            own.clock.move(seconds)
            await settled()
            assert states(own.pool, "A") == (State.IDLE,)
            assert await own.serve("A") is first
        await own.pool.close()

    run(test)


def test_it_takes_no_place_and_gives_none_where_the_pool_is_full() -> None:
    async def test() -> None:
        own = world(concurrency=1)
        debugged = await own.serve("A")
        await own.serve("B")
        assert not debugged.ended
        other = own.call("B", "stays")
        await settled()
        assert await own.serve("A", "again") is debugged
        await own.answer()
        await other
        await own.pool.close()

    run(test)


def test_what_replaces_it_is_there_before_its_next_event() -> None:
    async def test() -> None:
        own = world()
        before = await own.serve("A")
        # Changed while it waits ...
        own.plans["A"] = plan_of("A", memory=256, debugging=DEBUGGING)
        own.pool.change()
        await settled()
        assert before.ended
        (now,) = own.left
        assert now.spec.function.memory == 256
        # ... while it runs ...
        call = own.call("A")
        await settled()
        own.plans["A"] = plan_of("A", memory=512, debugging=DEBUGGING)
        own.pool.change()
        await settled()
        assert not now.ended
        now.go_on()
        await call
        await settled()
        (now,) = own.left
        assert now.spec.function.memory == 512
        # ... and crashed.
        call = own.call("A")
        await settled()
        now.dead = True
        now.go_on()
        await call
        await settled()
        assert [each.ended for each in own.made] == [True, True, True, False]
        await own.pool.close()

    run(test)


def test_no_other_one_begins_before_it_is_gone_since_they_share_a_port() -> None:
    async def test() -> None:
        own = world()
        before = await own.serve("A")
        own.plans["A"] = plan_of("A", memory=256, debugging=DEBUGGING)
        own.pool.change()
        call = own.call("A", "soon")
        while not before.ended:
            assert len(own.made) == 1
            await asyncio.sleep(0)
        await settled()
        await own.answer()
        await call
        assert own.made[1].served == [b"soon"]
        await own.pool.close()

    run(test)


def test_a_broken_change_is_the_next_events_to_hear_of_and_a_good_one_mends_it() -> None:
    async def test() -> None:
        own = world()
        await own.serve("A")
        good = own.plans.pop("A")
        own.pool.change()
        await settled()
        call = own.call("A")
        await settled()
        assert isinstance(call.exception(), TemplateError)
        own.plans["A"] = good
        await own.serve("A")
        assert len(own.made) == 1, "it has waited for that"
        await own.pool.close()

    run(test)


def test_where_none_has_been_started_none_is_started_by_a_change() -> None:
    async def test() -> None:
        own = world()
        own.pool.change()
        await settled()
        assert own.made == []
        await own.pool.close()

    run(test)


def test_where_it_can_be_it_is_reloaded_instead_and_that_too_before_its_next_event() -> None:
    async def test() -> None:
        own = world(reloads=True, keeps_the_dead=True)
        sandbox = await own.serve("A")
        await own.pool.replace("A", plan_of("A", memory=256, debugging=DEBUGGING))
        assert (sandbox.reloads, sandbox.spec.function.memory) == (1, 256)
        call = own.call("A")
        await settled()
        sandbox.dead = True
        sandbox.go_on()
        await call
        await settled()
        assert sandbox.reloads == 2
        assert own.made == [sandbox]
        await own.pool.close()

    run(test)


def test_what_it_runs_can_be_cut_short_and_the_others_run_on() -> None:
    async def test() -> None:
        own = world()
        calls = [own.call("A", "stands"), own.call("A", "waits"), own.call("B", "runs")]
        await settled()
        own.pool.cut_short("A")
        for call in calls[:2]:
            with pytest.raises(PoolClosedError):
                await call
        await settled()
        assert states(own.pool, "A") == (), "none is started again"
        late = own.call("A", "late")
        with pytest.raises(PoolClosedError):
            await late
        await own.answer()
        assert payload_of(await calls[2]) == "runs"
        await own.pool.close()

    run(test)
