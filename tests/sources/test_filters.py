"""What filters of event source mappings let through.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html
https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-filtering.html
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from samlocal.event_pattern import event_pattern
from samlocal.sources.filters import passes
from samlocal.sources.mapping import SourceKind

BY_CODE = {"RequestCode": ["BBBB"]}
PLAIN = [{"prefix": "Result: "}]
JSON_TEXT, OTHER_JSON = json.dumps({"RequestCode": "BBBB"}), json.dumps({"RequestCode": "AAAA"})

# The documented table: the body, the pattern for it, and whether the message passes.
TABLE = [
    ("Result: 5", PLAIN, True),
    ("Failure: 5", PLAIN, False),
    ("Result: 5", None, True),
    ("Result: 5", BY_CODE, False),
    (JSON_TEXT, [{"exists": True}], False),
    (JSON_TEXT, None, True),
    (JSON_TEXT, BY_CODE, True),
    (OTHER_JSON, BY_CODE, False),
]


@pytest.mark.parametrize(("body", "wanted", "through"), TABLE)
def test_a_message_passes_as_the_form_of_its_body_and_of_the_pattern_say(
    body: str, wanted: Any, through: bool
) -> None:
    pattern = event_pattern({"eventSource": ["aws:sqs"], **({"body": wanted} if wanted else {})})
    assert passes({"body": body, "eventSource": "aws:sqs"}, (pattern,), kind=SourceKind.QUEUE) is through


@pytest.mark.parametrize(("body", "wanted", "through"), TABLE)
def test_a_kinesis_record_passes_by_its_decoded_data(body: str, wanted: Any, through: bool) -> None:
    pattern = event_pattern({"data": wanted} if wanted else {"kinesis": {"partitionKey": ["k"]}})
    data = base64.b64encode(body.encode()).decode()
    record = {"kinesis": {"partitionKey": "k", "data": data}}
    assert passes(record, (pattern,), kind=SourceKind.STREAM) is through


def test_data_that_is_no_text_passes_no_filter_that_asks_for_it() -> None:
    record = {"kinesis": {"partitionKey": "k", "data": base64.b64encode(b"\xff\xfe").decode()}}
    assert not passes(record, (event_pattern({"data": BY_CODE}),), kind=SourceKind.STREAM)
    assert passes(record, (event_pattern({"kinesis": {"partitionKey": ["k"]}}),), kind=SourceKind.STREAM)


def test_a_tables_record_passes_by_its_name_and_by_its_images() -> None:
    record = {"eventName": "INSERT", "dynamodb": {"NewImage": {"state": {"S": "open"}, "n": {"N": "5"}}}}
    image = {"dynamodb": {"NewImage": {"state": {"S": [{"prefix": "op"}]}}}}
    for rule, through in (
        ({"eventName": ["INSERT"], **image}, True),
        ({"eventName": ["REMOVE"], **image}, False),
        ({"dynamodb": {"NewImage": {"n": {"N": ["5"]}}}}, True),
        ({"dynamodb": {"NewImage": {"n": {"N": [{"numeric": [">", 1]}]}}}}, False),
    ):
        assert passes(record, (event_pattern(rule),), kind=SourceKind.TABLE) is through


def test_one_of_several_filters_is_enough_and_none_lets_everything_through() -> None:
    patterns = tuple(event_pattern({"body": {"n": [number]}}) for number in (1, 2))
    assert passes({"body": '{"n": 2}'}, patterns, kind=SourceKind.QUEUE)
    assert not passes({"body": '{"n": 3}'}, patterns, kind=SourceKind.QUEUE)
    assert passes({"body": '{"n": 3}'}, (), kind=SourceKind.QUEUE)
