"""A batch as an event of its function, in a pool that answers what a test says."""

from __future__ import annotations

import pytest
from fake_pool import FakePool
from sources_kit import FUNCTION, RAISES, run

from samlocal.endpoint.happening import Begun, Ended, Happening
from samlocal.errors import CodeError
from samlocal.pool.pool import PoolClosedError
from samlocal.pool.throttle import Throttled, ThrottleReason
from samlocal.sandbox.result import Success
from samlocal.sources.running import Ran, running


def ran(pool: FakePool, told: list[Happening] | None = None) -> Ran:
    async def test() -> Ran:
        hears = [].append if told is None else told.append
        return await running(pool, FUNCTION, "live", hears)(b'{"Records": []}')

    return run(test)


def test_the_function_has_the_event_by_the_alias_that_is_mapped_and_who_hears_of_events_hears_of_it() -> None:
    pool, told = FakePool(Success(payload=b'"done"')), list[Happening]()
    came_of_it = ran(pool, told)
    assert came_of_it.result == Success(payload=b'"done"')
    ((function, request),) = pool.asked
    assert (function, request.payload, request.qualifier) == ("Fn", b'{"Records": []}', "live")
    assert request.request_id == came_of_it.request_id
    begun, ended = told
    assert isinstance(begun, Begun)
    assert isinstance(ended, Ended)
    assert begun.request == ended.request == request


def test_what_is_streamed_is_the_answer() -> None:
    pool = FakePool(Success(payload=b"", streamed=True), parts=(b'{"batchItem', b'Failures": []}'))
    assert ran(pool).result == Success(payload=b'{"batchItemFailures": []}')


def test_an_error_of_the_functions_is_a_result() -> None:
    assert ran(FakePool(RAISES)).result == RAISES


@pytest.mark.parametrize(
    "outcome",
    [
        Throttled(reason=ThrottleReason.RESERVED),
        Throttled(reason=ThrottleReason.RESERVED, is_final=True),
        CodeError("there is no code"),
        PoolClosedError("closed"),
    ],
)
def test_what_could_not_be_run_is_none(outcome: Throttled | Exception) -> None:
    assert ran(FakePool(outcome)).result is None
