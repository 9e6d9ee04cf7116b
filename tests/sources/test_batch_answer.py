"""What a function's answer says of its batch.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
"""

from __future__ import annotations

import pytest
from sources_kit import RAISES

from samlocal.sandbox.result import Success, timed_out
from samlocal.sources.batch_answer import failed_items

IDS = frozenset({"m1", "m2", "m3"})
NONE: frozenset[str] = frozenset()

TABLE = {
    "an empty list": (b'{"batchItemFailures": []}', NONE),
    "a null list": (b'{"batchItemFailures": null}', NONE),
    "an empty answer": (b"{}", NONE),
    "null": (b"null", NONE),
    "nothing at all": (b"", NONE),
    "another answer's members": (b'{"statusCode": 200}', NONE),
    "one": (b'{"batchItemFailures": [{"itemIdentifier": "m2"}]}', {"m2"}),
    "one twice": (b'{"batchItemFailures": [{"itemIdentifier": "m2"}, {"itemIdentifier": "m2"}]}', {"m2"}),
    "no JSON": (b'{"batchItemFailures": ', IDS),
    "text": (b'"m2"', IDS),
    "an empty identifier": (b'{"batchItemFailures": [{"itemIdentifier": ""}]}', IDS),
    "a null identifier": (b'{"batchItemFailures": [{"itemIdentifier": null}]}', IDS),
    "another key": (b'{"batchItemFailures": [{"messageId": "m2"}]}', IDS),
    "a message that is not there": (b'{"batchItemFailures": [{"itemIdentifier": "m9"}]}', IDS),
    "one that is there and one that is not": (
        b'{"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": "m9"}]}',
        IDS,
    ),
    "identifiers alone": (b'{"batchItemFailures": ["m2"]}', IDS),
    "no list": (b'{"batchItemFailures": {"itemIdentifier": "m2"}}', IDS),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_items_that_have_failed_are_those_that_aws_takes_for_it(name: str) -> None:
    payload, failed = TABLE[name]
    assert failed_items(Success(payload=payload), IDS, reports=True) == failed


def test_without_report_batch_item_failures_the_answer_says_nothing() -> None:
    assert (
        failed_items(Success(payload=b'{"batchItemFailures": [{"itemIdentifier": "m2"}]}'), IDS, reports=False)
        == NONE
    )
    assert failed_items(Success(payload=b"no JSON"), IDS, reports=False) == NONE


@pytest.mark.parametrize("reports", [True, False])
def test_a_function_that_has_failed_has_failed_with_all_of_its_batch(reports: bool) -> None:
    assert failed_items(RAISES, IDS, reports=reports) == IDS
    assert failed_items(timed_out("r", 3), IDS, reports=reports) == IDS
