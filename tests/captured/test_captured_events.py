"""``samlocal event capture``: what arrives in queues, streams and logs, and what reading it leaves behind."""

from __future__ import annotations

import base64
import itertools
import json
import time
import uuid
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from kit import AwsEndpoint, Outcome, Project, function, template

from samlocal.captured.log_arrivals import is_event, objects
from samlocal.captured.queue_arrivals import QueueArrivals
from samlocal.captured.stream_arrivals import StreamArrivals
from samlocal.deployed.place import Place
from samlocal.endpoint.directory import Callee
from samlocal.errors import AwsError, ExitStatus
from samlocal.events import catalog
from samlocal.events.generation import Link, generate
from samlocal.sources.mapping import Mapping, SourceKind
from samlocal.sources.stream import Page, Shard, StreamRecord

MakeProject = Callable[..., Project]


def _resource(type_: str, **properties: Any) -> dict[str, Any]:
    return {"Type": type_, "Properties": properties}


def _arn(name: str, attribute: str = "Arn") -> dict[str, Any]:
    return {"Fn::GetAtt": [name, attribute]}


_TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
_QUEUES = {
    "Dead": _resource("AWS::SQS::Queue"),
    "Orders": _resource("AWS::SQS::Queue", VisibilityTimeout=600),
    "Thrice": _resource("AWS::SQS::Queue", RedrivePolicy={"deadLetterTargetArn": _arn("Dead"), "maxReceiveCount": 3}),
    "Kinds": _resource("AWS::SQS::Queue"),
    "Empty": _resource("AWS::SQS::Queue"),
    "Once": _resource("AWS::SQS::Queue", RedrivePolicy={"deadLetterTargetArn": _arn("Dead"), "maxReceiveCount": 1}),
    "Steps": _resource(
        "AWS::SQS::Queue",
        QueueName={"Fn::Sub": "${AWS::StackName}.fifo"},
        FifoQueue=True,
        ContentBasedDeduplication=True,
    ),
}
_STREAMS = {
    "Items": _resource(
        "AWS::DynamoDB::Table",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        StreamSpecification={"StreamViewType": "NEW_IMAGE"},
    ),
    "Clicks": _resource("AWS::Kinesis::Stream", ShardCount=2),
}


def _reads(source: dict[str, Any], **events: Any) -> dict[str, Any]:
    return function(Events={"Source": {"Type": events.pop("type"), "Properties": {**source, **events}}})


TEMPLATE = template(
    **_QUEUES,
    **_STREAMS,
    OfQueue=_reads({"Queue": _arn("Orders")}, type="SQS", BatchSize=2),
    OfThrice=_reads({"Queue": _arn("Thrice")}, type="SQS"),
    OfEmpty=_reads({"Queue": _arn("Empty")}, type="SQS"),
    Filters=_reads(
        {"Queue": _arn("Kinds")},
        type="SQS",
        FilterCriteria={"Filters": [{"Pattern": json.dumps({"body": {"kind": ["paid"]}})}]},
    ),
    OfOnce=_reads({"Queue": _arn("Once")}, type="SQS"),
    OfSteps=_reads({"Queue": _arn("Steps")}, type="SQS"),
    OfTable=_reads({"Stream": _arn("Items", "StreamArn")}, type="DynamoDB", StartingPosition="LATEST"),
    OfStream=_reads({"Stream": _arn("Clicks")}, type="Kinesis", StartingPosition="LATEST", BatchSize=3),
    Logs=function(LoggingConfig={"LogGroup": {"Ref": "Group"}}),
    Group=_resource("AWS::Logs::LogGroup"),
    Several=function(
        Events={
            "A": {"Type": "SQS", "Properties": {"Queue": _arn("Orders")}},
            "B": {"Type": "SQS", "Properties": {"Queue": _arn("Steps")}},
        }
    ),
)


@pytest.fixture(scope="module")
def stack(aws_server: AwsEndpoint) -> dict[str, str]:
    name = f"captured-{uuid.uuid4().hex[:8]}"
    deployed = {**_QUEUES, **_STREAMS, "Group": _resource("AWS::Logs::LogGroup", LogGroupName=f"/own/{name}")}
    return {"name": name, **aws_server.deploy(name, {"Resources": deployed})}


