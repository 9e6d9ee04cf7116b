"""``samlocal.testing.event``: what ``samlocal event generate`` makes of the same words."""

from __future__ import annotations

import json

import pytest

from samlocal.errors import ConfigurationError
from samlocal.testing import event


def test_a_flag_is_an_argument_and_several_values_are_records() -> None:
    made = event("sqs", "receive-message", body=["one", "two"], queue_name="Orders")
    assert [record["body"] for record in made["Records"]] == ["one", "two"]
    assert {record["eventSourceARN"].rpartition(":")[2] for record in made["Records"]} == {"Orders"}


def test_what_holds_an_event_stands_behind_it() -> None:
    made = event("s3", "put", "in", "sns", key="a b.json")
    message = json.loads(made["Records"][0]["Sns"]["Message"])
    assert message["Records"][0]["s3"]["object"]["key"] == "a+b.json"


@pytest.mark.parametrize(
    ("service", "type_", "flags", "named"),
    [("s33", "put", {}, "s3"), ("s3", "putt", {}, "put"), ("s3", "put", {"keyy": "a"}, "--keyy")],
)
def test_what_there_is_not_is_named(service: str, type_: str, flags: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        event(service, type_, **flags)
