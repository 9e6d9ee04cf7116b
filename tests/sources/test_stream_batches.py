"""Batches of a stream: what AWS documents of errors, and what happens.

https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

import pytest
from sources_kit import ANSWERS, FUNCTION, RAISES, failures
from stream_kit import QUEUE, Batch, Kept, fails_at, reports

from samlocal.errors import AwsError
from samlocal.sandbox.result import Result
from samlocal.sources.discards import object_key
from samlocal.sources.happening import Discarded
from samlocal.sources.mapping import SourceKind

ALL = ["1", "2", "3", "4"]
EXHAUSTED = "RetryAttemptsExhausted"

# What the function does, the mapping's options, the events, and what was given up.
TABLE: dict[str, tuple[Callable[[list[str]], Result | None], dict[str, Any], list[str], list[tuple[str, str]]]] = {
    "all handled": (fails_at(), {}, ["1234"], []),
    "no retry": (fails_at("3"), {"retries": 0}, ["1234"], [("1234", EXHAUSTED)]),
    "two retries": (fails_at("3"), {"retries": 2}, ["1234"] * 3, [("1234", EXHAUSTED)]),
    "bisected, which uses no retry": (
        fails_at("3"),
        {"retries": 0, "bisects": True},
        ["1234", "12", "34", "3", "4"],
        [("3", EXHAUSTED)],
    ),
    "bisected, then retried": (
        fails_at("1"),
        {"retries": 1, "bisects": True},
        ["1234", "12", "1", "1", "2", "34"],
        [("1", EXHAUSTED)],
    ),
    "reported: the lowest is where it goes on": (
        reports("3", "4"),
        {"reports": True, "retries": 1},
        ["1234", "34"],
        [("34", EXHAUSTED)],
    ),
    "reported and bisected: split where it has failed": (
        reports("3"),
        {"reports": True, "retries": 0, "bisects": True},
        ["1234", "34", "3", "4"],
        [("3", EXHAUSTED)],
    ),
    "reported what is not there": (
        lambda _: failures("9"),
        {"reports": True, "retries": 0},
        ["1234"],
        [("1234", EXHAUSTED)],
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_a_batch_is_tried_and_given_up_as_lambda_does_it(name: str) -> None:
    answer, options, runs, discarded = TABLE[name]
    batch = Batch(answer, **options)
    assert batch.runs == runs
    assert batch.discarded == discarded
    # Whatever came of them: in their order, each once.
    assert batch.done == ALL
    assert [each.to for each in batch.told.of(Discarded)] == [QUEUE] * len(discarded)


def test_without_a_limit_it_is_tried_until_it_succeeds_later_each_time() -> None:
    left = iter([RAISES] * 7)
    batch = Batch(lambda _: next(left, ANSWERS))
    assert batch.runs == ["1234"] * 8
    assert batch.clock.pauses == [1, 2, 4, 8, 16, 30, 30]
    assert batch.discarded == []


def test_what_cannot_be_run_uses_no_retry() -> None:
    left = iter([None, None, None])
    batch = Batch(lambda _: next(left, ANSWERS), retries=0)
    assert batch.runs == ["1234"] * 4
    assert batch.discarded == []


def test_records_that_are_too_old_are_given_up_without_being_run() -> None:
    batch = Batch(fails_at(), age=60, ages={1: 120, 2: 61})
    assert batch.runs == ["34"]
    assert batch.discarded == [("12", "RecordAgeExceeded")]
    assert batch.done == ALL
    ((_, discard),) = batch.discards.sent
    assert "responseContext" not in discard.document()


def test_records_that_grow_too_old_while_they_are_tried_are_given_up() -> None:
    batch = Batch(fails_at("1"), age=60)
    assert batch.discarded == [("1234", "RecordAgeExceeded")]
    assert 60 <= batch.clock.seconds <= 120


@pytest.mark.parametrize(
    ("kind", "info"),
    [(SourceKind.STREAM, "KinesisBatchInfo"), (SourceKind.TABLE, "DDBStreamBatchInfo")],
)
def test_what_is_told_of_discarded_records_is_lambdas_record(kind: SourceKind, info: str) -> None:
    batch = Batch(fails_at("2"), retries=1, kind=kind)
    ((arn, discard),) = batch.discards.sent
    assert arn == QUEUE
    document = discard.document()
    assert list(document) == ["requestContext", "responseContext", "version", "timestamp", info]
    assert document["requestContext"] == {
        "requestId": "request-2",
        "functionArn": FUNCTION.arn,
        "condition": "RetryAttemptsExhausted",
        "approximateInvokeCount": 2,
    }
    assert document["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert document["version"] == "1.0"
    assert document[info] == {
        "shardId": "shard-1",
        "startSequenceNumber": "1",
        "endSequenceNumber": "4",
        "approximateArrivalOfFirstRecord": "2023-11-14T22:13:20.000Z",
        "approximateArrivalOfLastRecord": "2023-11-14T22:13:20.000Z",
        "batchSize": 4,
        "streamArn": batch.mapping.source,
    }


def test_a_function_that_has_answered_has_no_error_in_the_record() -> None:
    batch = Batch(reports("1"), reports=True, retries=0)
    ((_, discard),) = batch.discards.sent
    assert discard.document()["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}


def test_records_are_given_up_also_where_nobody_can_be_told_of_them() -> None:
    batch = Batch(fails_at("1"), retries=0, discards=Kept(AwsError("no such queue")))
    assert batch.done == ALL
    assert [(each.to, each.problem) for each in batch.told.of(Discarded)] == [(None, "no such queue")]


def test_the_object_of_a_bucket_is_named_by_mapping_shard_and_moment() -> None:
    batch = Batch(fails_at("1"), retries=0)
    ((_, discard),) = batch.discards.sent
    moment = datetime.datetime(2026, 3, 5, 7, 8, 9, tzinfo=datetime.UTC)
    assert re.fullmatch(
        r"aws/lambda/the-uuid/shard-1/2026/03/05/2026-03-05T07\.08\.09-[0-9a-f-]{36}", object_key(discard, moment)
    )
