"""The template's mappings as values, and what AWS would not take.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import kit
import pytest
from kit import function, template
from sources_kit import read, resource

from samlocal.event_pattern import event_pattern
from samlocal.sources.mapping import AtTimestamp, Latest, Mapping, NotPolled, SourceKind, StreamOptions, TrimHorizon

MakeProject = Callable[..., kit.Project]

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:orders"
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/Orders/stream/2026-01-01T00:00:00.000"
STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks"


def of_event(project: MakeProject, kind: str, **properties: Any) -> Mapping | NotPolled:
    events = {"Source": {"Type": kind, "Properties": properties}}
    (only,) = read(project({"template.json": template(Fn=function(Events=events)), "code/app.py": ""}))
    return only


def of_queue(project: MakeProject, **properties: Any) -> Mapping | NotPolled:
    return of_event(project, "SQS", **{"Queue": QUEUE, **properties})


def of_stream(project: MakeProject, **properties: Any) -> Mapping | NotPolled:
    return of_event(project, "Kinesis", **{"Stream": STREAM, "StartingPosition": "LATEST", **properties})


def test_a_queue_without_more_has_lambdas_defaults(project: MakeProject) -> None:
    mapping = of_queue(project)
    assert isinstance(mapping, Mapping)
    assert (mapping.id, mapping.callee.path, mapping.kind) == ("FnSource", "Fn", SourceKind.QUEUE)
    assert (mapping.source, mapping.region, mapping.account) == (QUEUE, "eu-west-1", "123456789012")
    assert (mapping.batch_size, mapping.window, mapping.concurrency) == (10, 0, None)
    assert not mapping.reports_failures
    assert mapping.filters == ()


def test_all_that_is_said_of_a_queue_is_read(project: MakeProject) -> None:
    mapping = of_queue(
        project,
        BatchSize="1000",
        MaximumBatchingWindowInSeconds=30,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        ScalingConfig={"MaximumConcurrency": 4},
        FilterCriteria={"Filters": [{"Pattern": '{"body": {"a": [1]}}'}, {"Pattern": '{"body": {"b": [2]}}'}]},
    )
    assert isinstance(mapping, Mapping)
    assert (mapping.batch_size, mapping.window, mapping.concurrency) == (1000, 30, 4)
    assert mapping.reports_failures
    assert mapping.filters == tuple(event_pattern({"body": {name: [n]}}) for name, n in (("a", 1), ("b", 2)))


def test_a_stream_without_more_has_lambdas_defaults(project: MakeProject) -> None:
    for kind, name, source, wanted in (
        ("Kinesis", "Stream", STREAM, SourceKind.STREAM),
        ("DynamoDB", "Stream", TABLE, SourceKind.TABLE),
    ):
        mapping = of_event(project, kind, **{name: source, "StartingPosition": "TRIM_HORIZON"})
        assert isinstance(mapping, Mapping)
        assert (mapping.kind, mapping.batch_size, mapping.window) == (wanted, 100, 0)
        assert mapping.stream == StreamOptions(start=TrimHorizon())


def test_all_that_is_said_of_a_stream_is_read(project: MakeProject) -> None:
    mapping = of_stream(
        project,
        BatchSize=50,
        ParallelizationFactor=3,
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=0,
        MaximumRecordAgeInSeconds=60,
        DestinationConfig={"OnFailure": {"Type": "SQS", "Destination": QUEUE}},
    )
    assert isinstance(mapping, Mapping)
    stream = mapping.stream
    assert stream is not None
    assert (stream.start, stream.lanes, stream.bisects, stream.retries, stream.age) == (Latest(), 3, True, 0, 60)
    assert stream.on_failure is not None
    assert stream.on_failure.arn == QUEUE


def test_a_consumer_of_a_stream_reads_the_stream(project: MakeProject) -> None:
    mapping = of_stream(project, Stream=f"{STREAM}/consumer/fast:1700000000")
    assert isinstance(mapping, Mapping)
    assert (mapping.source, mapping.source_name) == (STREAM, "clicks")


def test_minus_one_is_without_end_and_a_timestamp_a_start(project: MakeProject) -> None:
    mapping = of_stream(
        project,
        StartingPosition="AT_TIMESTAMP",
        StartingPositionTimestamp=1700000000,
        MaximumRetryAttempts=-1,
        MaximumRecordAgeInSeconds=-1,
    )
    assert isinstance(mapping, Mapping)
    assert mapping.stream == StreamOptions(start=AtTimestamp(timestamp=1700000000.0), retries=None, age=None)


def test_a_mapping_that_is_a_resource_of_its_own_is_read_and_one_that_is_disabled_is_not(
    project: MakeProject,
) -> None:
    files = {
        "template.json": template(
            Fn=function(),
            On=resource("AWS::Lambda::EventSourceMapping", FunctionName={"Ref": "Fn"}, EventSourceArn=QUEUE),
            Off=resource(
                "AWS::Lambda::EventSourceMapping", FunctionName={"Ref": "Fn"}, EventSourceArn=QUEUE, Enabled="false"
            ),
        ),
        "code/app.py": "",
    }
    (mapping,) = read(project(files))
    assert isinstance(mapping, Mapping)
    assert (mapping.id, mapping.source) == ("On", QUEUE)


def test_a_function_with_an_alias_is_mapped_by_it(project: MakeProject) -> None:
    events = {"Source": {"Type": "SQS", "Properties": {"Queue": QUEUE}}}
    files = {
        "template.json": template(
            Fn=function(AutoPublishAlias="live", FunctionName="taker", Events=events),
            Own=resource("AWS::Lambda::EventSourceMapping", FunctionName="taker:other", EventSourceArn=QUEUE),
        ),
        "code/app.py": "",
    }
    of_event_, own = read(project(files))
    assert isinstance(of_event_, Mapping)
    assert isinstance(own, Mapping)
    assert (of_event_.qualifier, own.qualifier) == ("live", "other")
    assert of_event_.function_arn == "arn:aws:lambda:us-east-1:123456789012:function:taker:live"


@pytest.mark.parametrize(
    ("properties", "why"),
    [
        ({"BatchSize": 11}, "MaximumBatchingWindowInSeconds"),
        ({"BatchSize": 0}, "BatchSize is 1 to 10000, not '0'"),
        ({"BatchSize": "many"}, "BatchSize is 1 to 10000, not 'many'"),
        ({"MaximumBatchingWindowInSeconds": 301}, "is 0 to 300"),
        ({"ScalingConfig": {"MaximumConcurrency": 1}}, "MaximumConcurrency is 2 to 1000"),
        ({"FilterCriteria": {"Filters": [{"Pattern": '{"body": "text"}'}]}}, "no pattern: body is a list"),
        ({"FilterCriteria": {"Filters": [{"Pattern": "{body"}]}}, "it is no JSON"),
        ({"TumblingWindowInSeconds": 30}, "is for streams"),
        ({"Queue": QUEUE + ".fifo", "BatchSize": 11}, "BatchSize is 1 to 10"),
        ({"Queue": QUEUE + ".fifo", "MaximumBatchingWindowInSeconds": 1}, "no FIFO queue"),
        ({"Queue": "arn:aws:kafka:eu-west-1:123456789012:cluster/x"}, "no queue, table's stream or Kinesis stream"),
    ],
)
def test_a_queue_that_aws_would_not_take_is_not_read_and_why_is_said(
    project: MakeProject, properties: dict[str, Any], why: str
) -> None:
    mapping = of_queue(project, **properties)
    assert isinstance(mapping, NotPolled)
    assert why in mapping.reason


@pytest.mark.parametrize(
    ("properties", "why"),
    [
        ({"StartingPosition": "BEGINNING"}, "TRIM_HORIZON, LATEST or AT_TIMESTAMP"),
        ({"StartingPosition": "AT_TIMESTAMP"}, "StartingPositionTimestamp"),
        ({"ParallelizationFactor": 11}, "is 1 to 10"),
        ({"MaximumRecordAgeInSeconds": 59}, "-1 or 60 to 604800"),
        ({"MaximumRetryAttempts": 10001}, "is -1 to 10000"),
        ({"TumblingWindowInSeconds": 901}, "is 0 to 900"),
        ({"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:lambda:x:1:function:F"}}}, "no queue, topic"),
    ],
)
def test_a_stream_that_cannot_be_read_so_is_not_read_and_why_is_said(
    project: MakeProject, properties: dict[str, Any], why: str
) -> None:
    mapping = of_stream(project, **properties)
    assert isinstance(mapping, NotPolled)
    assert why in mapping.reason


def test_what_a_broker_sends_is_named_as_not_read(project: MakeProject) -> None:
    mapping = of_event(project, "MQ", Broker="arn:aws:mq:eu-west-1:123456789012:broker:b", Queues=["q"])
    assert isinstance(mapping, NotPolled)
    assert "which alone are read here" in mapping.reason
