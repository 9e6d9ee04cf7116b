"""Asynchronous events of a served function, to their destinations in the local environment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import kit
import pytest
from aws_client import aws_client
from kit import Docker, eventually, function, make_project, template
from served_kit import MakeProject, Served, refused, served

pytestmark = pytest.mark.docker

SOURCE = """\
def handler(event, context):
    print("ran", context.function_name, context.aws_request_id)
    if event.get("fail"):
        raise ValueError("on purpose")
    return {"answer": event}
"""

FAIL = {"fail": True}


def arn(name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, "Arn"]}


def sends(type_: str, destination: Any, *, on: tuple[str, ...] = ("OnSuccess", "OnFailure")) -> dict[str, Any]:
    """A function whose events are tried once."""
    named = {each: {"Type": type_, "Destination": destination} for each in on}
    return function(EventInvokeConfig={"MaximumRetryAttempts": 0, "DestinationConfig": named})


FILES = {
    "template.json": template(
        Queue={"Type": "AWS::SQS::Queue"},
        FromTopic={"Type": "AWS::SQS::Queue"},
        FromBus={"Type": "AWS::SQS::Queue"},
        Lost={"Type": "AWS::SQS::Queue"},
        Topic={"Type": "AWS::SNS::Topic"},
        Bus={"Type": "AWS::Events::EventBus", "Properties": {"Name": "results"}},
        Bucket={"Type": "AWS::S3::Bucket"},
        ToQueue=sends("SQS", arn("Queue")),
        ToTopic=sends("SNS", {"Ref": "Topic"}),
        ToBus=sends("EventBridge", arn("Bus")),
        ToBucket=sends("S3Bucket", arn("Bucket"), on=("OnFailure",)),
        ToFunction=sends("Lambda", arn("Receiver")),
        Receiver=function(),
        Loses=function(
            DeadLetterQueue={"Type": "SQS", "TargetArn": arn("Lost")}, EventInvokeConfig={"MaximumRetryAttempts": 0}
        ),
        Off=function(
            ReservedConcurrentExecutions=0,
            EventInvokeConfig={"DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": arn("Queue")}}},
        ),
        # What SAM makes where a destination is named by its type alone.
        MakesItsOwn=function(EventInvokeConfig={"DestinationConfig": {"OnSuccess": {"Type": "SQS"}}}),
    ),
    "code/app.py": SOURCE,
}


class Cloud:
    """The local environment as boto3 meets it."""

    def __init__(self, made: kit.Project) -> None:
        (state,) = (made.cache / "local").glob("*/server.json")
        self._url = json.loads(state.read_text())["url"]
        resources = self.client("cloudformation").list_stack_resources(StackName="local")["StackResourceSummaries"]
        self.ids = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources}

    def client(self, service: str) -> Any:
        return aws_client(service, self._url)

    def queue_arn(self, name: str) -> str:
        attributes = self.client("sqs").get_queue_attributes(QueueUrl=self.ids[name], AttributeNames=["QueueArn"])
        return str(attributes["Attributes"]["QueueArn"])

    def message(self, name: str) -> dict[str, Any]:
        """The next one of a queue, which it takes out."""
        sqs = self.client("sqs")

        def received() -> Any:
            return sqs.receive_message(QueueUrl=self.ids[name], MessageAttributeNames=["All"]).get("Messages")

        (message,) = eventually(received)
        sqs.delete_message(QueueUrl=self.ids[name], ReceiptHandle=message["ReceiptHandle"])
        found: dict[str, Any] = message
        return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kit.Project]:
    """One for all: its local environment takes its time. What a test has sent it takes out of its queue."""
    made = make_project(tmp_path_factory.mktemp("asynchronous"), FILES)
    yield made
    made.run("local", "stop").succeeded()


def sent(own: Served, name: str, event: dict[str, Any]) -> str:
    """The id of an event that is on its way."""
    answer = own.invoke(name, event, InvocationType="Event")
    assert answer["StatusCode"] == 202
    return str(answer["ResponseMetadata"]["RequestId"])


def check(record: dict[str, Any], name: str, request_id: str, event: dict[str, Any]) -> None:
    """What the developer guide's example of a record has."""
    failed = bool(event.get("fail"))
    assert record["version"] == "1.0"
    context = record["requestContext"]
    assert context["requestId"] == request_id
    assert context["functionArn"].startswith("arn:aws:lambda:us-east-1:123456789012:function:")
    assert context["functionArn"].endswith(":$LATEST")
    assert name in context["functionArn"]
    assert context["condition"] == ("RetriesExhausted" if failed else "Success")
    assert context["approximateInvokeCount"] == 1
    assert record["requestPayload"] == event
    unhandled = {"functionError": "Unhandled"} if failed else {}
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", **unhandled}
    if failed:
        assert record["responsePayload"]["errorMessage"] == "on purpose"
    else:
        assert record["responsePayload"] == {"answer": event}


