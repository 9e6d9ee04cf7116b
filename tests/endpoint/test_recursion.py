"""Functions that invoke themselves: AWS stops them after about 16 times in one chain of requests.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from endpoint_kit import callee, run, unforeseen
from fake_pool import FakePool

from samlocal.endpoint.event_queue import EventQueue
from samlocal.endpoint.happening import Happening, Looped
from samlocal.endpoint.invocation_record import InvocationRecord
from samlocal.endpoint.recursion import MOST, counted, is_stopped
from samlocal.sandbox.invocation import Request
from samlocal.sandbox.result import Success

# Recorded of AWS: one function's header, and one's of an event that two have sent on.
ROOT = "Root=1-67f6cc3c-2501b4910e004349426d8006;Parent=73146ee07a1ed731;Sampled=0"
OLDER = f"{ROOT};Lineage=aae260cf:0|74085691:0"


def trace_after(name: str, rounds: int, trace: str | None = None) -> str | None:
    """What a function that sends its event to itself has in its environment then."""
    for _ in range(rounds):
        trace = counted(callee(name), Request(payload=b"1", trace_id=trace)).trace_id
    return trace


@pytest.mark.parametrize(
    ("trace", "stopped"),
    [
        (None, False),
        ("", False),
        (ROOT, False),
        (OLDER, False),
        (f"{ROOT};Lineage=no-lineage", False),
        (trace_after("Fn", 1), False),
        (trace_after("Fn", MOST - 1), False),
        (trace_after("Fn", MOST), True),
        (trace_after("Other", 2 * MOST), False),
        (trace_after("Other", 3, trace_after("Fn", MOST)), True),
    ],
    # The headers have ids of their own each time, by which several workers would not know each other's tests.
    ids=range(10),
)
def test_an_event_is_stopped_when_its_chain_has_invoked_the_function_16_times(
    trace: str | None, stopped: bool
) -> None:
    assert is_stopped(callee(), trace) is stopped
    assert not is_stopped(callee(may_loop=True), trace)


def test_the_header_keeps_all_but_its_lineage_which_is_written_as_aws_writes_it() -> None:
    first = trace_after("Fn", 1, ROOT)
    assert re.fullmatch(re.escape(ROOT) + r";Lineage=1:[0-9a-f]{8}:0", str(first))
    assert trace_after("Fn", 1, first) == re.sub(":0$", ":1", str(first))
    both = trace_after("Fn", 1, OLDER)
    assert re.fullmatch(re.escape(ROOT) + r";Lineage=1:aae260cf:0\|74085691:0\|[0-9a-f]{8}:0", str(both))


def test_a_queued_event_of_a_loop_is_not_run_and_goes_where_lost_events_go() -> None:
    records: list[InvocationRecord] = []
    told: list[Happening] = []
    ended: list[bool] = []

    class Delivers:
        async def deliver(self, record: InvocationRecord, *, again: Any) -> None:
            records.append(record)

    async def test() -> None:
        pool = FakePool(Success(payload=b"1"))
        queue = EventQueue(pool, Delivers(), told=told.append, failed=unforeseen)
        for rounds in (MOST - 1, MOST):
            request = Request(payload=b"1", request_id=f"after {rounds}", trace_id=trace_after("Fn", rounds))
            queue.put(callee(), request, lambda: ended.append(True))
        while len(ended) < 2:
            await asyncio.sleep(0)
        assert [request.request_id for _, request in pool.asked] == [f"after {MOST - 1}"]

    run(test)
    (looped,) = (each for each in told if isinstance(each, Looped))
    assert looped.request.request_id == f"after {MOST}"
    (lost,) = (each for each in records if not each.succeeded)
    assert lost.document()["requestContext"] == {
        "requestId": f"after {MOST}",
        "functionArn": f"{callee().arn}:$LATEST",
        "condition": "RecursiveInvocationException",
        "approximateInvokeCount": 0,
    }
