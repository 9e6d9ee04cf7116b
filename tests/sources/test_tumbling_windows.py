"""Tumbling windows: what AWS documents, and what happens.

https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sources_kit import RAISES
from windows_kit import SOURCE, Windows, adds, at_first

from samlocal.sandbox.result import Success
from samlocal.sources.happening import Discarded

# When records come, what the function answers, how it is read, and the events.
TABLE: dict[str, tuple[list[float], dict[str, Any], list[tuple[str, int, dict[str, Any], str]]]] = {
    "a window's records are added up, and its end is told when its time is over": (
        [1, 2, 3],
        {"ends": 30},
        [
            ("1", 0, {}, ""),
            ("2", 0, {"1": 1}, ""),
            ("3", 0, {"1": 1, "2": 1}, ""),
            ("", 0, {"1": 1, "2": 1, "3": 1}, "final"),
        ],
    ),
    "a batch ends with its window, and the next one begins with no state": (
        [0, 0, 12],
        {"ends": 40},
        [("12", 0, {}, ""), ("", 0, {"1": 1, "2": 1}, "final"), ("3", 10, {}, ""), ("", 10, {"3": 1}, "final")],
    ),
    "a batch is no larger than the batch size": (
        [0, 0, 0],
        {"batch_size": 2, "ends": 30},
        [("12", 0, {}, ""), ("3", 0, {"1": 1, "2": 1}, ""), ("", 0, {"1": 1, "2": 1, "3": 1}, "final")],
    ),
    "the end of its shard ends a window early": (
        [0],
        {"ends": 2},
        [("1", 0, {}, ""), ("", 0, {"1": 1}, "final early")],
    ),
    "an answer without a state is a failure, and is tried again": (
        [0],
        {"answer": at_first(Success(payload=b"null"), Success(payload=b'{"state": 1}')), "ends": 30},
        [("1", 0, {}, ""), ("1", 0, {}, ""), ("1", 0, {}, ""), ("", 0, {"1": 1}, "final")],
    ),
    "a failed last event is tried again, and nothing else is run until then": (
        [0, 20],
        {"answer": at_first(adds({"state": {}, "Records": [{"n": "1"}]}), RAISES, RAISES), "ends": 60},
        [
            ("1", 0, {}, ""),
            ("", 0, {"1": 1}, "final"),
            ("", 0, {"1": 1}, "final"),
            ("", 0, {"1": 1}, "final"),
            ("2", 20, {}, ""),
            ("", 20, {"2": 1}, "final"),
        ],
    ),
    "of a batch that fails in part the state counts for what was handled": (
        [0, 0],
        {
            "answer": at_first(
                Success(payload=b'{"state": {"1": 1}, "batchItemFailures": [{"itemIdentifier": "2"}]}')
            ),
            "reports": True,
            "ends": 30,
        },
        [("12", 0, {}, ""), ("2", 0, {"1": 1}, ""), ("", 0, {"1": 1, "2": 1}, "final")],
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_windows_are_as_aws_documents_them(name: str) -> None:
    arrivals, given, events = TABLE[name]
    assert Windows(arrivals, **given).events == events


def test_an_event_has_the_members_of_the_documentations_example() -> None:
    first, *_ = Windows([1]).function.events
    assert first == {
        "Records": [{"n": "1"}],
        "window": {"start": "2023-11-14T22:13:20Z", "end": "2023-11-14T22:13:30Z"},
        "state": {},
        "shardId": "shard-1",
        "eventSourceARN": SOURCE,
        "isFinalInvokeForWindow": False,
        "isWindowTerminatedEarly": False,
    }


def test_a_state_of_more_than_a_megabyte_ends_its_window_early() -> None:
    large = {"text": "x" * 1024 * 1024}
    windows = Windows([0, 5], answer=at_first(Success(payload=json.dumps({"state": large}).encode())), ends=30)
    (first, begun, _, _), (last, _, state, ends), (rest, again, fresh, _), *_ = windows.events
    assert (first, begun, last, ends) == ("1", 0, "", "final early")
    assert state == large
    assert (rest, again, fresh) == ("2", 0, {})


def test_a_last_event_is_given_up_when_its_retries_are_over() -> None:
    answer = at_first(adds({"state": {}, "Records": [{"n": "1"}]}), RAISES, RAISES)
    windows = Windows([0, 20], answer=answer, retries=1, ends=60)
    assert [(records, ends) for records, _, _, ends in windows.events] == [
        ("1", ""),
        ("", "final"),
        ("", "final"),
        ("2", ""),
        ("", "final"),
    ]
    assert [each.condition for each in windows.told.of(Discarded)] == ["RetryAttemptsExhausted"]


def test_a_window_goes_on_where_it_was_when_its_stream_is_read_on(tmp_path: Path) -> None:
    file = tmp_path / "positions.json"
    assert Windows([0, 1, 2], file=file, stops_after=2, batch_size=1).events == [
        ("1", 0, {}, ""),
        ("2", 0, {"1": 1}, ""),
    ]
    assert Windows([0, 1, 2], file=file, ends=30).events == [
        ("3", 0, {"1": 1, "2": 1}, ""),
        ("", 0, {"1": 1, "2": 1, "3": 1}, "final"),
    ]
