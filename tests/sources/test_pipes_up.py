"""``samlocal up``: pipes bring what queues, tables and streams have to functions, buses and queues.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import kit
import pytest
from kit import eventually
from up_kit import Queue, up

pytestmark = pytest.mark.docker

MakeProject = Callable[..., kit.Project]

CODE = """
import json

def enrich(event, context):
    return [{**each, "enriched": True} for each in event]

def taker(event, context):
    print("taken", json.dumps(event))
    bad = [each["messageId"] for each in event if each["order"] == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in bad]}

def listener(event, context):
    print("heard", json.dumps([event["source"], event["detail"]]))
"""


def get(logical_id: str, attribute: str = "Arn") -> dict[str, Any]:
    return {"Fn::GetAtt": [logical_id, attribute]}


def flow(source: dict[str, Any], target: Any, **more: Any) -> dict[str, Any]:
    properties = {"RoleArn": get("Role"), "Source": source, "Target": target, **more}
    return {"Type": "AWS::Pipes::Pipe", "Properties": properties}


FROM_NOW = {"StartingPosition": "TRIM_HORIZON"}
TEMPLATE = kit.template(
    Role={
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
    },
    Dead={"Type": "AWS::SQS::Queue"},
    Orders={
        "Type": "AWS::SQS::Queue",
        "Properties": {
            "VisibilityTimeout": 6,
            "RedrivePolicy": {"deadLetterTargetArn": get("Dead"), "maxReceiveCount": 1},
        },
    },
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
    Seen={"Type": "AWS::SQS::Queue"},
    Bus={"Type": "AWS::Events::EventBus", "Properties": {"Name": "shop"}},
    Enrich=kit.function(Handler="app.enrich"),
    Taker=kit.function(Handler="app.taker"),
    Listener=kit.function(
        Handler="app.listener",
        Events={
            "Items": {
                "Type": "EventBridgeRule",
                "Properties": {"EventBusName": {"Ref": "Bus"}, "Pattern": {"detail-type": ["Changed"]}},
            }
        },
    ),
    OfOrders=flow(
        get("Orders"),
        get("Taker"),
        Enrichment=get("Enrich"),
        SourceParameters={"FilterCriteria": {"Filters": [{"Pattern": '{"body": {"kind": ["order"]}}'}]}},
        EnrichmentParameters={"InputTemplate": '{"messageId": <$.messageId>, "order": <$.body.name>}'},
    ),
    OfTable=flow(
        get("Table", "StreamArn"),
        get("Bus"),
        SourceParameters={"DynamoDBStreamParameters": FROM_NOW},
        TargetParameters={
            "InputTemplate": '{"id": "<$.dynamodb.Keys.id.S>"}',
            "EventBridgeEventBusParameters": {"DetailType": "Changed", "Source": "items"},
        },
    ),
    OfClicks=flow(
        get("Clicks"),
        get("Seen"),
        SourceParameters={"KinesisStreamParameters": {**FROM_NOW, "BatchSize": 10}},
        TargetParameters={"InputTemplate": "<$.data>"},
    ),
    Away=flow(get("Orders"), "arn:aws:events:us-east-1:123456789012:api-destination/shop/1"),
)


def test_pipes_bring_batches_through_filters_enrichments_and_templates_to_their_targets(local: MakeProject) -> None:
    with up(local({"template.json": TEMPLATE, "code/app.py": CODE})) as own:
        banner = " ".join(own.running.stderr().split())
        for name, pipe in (("Orders", "OfOrders"), ("items", "OfTable"), ("clicks", "OfClicks")):
            assert f"{name}" in banner
            assert f"→ {pipe}" in banner
        assert "→ Away is not read: its target" in banner
        assert "brings nothing to API destination" in banner
        sqs, dynamodb, kinesis = (own.client(name) for name in ("sqs", "dynamodb", "kinesis"))
        orders, dead, seen = (Queue(sqs, name) for name in ("Orders", "Dead", "Seen"))
        orders.send(*(json.dumps({"kind": "order", "name": name}) for name in ("good", "bad")))
        orders.send(json.dumps({"kind": "other", "name": "passed over"}))
        dynamodb.put_item(TableName="items", Item={"id": {"S": "one"}})
        kinesis.put_record(StreamName="clicks", Data=b'{"page": "/"}', PartitionKey="k")

        (heard,) = own.until_said("heard", 1)
        assert json.loads(heard) == ["items", {"id": "one"}]
        eventually(lambda: seen.waiting == 1, within=60, told=own.running.stderr)
        assert [json.loads(body) for body in seen.bodies()] == [{"page": "/"}]
        # What its target reports as failed stays in its queue, which has dead letters.
        eventually(lambda: dead.waiting == 1 and orders.is_empty, within=90, told=own.running.stderr)
        assert [json.loads(body)["name"] for body in dead.bodies()] == ["bad"]
        taken = [each for batch in own.said("taken") for each in json.loads(batch)]
        assert {each["order"]: each["enriched"] for each in taken} == {"good": True, "bad": True}
        assert [each["order"] for each in taken].count("good") == 1
        assert own.ended().status == 130