@pytest.fixture
def made(project: MakeProject, aws_server: AwsEndpoint, stack: dict[str, str]) -> Project:
    config = f'[dev.deploy.parameters]\nstack_name = "{stack["name"]}"\n[closed.deploy.parameters]\n'
    config += f'stack_name = "{stack["name"]}"\n[closed.samlocal.parameters]\nprotected = true\n'
    return project({"template.json": TEMPLATE, "samconfig.toml": config}, **aws_server.environ)


@pytest.fixture
def sqs(aws_server: AwsEndpoint) -> Iterator[Any]:
    with aws_server.client("sqs") as client:
        yield client


def capture(made: Project, *args: str, env: str = "dev", **more: Any) -> Outcome:
    return made.run("event", "capture", *args, "-e", env, **more)


def events(outcome: Outcome) -> list[Any]:
    return [json.loads(line) for line in outcome.succeeded().stdout.splitlines()]


def test_messages_come_as_the_functions_batches_and_are_there_for_others_at_once(
    made: Project, sqs: Any, stack: dict[str, str]
) -> None:
    url = stack["Orders"]
    for number in range(5):
        sqs.send_message(
            QueueUrl=url,
            MessageBody=f"body {number}",
            MessageAttributes={"n": {"DataType": "Number", "StringValue": str(number)}},
        )
    outcome = capture(made, "OfQueue", "--yes", "--limit", "4")
    batches = events(outcome)
    assert [len(batch["Records"]) for batch in batches] == [2, 2]
    records = [record for batch in batches for record in batch["Records"]]
    assert [record["body"] for record in records] == [f"body {number}" for number in range(4)]
    # Lambda developer guide, "Using Lambda with Amazon SQS", the example event.
    assert {
        "messageId", "receiptHandle", "body", "attributes", "messageAttributes", "md5OfBody", "eventSource",
        "eventSourceARN", "awsRegion", "md5OfMessageAttributes",
    } == set(records[0])  # fmt: skip
    assert records[1]["messageAttributes"]["n"]["stringValue"] == "1"
    assert records[0]["eventSource"] == "aws:sqs"
    assert "2 events of 4 that were read." in outcome.stderr
    assert "this reads up to 4 messages of " in outcome.stderr
    assert "hidden from others" in outcome.stderr

    # The queue hides what is received for ten minutes: it has been given back.
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"])
    assert len(received["Messages"]) == 5
    counts = sorted(each["Attributes"]["ApproximateReceiveCount"] for each in received["Messages"])
    assert counts == ["1", "2", "2", "2", "2"]


