"""``samlocal up`` with a table's stream and a stream of Kinesis."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import kit
import pytest
from kit import eventually
from up_kit import HANDLER, Queue, up

pytestmark = pytest.mark.docker

MakeProject = Callable[..., kit.Project]


def stream_files() -> dict[str, Any]:
    common = {
        "StartingPosition": "LATEST",
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "MaximumRetryAttempts": 0,
        "BisectBatchOnFunctionError": True,
        "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": {"Fn::GetAtt": ["Dead", "Arn"]}}},
    }
    template = kit.template(
        Dead={"Type": "AWS::SQS::Queue"},
        Table={
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": "items",
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "BillingMode": "PAY_PER_REQUEST",
                "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
            },
        },
        Clicks={"Type": "AWS::Kinesis::Stream", "Properties": {"Name": "clicks", "ShardCount": 1}},
        Taker=kit.function(
            Events={
                "Items": {
                    "Type": "DynamoDB",
                    "Properties": {**common, "Stream": {"Fn::GetAtt": ["Table", "StreamArn"]}},
                },
                "Clicks": {"Type": "Kinesis", "Properties": {**common, "Stream": {"Fn::GetAtt": ["Clicks", "Arn"]}}},
            }
        ),
    )
    return {"template.json": template, "code/app.py": HANDLER}


def test_a_tables_and_a_kinesis_stream_are_read_and_go_on_where_they_were_at_the_next_start(
    local: MakeProject,
) -> None:
    made = local(stream_files())

    def item(name: str) -> str:
        return json.dumps({"id": {"S": name}})

    with up(made) as own:
        said = own.running.stderr()
        assert "items → Taker" in said
        assert "clicks → Taker" in said
        dynamodb, kinesis = own.client("dynamodb"), own.client("kinesis")

        def put(*names: str) -> None:
            for name in names:
                dynamodb.put_item(TableName="items", Item={"id": {"S": name}})
                kinesis.put_record(StreamName="clicks", Data=name.encode(), PartitionKey="k")

        # Each source begins with what comes once it is read.
        lasting = made.cache / "local"
        eventually(lambda: len(list(lasting.glob("*/start-*/read-*.json"))) == 2, within=90, told=own.running.stderr)
        put("first", "bad one", "second")
        assert set(own.until_said("handled", 4)) == {"first", "second", item("first"), item("second")}
        dead = Queue(own.client("sqs"), "Dead")
        eventually(lambda: dead.waiting == 2, within=60, told=own.running.stderr)
        told = [json.loads(body) for body in dead.bodies()]
        assert {info for each in told for info in each if info.endswith("BatchInfo")} == {
            "KinesisBatchInfo",
            "DDBStreamBatchInfo",
        }
        assert {each["requestContext"]["condition"] for each in told} == {"RetryAttemptsExhausted"}
        assert own.ended().status == 130
    put("while nobody reads")
    streams = made.run("local", "status", "--output", "json").payload["streams"]
    assert [(each["function"], each["source"], each["behind"], each["more"]) for each in streams] == [
        ("Taker", "clicks", 1, False),
        ("Taker", "items", 1, False),
    ]
    assert all(0 <= each["oldest"] < 600 for each in streams)
    with up(made) as own:
        handled = own.until_said("handled", 2)
        assert sorted(handled) == sorted(["while nobody reads", item("while nobody reads")])
        assert own.ended().status == 130
