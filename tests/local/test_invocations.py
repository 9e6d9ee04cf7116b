"""The invocations that the local endpoint keeps for whoever runs functions."""

from __future__ import annotations

import threading

import pytest
from kit import eventually

from samlocal.local.invocation import Answered, Invocation
from samlocal.local.moto.invocations import FullError, Invocations, NobodyRunsError


class Time:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def of(payload: bytes) -> Invocation:
    return Invocation(function="Fn", payload=payload, source="topic")


def payloads(invocations: Invocations, runner: str) -> list[bytes]:
    return [each.payload for each in invocations.fetch(runner, 0).invocations]


def test_events_wait_in_their_order_until_somebody_runs_functions() -> None:
    invocations = Invocations()
    for payload in (b"1", b"2"):
        invocations.put(of(payload))
    assert invocations.count == 2
    assert payloads(invocations, "one") == [b"1", b"2"]
    assert payloads(invocations, "one") == []


def test_an_event_that_was_fetched_and_is_not_over_is_the_next_runners() -> None:
    invocations = Invocations()
    for payload in (b"done", b"begun", b"waits"):
        invocations.put(of(payload))
    first = invocations.fetch("one", 0).invocations
    invocations.over(first[0].id, Answered())
    assert invocations.count == 2
    assert payloads(invocations, "two") == [b"begun", b"waits"]
    invocations.leave("two")
    assert payloads(invocations, "three") == [b"begun", b"waits"]


def test_who_has_been_replaced_gets_no_more() -> None:
    invocations = Invocations()
    assert payloads(invocations, "old") == []
    waiting = threading.Thread(target=invocations.fetch, args=("old", 20), daemon=True)
    waiting.start()
    eventually(lambda: invocations.is_run)
    assert payloads(invocations, "new") == []
    # It is sent away, and does not wait for an event until its time is over.
    waiting.join(15)
    assert not waiting.is_alive()
    # And it takes nothing back by asking again.
    assert invocations.fetch("old", 0).replaced
    invocations.put(of(b"1"))
    assert payloads(invocations, "new") == [b"1"]


def test_more_events_than_have_room_are_refused() -> None:
    invocations = Invocations(most=1)
    invocations.put(of(b"1"))
    with pytest.raises(FullError):
        invocations.put(of(b"2"))
    (fetched,) = invocations.fetch("one", 0).invocations
    invocations.over(fetched.id, Answered())
    invocations.put(of(b"3"))


def test_a_caller_who_waits_gets_the_answer_and_is_no_event_that_waits() -> None:
    invocations = Invocations()
    assert payloads(invocations, "one") == []
    got: list[Answered] = []
    caller = threading.Thread(target=lambda: got.append(invocations.answer(of(b"1"))))
    caller.start()
    fetched = invocations.fetch("one", 20).invocations
    assert [each.waits for each in fetched] == [True]
    assert invocations.count == 0
    invocations.over(fetched[0].id, Answered(status=200, payload=b"2"))
    caller.join(60)
    assert got == [Answered(status=200, payload=b"2")]


def test_nobody_waits_for_an_answer_where_nobody_runs_functions_any_more() -> None:
    time = Time()
    invocations = Invocations(clock=time)
    with pytest.raises(NobodyRunsError):
        invocations.answer(of(b"1"))
    assert payloads(invocations, "one") == []
    refused = threading.Event()

    def call() -> None:
        try:
            invocations.answer(of(b"1"))
        except NobodyRunsError:
            refused.set()

    caller = threading.Thread(target=call)
    caller.start()
    eventually(lambda: payloads(invocations, "one") == [b"1"])
    # It has been killed: it never asks again.
    time.seconds = 3600
    caller.join(60)
    assert refused.is_set()


def test_who_was_killed_while_they_waited_for_events_gets_none_and_counts_as_gone_at_once() -> None:
    invocations = Invocations()
    lives = threading.Event()
    lives.set()
    asking = threading.Thread(target=invocations.fetch, args=("old", 20), kwargs={"is_there": lives.is_set})
    asking.start()
    eventually(lambda: invocations.is_run)
    lives.clear()
    assert not invocations.is_run
    invocations.put(of(b"1"))
    asking.join(60)
    assert payloads(invocations, "next") == [b"1"]


def test_what_came_while_its_runner_was_being_killed_is_the_next_ones() -> None:
    invocations = Invocations()
    invocations.put(of(b"1"))
    assert invocations.fetch("old", 20, is_there=lambda: False).invocations == ()
    assert payloads(invocations, "next") == [b"1"]


def test_what_services_could_not_do_is_told_once_to_whoever_runs_functions_with_how_often_it_was_so() -> None:
    invocations = Invocations()
    for _ in range(3):
        invocations.remark("not delivered to a queue that is not there")
    invocations.remark("not called")
    assert invocations.fetch("one", 20).remarks == (
        "not delivered to a queue that is not there (3 times)",
        "not called",
    )
    for number in range(1_000):
        invocations.remark(f"remark {number}")
    assert len(invocations.fetch("one", 0).remarks) == 100
    assert invocations.fetch("one", 0).remarks == ()