def test_before_a_queue_is_read_it_is_said_what_that_touches_and_asked(
    made: Project, sqs: Any, stack: dict[str, str]
) -> None:
    sqs.send_message(QueueUrl=stack["Thrice"], MessageBody="x")
    refused = capture(made, "OfThrice", stdin=b"no\n").succeeded()
    assert refused.stdout == b""
    assert "hidden from others" in refused.stderr
    assert "each counts as received once more, of the 3 times after which" in refused.stderr
    assert "Read up to 10 messages of" in refused.stderr
    assert "in dev? [y/N]" in refused.stderr
    capture(made, "OfThrice").ended(ExitStatus.USAGE)
    capture(made, "OfThrice", "--yes", env="closed").ended(ExitStatus.PROTECTED)
    (message,) = sqs.receive_message(QueueUrl=stack["Thrice"], MessageSystemAttributeNames=["All"])["Messages"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert "Their message groups wait so long." in capture(made, "OfSteps", stdin=b"no\n").succeeded().stderr


def test_a_message_that_one_read_would_send_to_the_dead_letter_queue_is_not_read(
    made: Project, sqs: Any, stack: dict[str, str]
) -> None:
    sqs.send_message(QueueUrl=stack["Once"], MessageBody="x")
    refused = capture(made, "OfOnce", "--yes").ended(ExitStatus.CONFIGURATION)
    assert "its maxReceiveCount is 1" in refused.stderr
    (message,) = sqs.receive_message(QueueUrl=stack["Once"], MessageSystemAttributeNames=["All"])["Messages"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"


def test_messages_of_a_fifo_queue_stay_in_their_order(made: Project, sqs: Any, stack: dict[str, str]) -> None:
    for number in range(4):
        sqs.send_message(QueueUrl=stack["Steps"], MessageBody=str(number), MessageGroupId="a")
    outcome = capture(made, "OfSteps", "--yes").succeeded()
    assert [record["body"] for record in outcome.payload["Records"]] == ["0", "1", "2", "3"]
    assert outcome.payload["Records"][0]["attributes"]["MessageGroupId"] == "a"
    received = sqs.receive_message(QueueUrl=stack["Steps"], MaxNumberOfMessages=10)["Messages"]
    assert [each["Body"] for each in received] == ["0", "1", "2", "3"]


def test_what_a_functions_filters_keep_from_it_is_no_event_of_its(
    made: Project, sqs: Any, stack: dict[str, str]
) -> None:
    for kind in ("paid", "sent", "paid"):
        sqs.send_message(QueueUrl=stack["Kinds"], MessageBody=json.dumps({"kind": kind}))
    outcome = capture(made, "Filters", "--yes").succeeded()
    assert [json.loads(record["body"])["kind"] for record in outcome.payload["Records"]] == ["paid", "paid"]
    assert "1 event of 3 that were read, 1 of which its filters keep from it." in outcome.stderr


def test_an_empty_queue_is_said(made: Project, sqs: Any) -> None:
    assert "Nothing has arrived for OfEmpty" in capture(made, "OfEmpty", "--yes").ended(ExitStatus.EVENT).stderr


def test_changes_of_a_table_come_as_lambda_has_them_and_stay(
    made: Project, aws_server: AwsEndpoint, stack: dict[str, str]
) -> None:
    with aws_server.client("dynamodb") as client:
        for number in range(3):
            client.put_item(TableName=stack["Items"], Item={"id": {"S": str(number)}})
    outcome = capture(made, "OfTable", "--limit", "2").succeeded()
    records = outcome.payload["Records"]
    # The newest.
    assert [record["dynamodb"]["NewImage"]["id"]["S"] for record in records] == ["1", "2"]
    assert records[0]["eventSource"] == "aws:dynamodb"
    assert {"eventID", "eventName", "dynamodb", "eventSourceARN"} <= set(records[0])
    assert capture(made, "OfTable", "--limit", "2").payload == outcome.payload


def test_records_of_kinesis_come_by_their_shards(
    made: Project, aws_server: AwsEndpoint, stack: dict[str, str]
) -> None:
    with aws_server.client("kinesis") as client:
        for number in range(8):
            client.put_record(StreamName=stack["Clicks"], Data=f"{number}".encode(), PartitionKey=f"key {number}")
    assert capture(made, "OfStream", "--limit", "8", "-o", "events/clicks.jsonl").succeeded().stdout == b""
    batches = [json.loads(line) for line in (made.folder / "events/clicks.jsonl").read_bytes().splitlines()]
    assert all(len(batch["Records"]) <= 3 for batch in batches)
    for batch in batches:
        assert len({record["eventID"].partition(":")[0] for record in batch["Records"]}) == 1
    data = [base64.b64decode(record["kinesis"]["data"]) for batch in batches for record in batch["Records"]]
    assert sorted(data) == [f"{number}".encode() for number in range(8)]
    assert (made.folder / "events/clicks.jsonl").stat().st_mode & 0o777 == 0o600


@pytest.fixture
def logged(aws_server: AwsEndpoint, stack: dict[str, str]) -> Iterator[Callable[..., None]]:
    """Writes lines into the function's log group, so many seconds ago."""
    with aws_server.client("logs") as client:
        streams = itertools.count()

        def log(*lines: str, ago: float = 60.0) -> None:
            place = {"logGroupName": stack["Group"], "logStreamName": f"{uuid.uuid4().hex} {next(streams)}"}
            client.create_log_stream(**place)
            at = int((time.time() - ago) * 1000)
            client.put_log_events(
                **place, logEvents=[{"timestamp": at + number, "message": line} for number, line in enumerate(lines)]
            )

        yield log


def test_of_another_function_it_is_what_the_handler_logged_of_its_events(
    made: Project, logged: Callable[..., None]
) -> None:
    request = '{"requestContext": {"http": {"method": "GET"}}, "headers": {"cookie": "a=b"}, "price": 1.10}'
    logged(
        "START RequestId: 1 Version: $LATEST", '{"some": "thing"}', f"2026-01-01T00:00:00.000Z\t1\tINFO\t{request}"
    )
    logged(request.replace("GET", "OLD"), ago=7200.0)
    outcome = capture(made, "Logs", "-o", "request.json")
    outcome.succeeded()
    assert "Logs reads no queue and no stream, so it is what it logged in /own/captured-" in outcome.stderr
    assert "request.json holds headers.cookie: take out what is secret" in outcome.stderr
    text = (made.folder / "request.json").read_text()
    assert '"price": 1.10' in text
    assert json.loads(text)["requestContext"]["http"]["method"] == "GET"

    both = events(capture(made, "Logs", "--since", "3h", "--limit", "2"))
    assert [each["requestContext"]["http"]["method"] for each in both] == ["OLD", "GET"]
    every = events(capture(made, "Logs", "--all"))
    assert {"some": "thing"} in every


def test_objects_that_are_no_events_are_not_taken_for_some(project: MakeProject, aws_server: AwsEndpoint) -> None:
    name = f"captured-{uuid.uuid4().hex[:8]}"
    group = {"Group": _resource("AWS::Logs::LogGroup", LogGroupName=f"/own/{name}")}
    aws_server.deploy(name, {"Resources": group})
    own = template(**group, Logs=function(LoggingConfig={"LogGroup": {"Ref": "Group"}}), Silent=function())
    made = project({"template.json": own}, **aws_server.environ)
    with aws_server.client("logs") as client:
        place = {"logGroupName": f"/own/{name}", "logStreamName": "s"}
        client.create_log_stream(**place)
        lines = [{"timestamp": int(time.time() * 1000), "message": '{"order": 7}'}]
        client.put_log_events(**place, logEvents=lines)
    refused = made.run("event", "capture", "Logs", "-n", name).ended(ExitStatus.EVENT)
    assert "has 1 JSON objects, and none of them has the form of an event" in refused.stderr
    assert "--all takes every one" in refused.stderr
    silent = made.run("event", "capture", "Silent", "-n", name).ended(ExitStatus.EVENT)
    assert "There is no log group /aws/lambda/Silent." in silent.stderr


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        (("OfQueue",), ExitStatus.USAGE, "name it with -e ENV"),
        (("Several", "-e", "dev"), ExitStatus.CONFIGURATION, "The function has several sources"),
        (("OfQueue", "-e", "dev", "--source", "lgos"), ExitStatus.CONFIGURATION, "did you mean logs?"),
        (("OfQueues", "-e", "dev"), ExitStatus.FUNCTION_NOT_FOUND, "did you mean OfQueue?"),
        (("OfQueue", "-e", "dev", "--limit", "1001"), ExitStatus.USAGE, "--limit"),
        (("OfQueue", "-e", "dev", "--since", "soon"), ExitStatus.USAGE, "no length of time"),
    ],
)
def test_where_nothing_can_be_read_it_is_said_why(
    made: Project, args: tuple[str, ...], status: ExitStatus, said: str
) -> None:
    assert said in made.run("event", "capture", *args).ended(status).stderr