def test_each_kind_of_destination_gets_the_record_of_an_event(made: kit.Project, docker: Docker) -> None:
    with served(made, "-e", "local", environ={"AWS_REGION": "us-east-1"}) as own:
        cloud = Cloud(made)
        cloud.client("sns").subscribe(
            TopicArn=cloud.ids["Topic"], Protocol="sqs", Endpoint=cloud.queue_arn("FromTopic")
        )
        events = cloud.client("events")
        events.put_rule(Name="all", EventBusName="results", EventPattern=json.dumps({"source": ["lambda"]}))
        events.put_targets(
            Rule="all", EventBusName="results", Targets=[{"Id": "q", "Arn": cloud.queue_arn("FromBus")}]
        )
        for event in ({"a": 1}, FAIL):
            request_id = sent(own, "ToQueue", event)
            check(json.loads(cloud.message("Queue")["Body"]), "ToQueue", request_id, event)

            request_id = sent(own, "ToTopic", event)
            published = json.loads(cloud.message("FromTopic")["Body"])
            check(json.loads(published["Message"]), "ToTopic", request_id, event)

            request_id = sent(own, "ToBus", event)
            put = json.loads(cloud.message("FromBus")["Body"])
            kind = "Failure" if event is FAIL else "Success"
            assert (put["source"], put["detail-type"]) == ("lambda", f"Lambda Function Invocation Result - {kind}")
            check(put["detail"], "ToBus", request_id, event)

            request_id = sent(own, "ToFunction", event)
            own.running.has_logged(f"ran {cloud.ids['Receiver']} ")

        request_id = sent(own, "ToBucket", FAIL)
        s3, bucket = cloud.client("s3"), cloud.ids["Bucket"]
        (found,) = eventually(lambda: s3.list_objects_v2(Bucket=bucket).get("Contents"))
        assert found["Key"].startswith(f"aws/lambda/async/{cloud.ids['ToBucket']}/")
        body = s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()
        check(json.loads(body), "ToBucket", request_id, FAIL)

        request_id = sent(own, "MakesItsOwn", {"b": 2})
        check(
            json.loads(cloud.message("MakesItsOwnEventInvokeConfigOnSuccessQueue")["Body"]),
            "Makes",
            request_id,
            {"b": 2},
        )
        assert "not delivered" not in own.running.stderr()
    assert docker.nothing_left(made)


def test_an_event_that_is_lost_arrives_in_the_dead_letter_queue_with_what_went_wrong(made: kit.Project) -> None:
    with served(made, "-e", "local", environ={"AWS_REGION": "us-east-1"}) as own:
        cloud = Cloud(made)
        request_id = sent(own, "Loses", FAIL)
        message = cloud.message("Lost")
        # As AWS sends it (recorded in localstack/localstack, test_lambda_destinations.py).
        assert json.loads(message["Body"]) == FAIL
        attributes = {
            name: (each["DataType"], each["StringValue"]) for name, each in message["MessageAttributes"].items()
        }
        assert attributes == {
            "RequestID": ("String", request_id),
            "ErrorCode": ("Number", "200"),
            "ErrorMessage": ("String", "on purpose"),
        }


def test_an_event_that_may_never_run_is_told_to_its_destination(made: kit.Project) -> None:
    with served(made, "-e", "local", environ={"AWS_REGION": "us-east-1"}) as own:
        cloud = Cloud(made)
        error = refused(lambda: own.invoke("Off", {}))
        assert error["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
        request_id = sent(own, "Off", {"c": 3})
        record = json.loads(cloud.message("Queue")["Body"])
        # As AWS sends it (recorded in localstack/localstack, test_lambda.py, test_reserved_concurrency).
        assert record["requestContext"].pop("functionArn").endswith(":$LATEST")
        assert record["requestContext"] == {
            "requestId": request_id,
            "condition": "ZeroReservedConcurrency",
            "approximateInvokeCount": 0,
        }
        assert record["requestPayload"] == {"c": 3}
        assert "responsePayload" not in record
        assert "responseContext" not in record


def test_a_destination_that_cannot_be_reached_is_told_and_ends_nothing(project: MakeProject) -> None:
    files = {
        "template.json": template(Fn=sends("SQS", "arn:aws:sqs:us-east-1:123456789012:q")),
        "code/app.py": SOURCE,
    }
    with served(project(files)) as own:
        sent(own, "Fn", {})
        own.running.has_logged("Fn: what came of its event is not delivered: arn:aws:sqs:us-east-1:123456789012:q: ")
        assert own.result() == {"answer": {}}
