"""A batch as an event of its function, in a pool that answers what a test says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from sources_kit import FUNCTION, RAISES, run

from samlocal.endpoint.happening import Begun, Ended, Happening
from samlocal.errors import CodeError
from samlocal.pool.pool import PoolClosedError
from samlocal.pool.throttle import Throttled, ThrottleReason
from samlocal.sandbox.invocation import Invocation, Request
from samlocal.sandbox.report import Report
from samlocal.sandbox.result import Result, Success
from samlocal.sources.running import Ran, running


class Pool:
    """Gives one outcome, streaming what it says before."""

    def __init__(self, outcome: Result | Throttled | Exception, *, parts: tuple[bytes, ...] = ()) -> None:
        self._outcome = outcome
        self._parts = parts
        self.asked: list[tuple[str, Request]] = []

    async def invoke(
        self,
        function_id: str,
        request: Request,
        *,
        chunk: Callable[[bytes], None],
        answered: Callable[[Result], None] | None = None,
        streams: Callable[[str], None] | None = None,
    ) -> Invocation | Throttled:
        self.asked.append((function_id, request))
        if isinstance(self._outcome, Exception):
            raise self._outcome
        if isinstance(self._outcome, Throttled):
            return self._outcome
        for part in self._parts:
            await asyncio.to_thread(chunk, part)
        if answered is not None:
            answered(self._outcome)
        request_id = request.request_id or ""
        report = Report(request_id=request_id, duration=1.0, memory_size=128)
        return Invocation(request_id=request_id, result=self._outcome, report=report)


def ran(pool: Pool, told: list[Happening] | None = None) -> Ran:
    async def test() -> Ran:
        hears = [].append if told is None else told.append
        return await running(pool, FUNCTION, "live", hears)(b'{"Records": []}')

    return run(test)


def test_the_function_has_the_event_by_the_alias_that_is_mapped_and_who_hears_of_events_hears_of_it() -> None:
    pool, told = Pool(Success(payload=b'"done"')), list[Happening]()
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
    pool = Pool(Success(payload=b"", streamed=True), parts=(b'{"batchItem', b'Failures": []}'))
    assert ran(pool).result == Success(payload=b'{"batchItemFailures": []}')


def test_an_error_of_the_functions_is_a_result() -> None:
    assert ran(Pool(RAISES)).result == RAISES


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
    assert ran(Pool(outcome)).result is None
