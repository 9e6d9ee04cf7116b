"""``samlocal up``: what comes of an asynchronous event goes on, by topic and bus, to other functions."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import kit
import pytest
from kit import eventually
from pushed_kit import TELLER, named, teller
from up_kit import Queue, up

pytestmark = pytest.mark.docker

WORKER = """
def handler(event, context):
    if event["n"] < 0:
        raise ValueError("it is negative")
    return {"root": event["n"] ** 0.5}
"""

TEMPLATE = kit.template(
    Done={"Type": "AWS::SQS::Queue"},
    Failures={"Type": "AWS::SNS::Topic"},
    Worker=kit.function(
        Handler="worker.handler",
        EventInvokeConfig={
            "MaximumRetryAttempts": 0,
            "DestinationConfig": {
                "OnSuccess": {"Type": "EventBridge", "Destination": {"Fn::GetAtt": ["Bus", "Arn"]}},
                "OnFailure": {"Type": "SNS", "Destination": {"Ref": "Failures"}},
            },
        },
    ),
    Bus={"Type": "AWS::Events::EventBus", "Properties": {"Name": "results"}},
    Sorry=teller(Events={"Failed": {"Type": "SNS", "Properties": {"Topic": {"Ref": "Failures"}}}}),
    Glad=teller(
        Events={
            "Worked": {
                "Type": "EventBridgeRule",
                "Properties": {"Pattern": {"source": ["lambda"]}, "EventBusName": {"Ref": "Bus"}},
            }
        }
    ),
)


def test_results_of_asynchronous_events_reach_other_functions_by_topic_and_by_bus(
    local: Callable[..., kit.Project],
) -> None:
    with up(local({"template.json": TEMPLATE, "code/app.py": TELLER, "code/worker.py": WORKER})) as own:
        lambda_ = own.client("lambda")
        name = named([each["FunctionName"] for each in lambda_.list_functions()["Functions"]], "Worker")
        for number in (16, -1):
            lambda_.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps({"n": number}))
        done = Queue(own.client("sqs"), "Done")
        eventually(lambda: done.waiting >= 2, within=120, told=own.running.stderr)
        got: list[Any] = [json.loads(body) for body in done.bodies()]
        # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
        (worked,) = (each for each in got if each.get("source") == "lambda")
        assert worked["detail-type"] == "Lambda Function Invocation Result - Success"
        assert worked["detail"]["responsePayload"] == {"root": 4.0}
        (failed,) = (json.loads(each["Records"][0]["Sns"]["Message"]) for each in got if "Records" in each)
        assert failed["requestContext"]["condition"] == "RetriesExhausted"
        assert failed["responsePayload"]["errorType"] == "ValueError"
        own.ended()
