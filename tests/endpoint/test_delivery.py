"""Records of asynchronous events, and lost events, as they arrive at an AWS endpoint."""

from __future__ import annotations

import json
import uuid
from typing import Any

from endpoint_kit import PLACE, callee, run
from kit import AwsEndpoint

from samlocal.aws import Aws, Credentials
from samlocal.endpoint import happening
from samlocal.endpoint.api_error import function_not_found
from samlocal.endpoint.delivery import Delivery
from samlocal.endpoint.directory import Callee
from samlocal.endpoint.function_reference import FunctionReference
from samlocal.endpoint.invocation_record import Condition, InvocationRecord
from samlocal.errors import TemplateError
from samlocal.function.async_invocation import AsyncInvocation
from samlocal.sandbox.invocation import Request
from samlocal.sandbox.result import FunctionError


class Functions:
    """A directory with one function, ``Other``."""

    async def find(self, name: str, qualifier: str | None) -> tuple[Callee, FunctionReference]:
        if name != f"{PLACE}:Other":
            raise function_not_found(name)
        return callee("Other"), FunctionReference(name="Other")


class Sent:
    """What came of sending about one lost event."""

    def __init__(self, aws: Aws | None, **config: Any) -> None:
        self.warnings: list[str] = []
        self.told: list[happening.Happening] = []
        self.events: list[tuple[str, bytes]] = []
        record = InvocationRecord(
            callee=callee(asynchronous=AsyncInvocation(**config)),
            request=Request(payload=b'{"a":1}', request_id="the-request"),
            condition=Condition.RETRIES_EXHAUSTED,
            attempts=3,
            timestamp="2026-11-26T03:16:05.568Z",
            result=FunctionError(payload=b'{"errorMessage":"no"}'),
        )

        async def caller(_: Callee) -> Aws | None:
            return aws

        delivery = Delivery(Functions(), caller, warn=self.warnings.append, told=self.told.append)  # type: ignore[arg-type]
        run(lambda: delivery.deliver(record, again=self.again))

    def again(self, called: Callee, request: Request) -> None:
        self.events.append((called.path, request.payload))


def as_function(server: AwsEndpoint) -> Aws:
    credentials = Credentials(access_key_id="testing", secret_access_key="testing")
    return Aws(region=server.region, credentials=credentials, endpoint_url=server.url)


class Queue:
    """A queue of the test's own."""

    def __init__(self, sqs: Any) -> None:
        self._sqs = sqs
        self.url = sqs.create_queue(QueueName=f"q{uuid.uuid4().hex}")["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"]
        self.arn = attributes["QueueArn"]

    def message(self) -> dict[str, Any]:
        (message,) = self._sqs.receive_message(QueueUrl=self.url, WaitTimeSeconds=5, MessageAttributeNames=["All"])[
            "Messages"
        ]
        return dict(message)


def test_a_queue_gets_the_record_and_the_dead_letters_the_event(aws_server: AwsEndpoint) -> None:
    with aws_server.client("sqs") as sqs:
        destination, dead_letters = Queue(sqs), Queue(sqs)
        sent = Sent(as_function(aws_server), on_failure=destination.arn, dead_letters=dead_letters.arn)
        assert sent.warnings == []
        record = json.loads(destination.message()["Body"])
        assert record["requestContext"]["condition"] == "RetriesExhausted"
        lost = dead_letters.message()
        assert lost["Body"] == '{"a":1}'
        assert lost["MessageAttributes"]["RequestID"]["StringValue"] == "the-request"
        assert lost["MessageAttributes"]["ErrorMessage"]["StringValue"] == "no"


def test_a_topic_gets_the_record(aws_server: AwsEndpoint) -> None:
    with aws_server.client("sqs") as sqs, aws_server.client("sns") as sns:
        behind = Queue(sqs)
        topic = sns.create_topic(Name=f"t{uuid.uuid4().hex}")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=behind.arn)
        assert Sent(as_function(aws_server), on_failure=topic).warnings == []
        record = json.loads(json.loads(behind.message()["Body"])["Message"])
        assert record["requestPayload"] == {"a": 1}


def test_a_bucket_gets_the_record_as_an_object(aws_server: AwsEndpoint) -> None:
    with aws_server.client("s3") as s3:
        bucket = f"b{uuid.uuid4().hex}"
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws_server.region})
        assert Sent(as_function(aws_server), on_failure=f"arn:aws:s3:::{bucket}").warnings == []
        (found,) = s3.list_objects_v2(Bucket=bucket, Prefix="aws/lambda/async/Fn/2026/11/26/")["Contents"]
        record = json.loads(s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())
        assert record["requestContext"]["approximateInvokeCount"] == 3


def test_a_bus_takes_the_event(aws_server: AwsEndpoint) -> None:
    with aws_server.client("events") as events, aws_server.client("sqs") as sqs:
        name = f"bus{uuid.uuid4().hex}"
        bus = events.create_event_bus(Name=name)["EventBusArn"]
        behind = Queue(sqs)
        events.put_rule(Name="all", EventBusName=name, EventPattern=json.dumps({"source": ["lambda"]}))
        events.put_targets(Rule="all", EventBusName=name, Targets=[{"Id": "q", "Arn": behind.arn}])
        assert Sent(as_function(aws_server), on_failure=bus).warnings == []
        event = json.loads(behind.message()["Body"])
        assert event["detail-type"] == "Lambda Function Invocation Result - Failure"
        assert event["detail"]["requestContext"]["requestId"] == "the-request"


def test_another_function_of_the_template_gets_an_event_and_aws_is_not_asked() -> None:
    sent = Sent(None, on_failure=f"{PLACE}:Other")
    ((path, payload),) = sent.events
    assert path == "Other"
    assert [each.to for each in sent.told if isinstance(each, happening.Sent)] == [f"{PLACE}:Other"]
    assert json.loads(payload)["requestPayload"] == {"a": 1}


def test_what_cannot_be_delivered_is_said_with_its_destination(aws_server: AwsEndpoint) -> None:
    gone = "arn:aws:sqs:eu-west-1:123456789012:gone"
    (warning,) = Sent(as_function(aws_server), on_failure=gone).warnings
    assert warning.startswith("Fn: ")
    assert "get_queue_url" in warning or "GetQueueUrl" in warning


def test_a_function_without_rights_sends_nothing_and_that_is_said() -> None:
    arn = "arn:aws:sqs:eu-west-1:123456789012:failures"
    (warning,) = Sent(None, on_failure=arn).warnings
    assert arn in warning
    assert "-e" in warning


def test_a_function_that_is_not_there_is_said() -> None:
    (warning,) = Sent(None, on_failure=f"{PLACE}:Gone").warnings
    assert f"{PLACE}:Gone" in warning


def test_a_function_that_takes_no_events_is_said() -> None:
    wrong = TemplateError("template.yaml:7: Other: MaximumRetryAttempts is 0 to 2, got 7.")

    class Refusing(Sent):
        def again(self, called: Callee, request: Request) -> None:
            raise wrong

    (warning,) = Refusing(None, on_failure=f"{PLACE}:Other").warnings
    assert wrong.message in warning