# They have no form of their own: whoever writes the rule, the job or the state machine says what is in them; and one
# is a list.
_FREE = {
    "appsync batch-resolver",
    "batch get-job",
    "batch submit-job",
    "iot rule",
    "stepfunctions error",
    "stepfunctions task",
}


def test_every_event_of_awss_is_known_by_its_form() -> None:
    kinds = [kind for service in catalog.services() for kind in catalog.kinds(service).values()]
    unknown = set()
    for kind in kinds:
        made = generate([Link(kind=kind, given={})], Random(1), now=1767225600.0)
        if not (isinstance(made, dict) and is_event(json.dumps(made).encode())):
            unknown.add(kind.name)
    assert unknown <= _FREE


def test_the_local_environments_queues_are_read_without_a_question(local: MakeProject) -> None:
    own = template(
        Orders=_resource("AWS::SQS::Queue"), Fn=_reads({"Queue": _arn("Orders")}, type="SQS"), Other=function()
    )
    made = local({"template.json": own, "seed.json": '{"queues": {"Orders": ["one", {"two": 2}]}}'})
    made.run("local", "seed", "seed.json").succeeded()
    for _ in range(2):
        records = capture(made, "Fn", env="local").succeeded().payload["Records"]
        assert [record["body"] for record in records] == ["one", '{"two": 2}']
    other = capture(made, "Other", env="local").ended(ExitStatus.EVENT)
    assert "`samlocal event save NAME Other` keeps the last event" in other.stderr


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('{"Records": []}', ['{"Records": []}']),
        ('2026-01-01T00:00:00Z\tid\tINFO\t{"a": 1.10}\n', ['{"a": 1.10}']),
        ('{"timestamp": "t", "level": "INFO", "message": {"a": 1}, "requestId": "r"}', ['{"a": 1}']),
        ('{"timestamp": "t", "level": "INFO", "message": "{\\"a\\": 1}"}', ['{"a": 1}']),
        ('{"level": "INFO", "message": "text", "timestamp": "t"}', []),
        ('{"time": "t", "type": "platform.start", "record": {}}', []),
        ('{"_aws": {"Timestamp": 1}, "cold": 1}', []),
        ("START RequestId: 1 Version: $LATEST", []),
        ("[1, 2]", []),
        ('{"a": ', []),
        ("{'a': 1}", []),
    ],
)
def test_what_a_line_of_a_log_holds(line: str, found: list[str]) -> None:
    assert [each.decode() for each in objects(line)] == found


