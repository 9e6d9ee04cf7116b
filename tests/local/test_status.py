"""``samlocal local status``: what waits in the local environment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import boto3
import kit
import pytest

DEAD = {"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 1}
STREAMED = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
}
SCHEDULES = {
    "Nightly": {"Type": "Schedule", "Properties": {"Schedule": "cron(0 3 1 1 ? 2199)"}},
    "Often": {"Type": "Schedule", "Properties": {"Schedule": "rate(5 minutes)"}},
    "Never": {"Type": "Schedule", "Properties": {"Schedule": "rate(1 day)", "Enabled": False}},
    "Berlin": {
        "Type": "ScheduleV2",
        "Properties": {
            "ScheduleExpression": "cron(30 8 1 7 ? 2198)",
            "ScheduleExpressionTimezone": "Europe/Berlin",
        },
    },
}
CHANGES = {"Stream": {"Fn::GetAtt": ["Table", "StreamArn"]}, "StartingPosition": "LATEST"}
TEMPLATE = kit.template(
    Dead={"Type": "AWS::SQS::Queue"},
    Orders={"Type": "AWS::SQS::Queue", "Properties": {"RedrivePolicy": DEAD}},
    Table={"Type": "AWS::DynamoDB::Table", "Properties": STREAMED},
    Taker=kit.function(
        Events={
            "Changes": {"Type": "DynamoDB", "Properties": CHANGES},
            "Orders": {"Type": "SQS", "Properties": {"Queue": {"Fn::GetAtt": ["Orders", "Arn"]}}},
            **SCHEDULES,
        }
    ),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kit.Project]:
    """Two messages of Orders are visible, one is hidden, one is delayed, and one has gone to the dead letters."""
    project = kit.make_project(tmp_path_factory.mktemp("status"), {"template.json": TEMPLATE, "code/app.py": ""})
    project.run("local", "start").succeeded()
    url = project.run("local", "status", "--output", "json").payload["url"]
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": "us-east-1"}
    sqs = boto3.client("sqs", endpoint_url=url, **keys)
    (orders,) = (each for each in sqs.list_queues()["QueueUrls"] if "Orders" in each)
    sqs.send_message(QueueUrl=orders, MessageBody="dead")
    sqs.receive_message(QueueUrl=orders, VisibilityTimeout=0)
    # It is given once: at the next try it goes.
    assert "Messages" not in sqs.receive_message(QueueUrl=orders)
    sqs.send_message(QueueUrl=orders, MessageBody="hidden")
    (_,) = sqs.receive_message(QueueUrl=orders, VisibilityTimeout=600)["Messages"]
    sqs.send_message(QueueUrl=orders, MessageBody="delayed", DelaySeconds=900)
    for body in ("one", "two"):
        sqs.send_message(QueueUrl=orders, MessageBody=body)
    yield project
    project.run("local", "stop")


def test_queues_streams_and_schedules_are_told_for_programs(made: kit.Project) -> None:
    told: dict[str, Any] = made.run("local", "status", "--output", "json").succeeded().payload
    assert told["functions_run"] is False
    by_name = {each["queue"]: each for each in told["queues"]}
    assert by_name == {
        "Orders": {
            "queue": "Orders",
            "visible": 2,
            "in_flight": 1,
            "delayed": 1,
            "dead_letters_to": "Dead",
            "dead_letters_of": [],
        },
        "Dead": {
            "queue": "Dead",
            "visible": 1,
            "in_flight": 0,
            "delayed": 0,
            "dead_letters_to": None,
            "dead_letters_of": ["Orders"],
        },
    }
    (stream,) = told["streams"]
    assert (stream["mapping"], stream["function"], stream["behind"]) == ("TakerChanges", "Taker", None)
    due = {each["schedule"]: (each["next"], each["timezone"]) for each in told["schedules"]}
    assert due == {
        "TakerNightly": ("2199-01-01T03:00:00+00:00", "UTC"),
        "TakerOften": (None, "UTC"),
        "TakerBerlin": ("2198-07-01T08:30:00+02:00", "Europe/Berlin"),
    }


def test_people_read_the_same_in_lines(made: kit.Project) -> None:
    shown = made.run("local", "status").succeeded().stdout.decode()
    assert "queue Orders: 2 visible, 1 in flight, 1 delayed; dead letters go to Dead\n" in shown
    assert "queue Dead: 1 visible, 0 in flight, 0 delayed; the dead letters of Orders\n" in shown
    assert re.search(r"^stream of local-Table-\w+ for Taker: not read yet$", shown, re.MULTILINE)
    assert "schedule TakerNightly, cron(0 3 1 1 ? 2199): due 2199-01-01 03:00 UTC\n" in shown
    assert "schedule TakerOften, rate(5 minutes): counted from the start of `samlocal up`\n" in shown
    assert "schedule TakerBerlin, cron(30 8 1 7 ? 2198): due 2198-07-01 08:30 Europe/Berlin\n" in shown
    assert "nobody runs its functions: `samlocal up` does" in shown


def test_looking_takes_nothing(made: kit.Project) -> None:
    before = made.run("local", "status", "--output", "json").payload["queues"]
    assert made.run("local", "status", "--output", "json").payload["queues"] == before
