"""The template's event source mappings as values: those that can be polled, and why others cannot.

Sources: SAM specification, ``SQS``, ``DynamoDB`` and ``Kinesis`` events; CloudFormation,
``AWS::Lambda::EventSourceMapping``; Lambda API reference, CreateEventSourceMapping (limits and defaults); Lambda
developer guide, "Creating and configuring an Amazon SQS event source mapping" (a batch of more than ten messages
needs a window, a FIFO queue has neither).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from samlocal.endpoint.directory import Directory
from samlocal.endpoint.event_source_mappings import DeclaredMapping, declared_mappings
from samlocal.sources.mapping import (
    AtTimestamp,
    Destination,
    Latest,
    Mapping,
    NotPolled,
    SourceKind,
    Start,
    StreamOptions,
    TrimHorizon,
)
from samlocal.sources.properties import Properties, Refused, TemplateProperties, whole

_ARN = re.compile(
    r"arn:[^:]+:(?:sqs:[^:]+:[^:]+:[^:/]+|dynamodb:[^:]+:[^:]+:table/[^/]+/stream/.+"
    r"|kinesis:[^:]+:[^:]+:stream/[^/]+(?:/consumer/.+)?)"
)
_DESTINATION = re.compile(r"arn:[^:]+:(sqs|sns|s3):.+")

_QUEUE_BATCH, _FIFO_BATCH, _STREAM_BATCH = 10, 10, 100
_LARGEST_BATCH = 10_000
_WITHOUT_WINDOW = 10


def mappings(directory: Directory) -> Iterator[Mapping | NotPolled]:
    """All that are not switched off. Evaluating may ask AWS."""
    for declared in declared_mappings(directory):
        try:
            mapping = _mapping(declared)
        except Refused as refused:
            yield NotPolled(id=declared.id, reader=declared.callee.path, reason=str(refused))
        else:
            if mapping is not None:
                yield mapping


def _mapping(declared: DeclaredMapping) -> Mapping | None:
    """None where it is disabled."""
    read = TemplateProperties(declared.owner, declared.properties)
    if not read.flag("Enabled", default=True):
        return None
    source = read.text(declared.source) if declared.source is not None else None
    if source is None or not _ARN.fullmatch(source):
        what = "its source" if source is None else source
        raise Refused(f"{what} is no queue, table's stream or Kinesis stream, which alone are read here")
    # A consumer of a stream has its records, by a faster way on AWS.
    source = source.partition("/consumer/")[0]
    kind = SourceKind(source.split(":")[2])
    is_fifo = kind is SourceKind.QUEUE and source.endswith(".fifo")
    default = _FIFO_BATCH if is_fifo else _QUEUE_BATCH if kind is SourceKind.QUEUE else _STREAM_BATCH
    batch_size = read.number("BatchSize", range(1, (_FIFO_BATCH if is_fifo else _LARGEST_BATCH) + 1), default)
    window = read.number("MaximumBatchingWindowInSeconds", range(301), 0) or 0
    if is_fifo and window:
        raise Refused("MaximumBatchingWindowInSeconds is for no FIFO queue")
    if kind is SourceKind.QUEUE and (batch_size or 0) > _WITHOUT_WINDOW and not window:
        raise Refused(
            f"BatchSize {batch_size} is more than {_WITHOUT_WINDOW}, "
            "and AWS takes that of a queue only with MaximumBatchingWindowInSeconds of 1 or more"
        )
    if kind is SourceKind.QUEUE and read.number("TumblingWindowInSeconds", range(901), 0):
        raise Refused("TumblingWindowInSeconds is for streams")
    return Mapping(
        id=declared.id,
        uuid=declared.uuid,
        callee=declared.callee,
        qualifier=declared.qualifier,
        kind=kind,
        source=source,
        batch_size=batch_size or default,
        window=window,
        filters=tuple(read.filters()),
        reports_failures="ReportBatchItemFailures" in read.list("FunctionResponseTypes"),
        concurrency=_concurrency(read) if kind is SourceKind.QUEUE else None,
        stream=None if kind is SourceKind.QUEUE else _stream(read),
    )


def _stream(read: Properties) -> StreamOptions:
    tumbling = read.number("TumblingWindowInSeconds", range(901), 0) or 0
    lanes = read.number("ParallelizationFactor", range(1, 11), 1) or 1
    return StreamOptions(
        start=_start(read),
        # A window's state is its shard's.
        lanes=1 if tumbling else lanes,
        tumbling=tumbling,
        bisects=read.flag("BisectBatchOnFunctionError", default=False),
        retries=read.number("MaximumRetryAttempts", range(-1, 10_001), None),
        age=_age(read),
        on_failure=_on_failure(read),
    )


def _start(read: Properties) -> Start:
    match read.text("StartingPosition"):
        case "TRIM_HORIZON":
            return TrimHorizon()
        case "LATEST":
            return Latest()
        case "AT_TIMESTAMP":
            timestamp = read.text("StartingPositionTimestamp") or ""
            try:
                return AtTimestamp(timestamp=float(timestamp))
            except ValueError:
                raise Refused(f"StartingPositionTimestamp is no time in epoch seconds: {timestamp!r}") from None
        case given:
            raise Refused(f"StartingPosition is TRIM_HORIZON, LATEST or AT_TIMESTAMP, not {given!r}")


def _age(read: Properties) -> int | None:
    age = read.number("MaximumRecordAgeInSeconds", range(-1, 604_801), None)
    if age is not None and age < 60:
        raise Refused(f"MaximumRecordAgeInSeconds is -1 or 60 to 604800, not {age}")
    return age


def _on_failure(read: Properties) -> Destination | None:
    arn = read.inner("DestinationConfig").inner("OnFailure").text("Destination")
    if arn is None:
        return None
    if not _DESTINATION.fullmatch(arn):
        raise Refused(f"OnFailure: {arn} is no queue, topic or bucket")
    return Destination(arn=arn)


def _concurrency(read: Properties) -> int | None:
    given = read.inner("ScalingConfig").value("MaximumConcurrency")
    return None if given is None else whole("MaximumConcurrency", given, range(2, 1001))
