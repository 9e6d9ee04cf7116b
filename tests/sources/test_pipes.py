"""EventBridge Pipes: which of a template's are read, what of a batch reaches a target, and what of it is tried again.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable
from typing import Any

import kit
import pytest
from pipes_kit import (
    ENRICHED,
    FUNCTION,
    QUEUE,
    STREAM,
    TABLE,
    Functions,
    answers,
    brought,
    click,
    items,
    message,
    pipe,
)
from project_kit import Collected, settings_of
from sources_kit import PLACE, RAISES, Told, failures

from samlocal.aws import Aws
from samlocal.project.project import Project
from samlocal.sandbox.result import Result, Success
from samlocal.sources.discards import Condition, Discard
from samlocal.sources.filters import passes
from samlocal.sources.happening import NotDelivered
from samlocal.sources.mapping import Latest, NotPolled, StreamOptions
from samlocal.sources.pipe import Pipe, Step
from samlocal.sources.pipe_input import pipe_input
from samlocal.sources.pipes import pipes
from samlocal.sources.stream import StreamRecord

MakeProject = Callable[..., kit.Project]
Client = Callable[[str], Any]

# what a template says of a pipe


def read(made: kit.Project) -> list[Pipe | NotPolled]:
    with Project(settings_of(made), Collected()) as own:
        return list(pipes(own.application()))


def of_template(project: MakeProject, **properties: Any) -> Pipe | NotPolled:
    given = {"RoleArn": "arn:aws:iam::123456789012:role/r", "Source": QUEUE, "Target": FUNCTION, **properties}
    flow = {"Type": "AWS::Pipes::Pipe", "Properties": given}
    (only,) = read(project({"template.json": kit.template(Fn=kit.function(), Flow=flow), "code/app.py": ""}))
    return only


def test_a_pipe_is_read_as_its_template_says(project: MakeProject) -> None:
    found = of_template(
        project,
        Name="clicks-to-queue",
        Source=STREAM,
        SourceParameters={
            "FilterCriteria": {"Filters": [{"Pattern": '{"data": {"City": ["Seattle"]}}'}]},
            "KinesisStreamParameters": {
                "StartingPosition": "TRIM_HORIZON",
                "BatchSize": 5,
                "MaximumRetryAttempts": 2,
                "OnPartialBatchItemFailure": "AUTOMATIC_BISECT",
                "DeadLetterConfig": {"Arn": QUEUE},
            },
        },
        Enrichment=FUNCTION,
        Target=QUEUE,
        TargetParameters={"InputTemplate": "<$.data>", "SqsQueueParameters": {"MessageGroupId": "$.partitionKey"}},
    )
    assert isinstance(found, Pipe)
    assert (found.id, found.name, found.batch_size, found.reports_failures) == ("Flow", "clicks-to-queue", 5, True)
    assert found.reader_arn.endswith(":pipe/clicks-to-queue")
    assert found.stream is not None
    assert (found.stream.retries, found.stream.bisects) == (2, True)
    assert found.stream.on_failure is not None
    assert found.enrichment == Step(arn=FUNCTION)
    assert found.target == Step(arn=QUEUE, template="<$.data>", parameters={"MessageGroupId": "$.partitionKey"})
    seattle, other = click(1, b'{"City": "Seattle"}'), click(2, b'{"City": "Berlin"}')
    assert [passes(each, found.filters, kind=found.kind) for each in (seattle, other)] == [True, False]


@pytest.mark.parametrize(
    ("properties", "batch_size"),
    [
        ({}, 10),
        ({"Source": STREAM, "SourceParameters": {"KinesisStreamParameters": {"StartingPosition": "LATEST"}}}, 100),
        (
            {
                "Source": TABLE,
                "Target": f"arn:aws:events:{PLACE}:event-bus/default",
                "SourceParameters": {"DynamoDBStreamParameters": {"StartingPosition": "LATEST"}},
            },
            10,
        ),
    ],
)
def test_a_batch_is_what_its_source_gives_and_its_target_takes(
    project: MakeProject, properties: dict[str, Any], batch_size: int
) -> None:
    found = of_template(project, **properties)
    assert isinstance(found, Pipe), found
    assert found.batch_size == batch_size


@pytest.mark.parametrize(
    ("properties", "why"),
    [
        ({"Source": "arn:aws:kafka:us-east-1:1:cluster/x"}, "no queue, table's stream or Kinesis stream"),
        ({"Target": f"arn:aws:events:{PLACE}:api-destination/shop/1"}, "brings nothing to API destination"),
        ({"Target": f"arn:aws:ecs:{PLACE}:cluster/c"}, "brings nothing to ecs"),
        ({"Enrichment": f"arn:aws:events:{PLACE}:api-destination/shop/1"}, "calls no API destination"),
        ({"Target": QUEUE, "SourceParameters": {"SqsQueueParameters": {"BatchSize": 11}}}, "BatchSize is 1 to 10"),
        ({"SourceParameters": {"SqsQueueParameters": {"BatchSize": 100}}}, "no batching window"),
        ({"Source": STREAM}, "StartingPosition is TRIM_HORIZON or LATEST"),
        ({"SourceParameters": {"FilterCriteria": {"Filters": [{"Pattern": "{"}]}}}, "it is no JSON"),
    ],
)
def test_a_pipe_that_is_not_run_is_named_with_its_reason(
    project: MakeProject, properties: dict[str, Any], why: str
) -> None:
    found = of_template(project, **properties)
    assert isinstance(found, NotPolled), found
    assert (found.reader, why in found.reason) == ("Flow", True), found.reason


def test_a_stopped_pipe_is_none(project: MakeProject) -> None:
    flow = {"Source": QUEUE, "Target": FUNCTION, "RoleArn": "r", "DesiredState": "STOPPED"}
    template = kit.template(Fn=kit.function(), Flow={"Type": "AWS::Pipes::Pipe", "Properties": flow})
    assert read(project({"template.json": template, "code/app.py": ""})) == []


# what an input template makes of an event

TEMPLATES = [
    (None, message(1, "x"), json.dumps(message(1, "x"), separators=(",", ":"))),
    ("Hello, sender", message(1), "Hello, sender"),
    ("<$.attributes.SenderId>", message(1), '"me"'),
    ('"Hello, <$.attributes.SenderId>"', message(1), '"Hello, me"'),
    ('{"key": <$.body.key>}', message(1, '{"key": {"in": 1}}'), '{"key": {"in":1}}'),
    ('{"key": "<$.body.key>"}', message(1, '{"key": "a \\"b\\""}'), '{"key": "a \\"b\\""}'),
    ('{"all": <$.body>}', message(1, "no JSON"), '{"all": "no JSON"}'),
    ('{"third": <$.body.Records[2]>}', message(1, '{"Records": [1, 2, 3]}'), '{"third": 3}'),
    ('{"none": "<$.body.none>"}', message(1, "{}"), '{"none": ""}'),
    ('{"by": <aws.pipes.pipe-name>}', message(1), '{"by": "flow"}'),
    ('{"of": "<aws.pipes.source-arn>"}', message(1), f'{{"of": "{QUEUE}"}}'),
    ('{"event": <aws.pipes.event.json>}', {"body": '{"a": 1}'}, '{"event": {"body":{"a":1}}}'),
    ('{"data": <$.data.n>}', {"data": base64.b64encode(b'{"n": 7}').decode()}, '{"data": 7}'),
    ('{"data": <$.data>}', {"data": "AAE="}, '{"data": "AAE="}'),
    ("a < b <none of ours> c", message(1), "a < b <none of ours> c"),
]


@pytest.mark.parametrize(("template", "event", "made"), TEMPLATES)
def test_an_input_is_what_its_template_makes_of_an_event(template: str | None, event: Any, made: str) -> None:
    step = Step(arn=FUNCTION, template=template)
    if template is not None and "none of ours" in template:
        # Such a place is no variable.
        made = made.replace("<none of ours>", '""')
    assert pipe_input(pipe(target=step), step, event) == made


# a batch on its way


def test_a_function_gets_the_whole_batch_as_an_array_in_the_documented_form(aws: Aws) -> None:
    functions = Functions()
    assert items(brought(pipe(STREAM), [click(1), click(2)], functions, aws)) == []
    ((name, event),) = functions.asked
    assert name == "Fn"
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-kinesis.html
    assert [set(each) for each in event] == 2 * [
        {
            "kinesisSchemaVersion",
            "partitionKey",
            "sequenceNumber",
            "data",
            "approximateArrivalTimestamp",
            "eventSource",
            "eventVersion",
            "eventID",
            "eventName",
            "invokeIdentityArn",
            "awsRegion",
            "eventSourceARN",
        }
    ]
    alone = Functions()
    brought(pipe(), [message(1)], alone, aws)
    assert alone.asked == [("Fn", [message(1)])]


@pytest.mark.parametrize(
    ("given", "answered", "asked"),
    [
        ([1, 2], answers([{"n": 1}, {"n": 2}]), [("Enrich", [{"n": 1}, {"n": 2}]), ("Fn", [{"n": 1}, {"n": 2}])]),
        ([1], answers({"one": 1}), [("Enrich", [{"n": 1}]), ("Fn", {"one": 1})]),
        ([1], answers([{}]), [("Enrich", [{"n": 1}]), ("Fn", [{}])]),
        ([1], answers([]), [("Enrich", [{"n": 1}])]),
        ([1], answers({}), [("Enrich", [{"n": 1}])]),
        ([1], answers(""), [("Enrich", [{"n": 1}])]),
    ],
)
def test_what_an_enrichment_answers_is_the_targets_and_an_empty_answer_invokes_none(
    aws: Aws, given: list[int], answered: Result, asked: list[Any]
) -> None:
    functions = Functions(answered)
    records = [message(number, str(number)) for number in given]
    assert items(brought(ENRICHED, records, functions, aws)) == []
    assert functions.asked == asked


@pytest.mark.parametrize(
    ("given", "records", "answered", "failed"),
    [
        (pipe(), [message(1), message(2)], failures("id2"), ["id2"]),
        (pipe(), [message(1), message(2)], failures(), []),
        (pipe(), [message(1), message(2)], answers("text"), []),
        (pipe(), [message(1), message(2)], failures("unknown"), ["id1", "id2"]),
        # It is the event's id that a target names, and its number by which it is read on.
        (pipe(STREAM), [click(1), click(2)], failures("shardId-000000000006:2"), ["2"]),
        (ENRICHED, [message(1), message(2)], answers([{"messageId": "id1"}]), []),
    ],
)
def test_a_target_says_what_of_its_batch_has_failed(
    aws: Aws, given: Pipe, records: list[dict[str, Any]], answered: Result, failed: list[str]
) -> None:
    assert items(brought(given, records, Functions(answered), aws)) == failed


@pytest.mark.parametrize(
    ("given", "functions", "why"),
    [
        (pipe(), Functions(RAISES), f"{FUNCTION} has failed: "),
        (ENRICHED, Functions(RAISES), "Enrich has failed: "),
        (pipe(target=FUNCTION.replace("Fn", "nowhere")), Functions(), "Function not found"),
        (pipe(target=f"arn:aws:sqs:{PLACE}:nowhere"), Functions(), "nowhere"),
        (
            pipe(
                target=f"arn:aws:events:{PLACE}:event-bus/default",
            ),
            Functions(),
            "",
        ),
        (
            pipe(target=Step(arn=f"arn:aws:events:{PLACE}:event-bus/default", template="no object")),
            Functions(),
            "the detail of an event is to be a JSON object, and its input is 'no object'",
        ),
    ],
)
def test_a_batch_that_its_target_does_not_take_has_failed_and_why_is_said(
    aws: Aws, given: Pipe, functions: Functions, why: str
) -> None:
    told = Told()
    result = brought(given, [message(1, "1")], functions, aws, told)
    if not why:
        assert items(result) == []
        return
    assert not isinstance(result, Success)
    (said,) = told.of(NotDelivered)
    assert why in said.reason or "does not exist" in said.reason


def test_a_function_that_is_throttled_is_tried_again_and_nothing_has_failed(aws: Aws) -> None:
    assert brought(pipe(), [message(1)], Functions(None), aws) is None


def test_queues_topics_streams_and_buses_get_one_message_for_each_item(aws: Aws, client: Client) -> None:
    name = uuid.uuid4().hex
    sqs, sns, events, kinesis = (client(service) for service in ("sqs", "sns", "events", "kinesis"))
    url = sqs.create_queue(QueueName=f"{name}.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    heard = sqs.create_queue(QueueName=name)["QueueUrl"]
    topic = sns.create_topic(Name=name)["TopicArn"]
    arn = f"arn:aws:sqs:{PLACE}:{name}"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    bus = events.create_event_bus(Name=name)["EventBusArn"]
    events.put_rule(Name=name, EventBusName=name, EventPattern='{"account": ["123456789012"]}')
    events.put_targets(Rule=name, EventBusName=name, Targets=[{"Id": "1", "Arn": arn}])
    kinesis.create_stream(StreamName=name, ShardCount=1)
    records = [message(number, json.dumps({"n": number})) for number in (1, 2)]

    def bring(target: str, **parameters: Any) -> None:
        step = Step(arn=target, template='{"n": <$.body.n>}', parameters=parameters)
        assert items(brought(pipe(target=step), records, Functions(), aws)) == []

    def received(from_: str) -> list[dict[str, Any]]:
        got = sqs.receive_message(QueueUrl=from_, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"])
        return sorted(got["Messages"], key=lambda each: str(each["Body"]))

    bring(f"{arn}.fifo", MessageGroupId="$.attributes.SenderId", MessageDeduplicationId="$.messageId")
    first, second = received(url)
    assert [first["Body"], second["Body"]] == ['{"n": 1}', '{"n": 2}']
    assert first["Attributes"]["MessageGroupId"] == "me"
    assert second["Attributes"]["MessageDeduplicationId"] == "id2"

    bring(topic)
    got = received(heard)
    assert [each["Body"] for each in got] == ['{"n": 1}', '{"n": 2}']
    sqs.purge_queue(QueueUrl=heard)

    bring(bus)
    told = [json.loads(each["Body"]) for each in received(heard)]
    assert sorted(each["detail"]["n"] for each in told) == [1, 2]
    assert {(each["source"], each["detail-type"]) for each in told} == {("Pipe flow", "Event from aws:sqs")}

    bring(f"arn:aws:kinesis:{PLACE}:stream/{name}", PartitionKey="$.messageId")
    (shard,) = kinesis.list_shards(StreamName=name)["Shards"]
    begin = kinesis.get_shard_iterator(StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    found = kinesis.get_records(ShardIterator=begin)["Records"]
    assert [(each["PartitionKey"], each["Data"]) for each in found] == [("id1", b'{"n": 1}'), ("id2", b'{"n": 2}')]


MACHINE = {"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}}
FAILING = {"StartAt": "Only", "States": {"Only": {"Type": "Fail", "Error": "Mine", "Cause": "as it says"}}}


def test_an_express_state_machine_is_waited_for_and_others_are_started(aws: Aws, client: Client) -> None:
    states, name = client("stepfunctions"), uuid.uuid4().hex

    def machine(kind: str, definition: dict[str, Any]) -> str:
        made = states.create_state_machine(
            name=f"{name}-{len(made_of)}",
            definition=json.dumps(definition),
            roleArn="arn:aws:iam::123456789012:role/r",
            type=kind,
        )
        made_of.append(str(made["stateMachineArn"]))
        return made_of[-1]

    made_of: list[str] = []
    records = [message(1, "1")]
    functions = Functions()
    enriched = pipe(enrichment=Step(arn=machine("EXPRESS", MACHINE), template='{"n": <$.body>}'))
    assert items(brought(enriched, records, functions, aws)) == []
    assert functions.asked == [("Fn", [{"n": 1}])]

    told = Told()
    assert not isinstance(brought(pipe(target=machine("EXPRESS", FAILING)), records, functions, aws, told), Success)
    assert [each.reason.partition(" has failed: ")[2] for each in told.of(NotDelivered)] == ["Mine as it says"]

    started = Step(arn=machine("STANDARD", MACHINE), parameters={"InvocationType": "FIRE_AND_FORGET"})
    assert items(brought(pipe(target=started), records, functions, aws)) == []
    (execution,) = states.list_executions(stateMachineArn=started.arn)["executions"]
    assert json.loads(states.describe_execution(executionArn=execution["executionArn"])["input"]) == records


def test_what_is_told_of_a_streams_discarded_records_is_what_aws_tells() -> None:
    """Recorded of AWS (a dead letter of a pipe of 2024-03-08, of a table)."""
    options = StreamOptions(start=Latest())
    discard = Discard(
        mapping=pipe(TABLE, stream=options),
        shard="shardId-1",
        records=[StreamRecord(sequence="7", key="k", arrived=1.0, record={})],
        condition=Condition.RETRIES_EXHAUSTED,
        request_id="r",
        invoked=1,
        result=RAISES,
    )
    document = discard.document()
    assert document["context"] == {
        "partnerResourceArn": f"arn:aws:pipes:{PLACE}:pipe/flow",
        "condition": "RetryAttemptsExhausted",
    }
    assert set(document) == {"context", "version", "timestamp", "DDBStreamBatchInfo"}
