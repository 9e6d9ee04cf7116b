"""What a target of a rule gets.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html: the event and the templates
are its examples'. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_InputTransformer.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from samlocal.local.moto.target_input import target_input

EVENT = {
    "version": "0",
    "id": "7bf73129-1428-4cd3-a780-95db273d1602",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "account": "123456789012",
    "time": "2015-11-11T21:29:54Z",
    "region": "us-east-1",
    "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"],
    "detail": {"instance-id": "i-0123456789", "state": "RUNNING", "cores": 2, "tags": [{"k": "a"}, {"k": "b"}]},
}
RULE = {"arn": "arn:aws:events:us-east-1:123456789012:rule/example", "name": "example"}
PATHS = {"instance": "$.detail.instance-id", "state": "$.detail.state"}


def given(**target: Any) -> str:
    return target_input(target, EVENT, rule=RULE)


def transformed(template: str, **paths: str) -> str:
    return given(InputTransformer={"InputPathsMap": paths or PATHS, "InputTemplate": template})


def test_a_target_that_asks_for_nothing_else_gets_the_event() -> None:
    assert json.loads(given()) == EVENT


def test_an_input_is_what_the_target_gets_whatever_the_event() -> None:
    assert json.loads(given(Input='{"any": 1}')) == {"any": 1}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.detail", EVENT["detail"]),
        ("$.detail.state", "RUNNING"),
        ("$.detail-type", EVENT["detail-type"]),
        ("$.resources[0]", "arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"),
        ("$.detail.tags[*].k", ["a", "b"]),
        ("$.detail.tags[1].k", "b"),
        ("$", EVENT),
    ],
)
def test_an_input_path_takes_a_part_of_the_event(path: str, expected: Any) -> None:
    assert json.loads(given(InputPath=path)) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        # "Simple string": the quotes stay.
        ('"instance <instance> is in <state>"', '"instance i-0123456789 is in RUNNING"'),
        # "String with escaped quotes".
        ('"instance \\"<instance>\\" is in <state>"', '"instance \\"i-0123456789\\" is in RUNNING"'),
        # "Simple JSON", "JSON with strings and variables".
        ('{"instance": <instance>, "state": <state>}', '{"instance": "i-0123456789", "state": "RUNNING"}'),
        (
            '{"instance": <instance>, "state": "<state>", "text": "is <state> now"}',
            '{"instance": "i-0123456789", "state": "RUNNING", "text": "is RUNNING now"}',
        ),
        # "JSON with a mix of variables and static information".
        ('{"n": [9, <state>, true]}', '{"n": [9, "RUNNING", true]}'),
        # Several lines for people.
        ('"<instance>"\n"is <state>"', '"i-0123456789"\n"is RUNNING"'),
        # What is no variable stays as it is.
        ('{"a": "<b>", "c": 1 }', '{"a": "<b>", "c": 1 }'),
    ],
)
def test_a_template_is_filled_with_what_is_in_the_event(template: str, expected: str) -> None:
    assert transformed(template) == expected


def test_values_that_are_no_text_are_json() -> None:
    paths = {"cores": "$.detail.cores", "tags": "$.detail.tags"}
    assert json.loads(transformed('{"c": <cores>, "t": <tags>}', **paths)) == {"c": 2, "t": EVENT["detail"]["tags"]}


def test_a_variable_that_is_not_in_the_event_is_empty() -> None:
    # Recorded of AWS: localstack/localstack, tests/aws/services/events/test_events_inputs.snapshot.json
    assert transformed('"detail <command>"', command="$.detail.notinmessage") == '"detail "'


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("aws.events.rule-arn", RULE["arn"]),
        ("aws.events.rule-name", "example"),
        ("aws.events.event.ingestion-time", "2015-11-11T21:29:54Z"),
        ("aws.events.event.json", EVENT),
    ],
)
def test_predefined_variables_need_no_path(variable: str, expected: Any) -> None:
    assert json.loads(transformed(f'{{"it": <{variable}>}}')) == {"it": expected}


def test_the_predefined_event_is_without_its_detail() -> None:
    assert "detail" not in json.loads(transformed('{"it": <aws.events.event>}'))["it"]
