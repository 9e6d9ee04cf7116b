"""The template's event source mappings as values: those that can be polled, and why others cannot.

Sources: SAM specification, ``SQS``, ``DynamoDB`` and ``Kinesis`` events; CloudFormation,
``AWS::Lambda::EventSourceMapping``; Lambda API reference, CreateEventSourceMapping (limits and defaults); Lambda
developer guide, "Creating and configuring an Amazon SQS event source mapping" (a batch of more than ten messages
needs a window, a FIFO queue has neither).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from samlocal.endpoint.directory import Directory
from samlocal.endpoint.event_source_mappings import DeclaredMapping, declared_mappings
from samlocal.event_pattern import EventPattern, PatternError, event_pattern
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
from samlocal.template.values import Json, Known, Unknown, text

_ARN = re.compile(
    r"arn:[^:]+:(?:sqs:[^:]+:[^:]+:[^:/]+|dynamodb:[^:]+:[^:]+:table/[^/]+/stream/.+"
    r"|kinesis:[^:]+:[^:]+:stream/[^/]+(?:/consumer/.+)?)"
)
_DESTINATION = re.compile(r"arn:[^:]+:(sqs|sns|s3):.+")

_QUEUE_BATCH, _FIFO_BATCH, _STREAM_BATCH = 10, 10, 100
_LARGEST_BATCH = 10_000
_WITHOUT_WINDOW = 10


class _Refused(Exception):  # noqa: N818 - within this file
    """Why a mapping is not polled."""


def mappings(directory: Directory) -> Iterator[Mapping | NotPolled]:
    """All that are not switched off. Evaluating may ask AWS."""
    for declared in declared_mappings(directory):
        try:
            mapping = _mapping(declared)
        except _Refused as refused:
            yield NotPolled(id=declared.id, callee=declared.callee, reason=str(refused))
        else:
            if mapping is not None:
                yield mapping


def _mapping(declared: DeclaredMapping) -> Mapping | None:
    """None where it is disabled."""
    read = _Properties(declared)
    if not read.flag("Enabled", default=True):
        return None
    source = read.text(declared.source) if declared.source is not None else None
    if source is None or not _ARN.fullmatch(source):
        what = "its source" if source is None else source
        raise _Refused(f"{what} is no queue, table's stream or Kinesis stream, which alone are read here")
    # A consumer of a stream has its records, by a faster way on AWS.
    source = source.partition("/consumer/")[0]
    kind = SourceKind(source.split(":")[2])
    is_fifo = kind is SourceKind.QUEUE and source.endswith(".fifo")
    default = _FIFO_BATCH if is_fifo else _QUEUE_BATCH if kind is SourceKind.QUEUE else _STREAM_BATCH
    batch_size = read.number("BatchSize", range(1, (_FIFO_BATCH if is_fifo else _LARGEST_BATCH) + 1), default)
    window = read.number("MaximumBatchingWindowInSeconds", range(301), 0) or 0
    if is_fifo and window:
        raise _Refused("MaximumBatchingWindowInSeconds is for no FIFO queue")
    if kind is SourceKind.QUEUE and (batch_size or 0) > _WITHOUT_WINDOW and not window:
        raise _Refused(
            f"BatchSize {batch_size} is more than {_WITHOUT_WINDOW}, "
            "and AWS takes that of a queue only with MaximumBatchingWindowInSeconds of 1 or more"
        )
    if kind is SourceKind.QUEUE and read.number("TumblingWindowInSeconds", range(901), 0):
        raise _Refused("TumblingWindowInSeconds is for streams")
    return Mapping(
        id=declared.id,
        uuid=declared.uuid,
        callee=declared.callee,
        qualifier=declared.qualifier,
        kind=kind,
        source=source,
        batch_size=batch_size or default,
        window=window,
        filters=tuple(_filters(read)),
        reports_failures="ReportBatchItemFailures" in read.list("FunctionResponseTypes"),
        concurrency=_concurrency(read) if kind is SourceKind.QUEUE else None,
        stream=None if kind is SourceKind.QUEUE else _stream(read),
    )


def _stream(read: _Properties) -> StreamOptions:
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


def _start(read: _Properties) -> Start:
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
                raise _Refused(f"StartingPositionTimestamp is no time in epoch seconds: {timestamp!r}") from None
        case given:
            raise _Refused(f"StartingPosition is TRIM_HORIZON, LATEST or AT_TIMESTAMP, not {given!r}")


def _age(read: _Properties) -> int | None:
    age = read.number("MaximumRecordAgeInSeconds", range(-1, 604_801), None)
    if age is not None and age < 60:
        raise _Refused(f"MaximumRecordAgeInSeconds is -1 or 60 to 604800, not {age}")
    return age


def _on_failure(read: _Properties) -> Destination | None:
    config = read.value("DestinationConfig")
    failure = config.get("OnFailure") if isinstance(config, dict) else None
    arn = failure.get("Destination") if isinstance(failure, dict) else None
    if arn is None:
        return None
    if not _DESTINATION.fullmatch(text(arn)):
        raise _Refused(f"OnFailure: {text(arn)} is no queue, topic or bucket")
    return Destination(arn=text(arn))


def _concurrency(read: _Properties) -> int | None:
    config = read.value("ScalingConfig")
    given = config.get("MaximumConcurrency") if isinstance(config, dict) else None
    return None if given is None else _whole("MaximumConcurrency", given, range(2, 1001))


def _filters(read: _Properties) -> Iterator[EventPattern]:
    criteria = read.value("FilterCriteria")
    filters = criteria.get("Filters") if isinstance(criteria, dict) else None
    for each in filters if isinstance(filters, list) else ():
        pattern = each.get("Pattern") if isinstance(each, dict) else None
        if pattern is None:
            continue
        try:
            yield event_pattern(json.loads(text(pattern)))
        except (ValueError, RecursionError) as error:
            why = error if isinstance(error, PatternError) else "it is no JSON"
            raise _Refused(f"FilterCriteria: {text(pattern)[:80]!r} is no pattern: {why}") from error


def _whole(name: str, value: Json, allowed: range) -> int:
    try:
        number = int(text(value))
    except ValueError:
        number = None
    if number is None or number not in allowed:
        raise _Refused(f"{name} is {allowed.start} to {allowed.stop - 1}, not {text(value)[:40]!r}")
    return number


class _Properties:
    """A mapping's, as values. Raises _Refused where one cannot be known."""

    def __init__(self, declared: DeclaredMapping) -> None:
        self._declared = declared

    def value(self, name: str) -> Json:
        match self._declared.owner.evaluator.evaluate(self._declared.properties.get(name)):
            case Known(value=value):
                return value
            case Unknown(expression=expression, reason=reason):
                raise _Refused(f"{name} = {expression}: {reason}")
        return None

    def text(self, name: str) -> str | None:
        value = self.value(name)
        return None if value is None else text(value)

    def list(self, name: str) -> list[Json]:
        value = self.value(name)
        return value if isinstance(value, list) else []

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.value(name)
        return default if value is None else text(value).lower() == "true"

    def number(self, name: str, allowed: range, default: int | None) -> int | None:
        """-1 is for "without end", which is None."""
        value = self.value(name)
        number = default if value is None else _whole(name, value, allowed)
        return None if number == -1 else number
