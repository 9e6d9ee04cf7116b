"""How long a process that stays believes what AWS has told it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from samlocal.deployed.snapshot import Snapshot

QUESTION = ("export", "Name")


class Clock:
    """Epoch seconds that a test moves."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Aws:
    """Counts how often it is asked; each answer is another one."""

    asked = 0

    def __call__(self) -> str:
        self.asked += 1
        return f"answer {self.asked}"


def asked_plainly(snapshot: Snapshot, aws: Aws) -> str:
    return snapshot.ask(QUESTION, aws, str)


def asked_for_a_secret(snapshot: Snapshot, aws: Aws) -> str:
    return snapshot.ask_secret(QUESTION, aws)


@pytest.mark.parametrize("ask", [asked_plainly, asked_for_a_secret])
def test_an_answer_in_memory_is_believed_as_long_as_one_on_disk_and_no_longer(
    clock: Clock, ask: Callable[[Snapshot, Aws], str]
) -> None:
    aws, snapshot = Aws(), Snapshot(None, clock=clock, max_age=300)
    assert ask(snapshot, aws) == "answer 1"
    clock.now += 299
    assert ask(snapshot, aws) == "answer 1"
    clock.now += 2
    assert ask(snapshot, aws) == "answer 2"


def test_an_answer_from_disk_brings_its_age_into_memory(tmp_path: Path, clock: Clock) -> None:
    aws, file = Aws(), tmp_path / "snapshot.json"
    first = Snapshot(file, clock=clock, max_age=300)
    asked_plainly(first, aws)
    first.save()
    clock.now += 200
    second = Snapshot(file, clock=clock, max_age=300)
    assert asked_plainly(second, aws) == "answer 1"
    clock.now += 101
    assert asked_plainly(second, aws) == "answer 2"


def test_one_run_asks_nothing_twice_whatever_age_is_believed(clock: Clock) -> None:
    aws, snapshot = Aws(), Snapshot(None, clock=clock, max_age=0)
    asked_plainly(snapshot, aws)
    clock.now += 5
    assert asked_plainly(snapshot, aws) == "answer 1"


def test_a_clock_that_is_set_back_makes_no_answer_last(clock: Clock) -> None:
    aws, snapshot = Aws(), Snapshot(None, clock=clock, max_age=300)
    asked_for_a_secret(snapshot, aws)
    clock.now -= 86_400
    assert asked_for_a_secret(snapshot, aws) == "answer 2"
