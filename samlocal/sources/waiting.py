"""What waits in the environment on this machine, and for whom: in queues, in streams, and until a schedule is due.

It is only looked at: nothing is received, and no reader's place is moved.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from samlocal.aws import Aws
from samlocal.deployed.place import Place
from samlocal.endpoint.directory import Callee
from samlocal.local.schedule import Schedule
from samlocal.local.stack_resources import Resource
from samlocal.sources.aws_streams import KinesisStream, TableStream
from samlocal.sources.mapping import AtTimestamp, Mapping, SourceKind
from samlocal.sources.positions import Positions, positions_file
from samlocal.sources.schedule_expression import ExpressionError, next_due, schedule_expression
from samlocal.sources.stream import Shard, Stream

_QUEUE, _FUNCTION, _MAPPING = "AWS::SQS::Queue", "AWS::Lambda::Function", "AWS::Lambda::EventSourceMapping"
_SCHEDULES = ("AWS::Events::Rule", "AWS::Scheduler::Schedule")

_COUNTED = 10_000
"""Records of a stream are counted so far."""


class QueueDepth(Struct, frozen=True, kw_only=True):
    """Messages that can be received, that have been and are hidden, and that are not to be received yet.

    What fails too often goes to ``dead_letters_to``; of a queue that gets it, ``dead_letters_of`` are the others.
    """

    queue: str
    visible: int
    in_flight: int
    delayed: int
    dead_letters_to: str | None
    dead_letters_of: tuple[str, ...]


class StreamLag(Struct, frozen=True, kw_only=True):
    """How many records of a stream its mapping has yet to bring to an end; ``oldest`` is the first one's age in s.

    ``behind`` is None where nobody has begun to read it. ``more`` says that there are more than were counted.
    """

    mapping: str
    function: str
    source: str
    behind: int | None
    oldest: float | None = None
    more: bool = False


class Due(Struct, frozen=True, kw_only=True):
    """When a schedule is due ``next``, in epoch seconds; None where it is not, or where nobody knows, and ``why``."""

    schedule: str
    expression: str
    timezone: str
    next: float | None
    why: str | None = None


def queue_depths(aws: Aws, resources: Iterable[Resource]) -> list[QueueDepth]:
    """Raises AwsError."""
    queues = {each.path: _attributes(aws, each.physical_id) for each in resources if each.type == _QUEUE}
    by_arn = {attributes["QueueArn"]: path for path, attributes in queues.items()}
    to = {path: _dead_letters(attributes, by_arn) for path, attributes in queues.items()}
    return [
        QueueDepth(
            queue=path,
            visible=int(attributes["ApproximateNumberOfMessages"]),
            in_flight=int(attributes["ApproximateNumberOfMessagesNotVisible"]),
            delayed=int(attributes["ApproximateNumberOfMessagesDelayed"]),
            dead_letters_to=to[path],
            dead_letters_of=tuple(other for other, target in to.items() if target == path),
        )
        for path, attributes in queues.items()
    ]


def stream_lags(aws: Aws, resources: Iterable[Resource], folder: Path) -> Iterator[StreamLag]:
    """``folder`` is where the readers keep how far they have come. Raises AwsError."""
    known = list(resources)
    functions = {each.physical_id: each.path for each in known if each.type == _FUNCTION}
    ids = {each.physical_id: each.path for each in known if each.type == _MAPPING}
    for page in aws.pages("lambda", "list_event_source_mappings"):
        for declared in page["EventSourceMappings"]:
            source = str(declared.get("EventSourceArn", ""))
            kind = source.split(":")[2] if source.startswith("arn:") else ""
            if declared["UUID"] in ids and kind in (SourceKind.TABLE.value, SourceKind.STREAM.value):
                yield _lag(aws, _mapping(ids[declared["UUID"]], declared, functions), folder)


def schedule_times(schedules: Iterable[Schedule], resources: Iterable[Resource], *, now: float) -> Iterator[Due]:
    names = {each.physical_id: each.path for each in resources if each.type in _SCHEDULES}
    for each in schedules:
        name = names.get(each.name) or names.get(each.arn) or each.name
        due, why = _next(each, now)
        yield Due(schedule=name, expression=each.expression, timezone=each.timezone, next=due, why=why)


def _attributes(aws: Aws, url: str) -> dict[str, str]:
    answer = aws.call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"])
    attributes: dict[str, str] = answer["Attributes"]
    return attributes


def _dead_letters(attributes: dict[str, str], by_arn: dict[str, str]) -> str | None:
    """The queue's path, or the name of one that is no part of the stack."""
    arn = json.loads(attributes.get("RedrivePolicy") or "{}").get("deadLetterTargetArn")
    return None if arn is None else by_arn.get(arn, str(arn).rpartition(":")[2])


def _mapping(id_: str, declared: dict[str, Any], functions: dict[str, str]) -> Mapping:
    """As much of it as reading its stream takes."""
    arn = str(declared["FunctionArn"])
    name = arn.split(":")[6]
    path = functions.get(name, name)
    return Mapping(
        id=id_,
        uuid=declared["UUID"],
        callee=Callee(path=path, logical_id=path.rpartition("/")[2], name=name, place=Place.from_arn(arn)),
        kind=SourceKind(declared["EventSourceArn"].split(":")[2]),
        source=declared["EventSourceArn"].partition("/consumer/")[0],
        batch_size=1,
    )


def _lag(aws: Aws, mapping: Mapping, folder: Path) -> StreamLag:
    positions = Positions.so_far(positions_file(folder, mapping.callee.arn, mapping.id))
    stream: Stream = (
        TableStream(aws, mapping) if mapping.kind is SourceKind.TABLE else KinesisStream(aws, mapping, role=None)
    )
    if positions is None or positions.identity != stream.identity():
        return StreamLag(mapping=mapping.id, function=mapping.callee.path, source=mapping.source_name, behind=None)
    count, oldest, more = 0, None, False
    for shard in stream.shards():
        for arrived in _behind(stream, shard, positions):
            if count == _COUNTED:
                more = True
                break
            count += 1
            oldest = arrived if oldest is None else min(oldest, arrived)
    return StreamLag(
        mapping=mapping.id,
        function=mapping.callee.path,
        source=mapping.source_name,
        behind=count,
        oldest=None if oldest is None else round(max(0.0, time.time() - oldest), 1),
        more=more,
    )


def _behind(stream: Stream, shard: Shard, positions: Positions) -> Iterator[float]:
    """When each record arrived that is not done with."""
    position = positions.of(shard.id)
    since = position.timestamp if isinstance(position, AtTimestamp) else 0.0
    iterator = stream.iterator(shard.id, position)
    while iterator is not None:
        page = stream.page(shard.id, iterator, _COUNTED)
        if not page.records:
            return
        yield from (each.arrived for each in page.records if each.arrived >= since)
        iterator = page.following


def _next(schedule: Schedule, now: float) -> tuple[float | None, str | None]:
    try:
        expression = schedule_expression(schedule.expression, schedule.timezone, of_rule=schedule.of_rule)
    except ExpressionError as error:
        return None, f"never: {error}"
    if schedule.expression.startswith("rate(") and schedule.fired is None:
        return None, "counted from the start of `samlocal up`"
    # A minute that begins with its start is one of its.
    after = now if schedule.start is None else max(now, schedule.start - 1e-6)
    due = next_due(expression, after=after, fired=schedule.fired)
    if due is None or (schedule.end is not None and due > schedule.end):
        return None, "not any more"
    return due, None