class _Queue:
    """Gives messages in pieces; ``broken`` is raised after the first."""

    def __init__(self, broken: BaseException | None = None, *, hides: Exception | None = None) -> None:
        self.given_back: list[tuple[list[str], int]] = []
        self._broken, self._hides, self._calls = broken, hides, 0

    def most_receives(self) -> int | None:
        return None

    def receive(self, count: int, *, wait: int, hidden: int | None = None) -> list[dict[str, Any]]:
        # A process that is killed gives nothing back: they come back by themselves before they are looked for.
        assert hidden is not None
        assert 20 < hidden <= 60
        self._calls += 1
        if self._calls == 2 and self._broken is not None:
            raise self._broken
        if self._calls > 2:
            return []
        return [
            {
                "MessageId": f"{self._calls}-{each}",
                "ReceiptHandle": f"{self._calls}-{each}",
                "Body": "",
                "MD5OfBody": "",
            }
            for each in range(count)
        ]

    def hide(self, handles: list[str], seconds: int) -> None:
        self.given_back.append((handles, seconds))
        if self._hides is not None:
            raise self._hides


def _mapping(**more: Any) -> Mapping:
    place = Place(region="eu-west-1", account="123456789012")
    given = {
        "kind": SourceKind.QUEUE,
        "source": "arn:aws:sqs:eu-west-1:123456789012:Orders",
        "batch_size": 10,
        **more,
    }
    return Mapping(id="FnQueue", uuid="u", callee=Callee(path="Fn", logical_id="Fn", name="Fn", place=place), **given)


@pytest.mark.parametrize("broken", [KeyboardInterrupt(), AwsError("the network is away")])
def test_what_was_read_is_given_back_when_the_next_read_fails_or_is_ended(broken: BaseException) -> None:
    queue: Any = _Queue(broken)
    with pytest.raises(type(broken)):
        QueueArrivals(queue, _mapping()).read(100)
    assert queue.given_back == [([f"1-{each}" for each in range(10)], 0)]


def test_what_cannot_be_given_back_is_said_with_when_it_comes_back() -> None:
    queue: Any = _Queue(hides=AwsError("the network is away"))
    with pytest.raises(AwsError, match="20 messages of Orders were read, and could not be given back") as error:
        QueueArrivals(queue, _mapping()).read(100)
    assert error.value.tip == "They are seen again in 60 seconds."


class _Stream:
    """One shard, with a record on each page that ``has`` one."""

    def __init__(self, has: Callable[[int], bool]) -> None:
        self._has = has

    def identity(self) -> str:
        return "stream"

    def shards(self) -> list[Shard]:
        return [Shard(id="a")]

    def iterator(self, shard: str, position: object) -> str:
        return "0"

    def page(self, shard: str, iterator: str, limit: int) -> Page:
        number = int(iterator)
        record = StreamRecord(sequence=iterator, key="k", arrived=1000.0 + number, record={"n": number})
        return Page(records=[record] if self._has(number) else [], following=f"{number + 1}")


TABLE = _mapping(kind=SourceKind.TABLE, source="arn:aws:dynamodb:eu-west-1:123456789012:table/T/stream/S")


def test_a_stream_is_read_past_empty_pages() -> None:
    arrivals = StreamArrivals(_Stream(lambda page: page in (1, 4)), TABLE, rest=0.0).read(10, since=1000.0)
    assert arrivals.is_whole
    assert [json.loads(event) for event in arrivals.events] == [{"Records": [{"n": 1}, {"n": 4}]}]


def test_a_stream_without_an_end_is_read_no_longer_than_that_may_take_and_no_further_than_is_asked_for() -> None:
    arrivals = StreamArrivals(_Stream(lambda _: True), TABLE, seconds=0.5, rest=0.001).read(2, since=1000.0)
    assert not arrivals.is_whole
    (event,) = arrivals.events
    assert [record["n"] for record in json.loads(event)["Records"]] == [arrivals.read - 2, arrivals.read - 1]
