"""Asynchronous events: how often they are tried, when, and what is sent about them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from endpoint_kit import callee, run, unforeseen
from fake_pool import FakePool

from samlocal.endpoint.directory import Callee
from samlocal.endpoint.event_queue import EventQueue
from samlocal.endpoint.invocation_record import Condition, InvocationRecord
from samlocal.errors import CodeError
from samlocal.function.async_invocation import AsyncInvocation
from samlocal.pool.throttle import Throttled, ThrottleReason
from samlocal.sandbox.invocation import Request
from samlocal.sandbox.result import FunctionError, Success

FAILED = FunctionError(payload=b'{"errorMessage":"no"}')
BUSY = Throttled(reason=ThrottleReason.CONCURRENT)
NEVER = Throttled(reason=ThrottleReason.RESERVED, is_final=True)


class Time:
    """A clock that each wait moves."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.waited: list[float] = []

    def now(self) -> float:
        return self.seconds

    def epoch(self) -> float:
        return self.seconds

    def call_later(self, seconds: float, call: Callable[[], object]) -> Any:
        raise AssertionError("nothing is called later")

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.seconds += seconds


class Delivered:
    def __init__(self) -> None:
        self.records: list[InvocationRecord] = []

    async def deliver(self, record: InvocationRecord, *, again: Callable[[Callee, Request], None]) -> None:
        self.records.append(record)


def over(pool: FakePool, **config: Any) -> tuple[InvocationRecord, Time, FakePool]:
    """What is sent about one event, and what time it took."""
    time, delivered = Time(), Delivered()

    async def test() -> None:
        queue = EventQueue(pool, delivered, told=lambda _: None, failed=unforeseen, clock=time, sleep=time.sleep)
        queue.put(
            callee(asynchronous=AsyncInvocation(**config)), Request(payload=b'{"a":1}', request_id="the-request")
        )
        while not delivered.records:
            await asyncio.sleep(0)

    run(test)
    (record,) = delivered.records
    return record, time, pool


def test_an_event_that_succeeds_is_run_once() -> None:
    record, time, pool = over(FakePool(Success(payload=b"1")))
    assert (record.condition, record.attempts, time.waited) == (Condition.SUCCESS, 1, [])
    assert len(pool.asked) == 1


def test_a_failing_event_is_tried_again_after_one_minute_and_after_two() -> None:
    record, time, pool = over(FakePool(FAILED))
    assert (record.condition, record.attempts) == (Condition.RETRIES_EXHAUSTED, 3)
    assert time.waited == [60, 120]
    # AWS's retries are the same request.
    assert {request.request_id for _, request in pool.asked} == {"the-request"}


@pytest.mark.parametrize(("retries", "attempts"), [(0, 1), (1, 2), (2, 3)])
def test_the_template_says_how_often_an_event_is_tried_again(retries: int, attempts: int) -> None:
    assert over(FakePool(FAILED), retries=retries)[0].attempts == attempts


def test_an_event_that_succeeds_at_its_second_attempt_has_succeeded() -> None:
    record, _, _ = over(FakePool(FAILED, Success(payload=b"1")))
    assert (record.condition, record.attempts) == (Condition.SUCCESS, 2)


def test_a_throttled_event_waits_for_longer_each_time_and_is_no_attempt() -> None:
    record, time, _ = over(FakePool(BUSY, BUSY, BUSY, Success(payload=b"1")))
    assert (record.attempts, time.waited) == (1, [1, 2, 4])


def test_an_event_that_gets_too_old_is_over() -> None:
    record, time, _ = over(FakePool(BUSY), age=60)
    assert (record.condition, record.attempts) == (Condition.TOO_OLD, 0)
    assert time.seconds >= 60


@pytest.mark.parametrize(
    ("age", "attempts", "waited"), [(60, 1, []), (90, 2, [60]), (180, 2, [60]), (181, 3, [60, 120])]
)
def test_a_retry_that_would_come_too_late_is_not_waited_for(age: int, attempts: int, waited: list[int]) -> None:
    record, time, _ = over(FakePool(FAILED), age=age)
    assert (record.attempts, time.waited) == (attempts, waited)
    assert (record.condition is Condition.TOO_OLD) == (attempts < 3)
    assert record.result == FAILED


def test_a_reserved_concurrency_of_zero_is_not_tried_again() -> None:
    record, time, _ = over(FakePool(NEVER))
    assert (record.attempts, time.waited) == (0, [])
    assert not record.succeeded


def test_an_event_that_samlocal_cannot_run_comes_to_an_end_too() -> None:
    record, _, _ = over(FakePool(CodeError("It is not there.")))
    assert (record.condition, record.attempts, record.result) == (Condition.RETRIES_EXHAUSTED, 3, None)


def test_at_the_end_events_that_wait_for_another_attempt_are_given_up_and_counted() -> None:
    async def test() -> None:
        delivered, pool = Delivered(), FakePool(FAILED)
        queue = EventQueue(pool, delivered, told=lambda _: None, failed=unforeseen)
        for _ in range(3):
            queue.put(callee(), Request(payload=b"1", request_id="r"))
        while len(pool.asked) < 3:
            await asyncio.sleep(0)
        assert await queue.close() == 3
        assert delivered.records == []

    run(test)


def test_a_fault_of_its_own_is_heard_of_and_ends_no_other_event() -> None:
    async def test() -> None:
        faults: list[BaseException] = []
        queue = EventQueue(
            FakePool(OSError("the disk"), Success(payload=b"1")),
            Delivered(),
            told=lambda _: None,
            failed=faults.append,
        )
        for _ in range(2):
            queue.put(callee(), Request(payload=b"1", request_id="r"))
        assert await queue.close() == 0
        assert [str(each) for each in faults] == ["the disk"]

    run(test)


def test_whoever_gives_an_event_hears_of_its_end_and_keeps_one_that_is_given_up() -> None:
    async def test() -> None:
        delivered, pool, ended = Delivered(), FakePool(Success(payload=b"1"), FAILED), []
        queue = EventQueue(pool, delivered, told=lambda _: None, failed=unforeseen)
        for name in ("first", "second"):
            queue.put(callee(), Request(payload=b"1", request_id=name), lambda name=name: ended.append(name))
            while len(pool.asked) <= (name == "second"):
                await asyncio.sleep(0)
        # Nothing of it is lost, so nothing is counted.
        assert await queue.close() == 0
        assert ended == ["first"]

    run(test)
