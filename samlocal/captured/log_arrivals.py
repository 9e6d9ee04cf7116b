"""Events that a function has logged: JSON objects in its log group, as far as they can be told from other ones."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import cache
from operator import itemgetter

import msgspec
from msgspec import Raw

from samlocal.aws import Aws, AwsCallError
from samlocal.captured.arrivals import SECONDS, Arrivals
from samlocal.errors import EventError
from samlocal.events import catalog
from samlocal.events.placeholder import alone, condition_of
from samlocal.records import MALFORMED

# Members by which events are known that are requests or have few of their own; `_forms` knows the others.
_MARKS = tuple(
    frozenset(marks.split())
    for marks in (
        "Records",
        "requestContext",
        "methodArn",
        "routeArn",
        "raw_path method",
        "awslogs",
        "CodePipeline.job",
        "Details Name",
        "header payload",
        "arguments identity info",
        "agent messageVersion",
        "labelingJobArn version",
        "taskToken",
    )
)

_TELLING = 3
"""So many members of their own tell events from other objects."""


@cache
def _forms() -> tuple[frozenset[str], ...]:
    """The members that each event always has, as its file in ``events/data/`` says, which says where that is from."""
    kinds = (kind for service in catalog.services() for kind in catalog.kinds(service).values())
    members = (
        frozenset(name for name, value in kind.shape.event.items() if _is_always_there(name, value))
        for kind in kinds
        if isinstance(kind.shape.event, dict) and not kind.shape.is_request
    )
    return tuple({each for each in members if len(each) >= _TELLING})


def _is_always_there(name: str, value: object) -> bool:
    """Whether an event's description has a member without a condition."""
    if "${" in name:
        return False
    if isinstance(value, dict):
        return not any(condition_of(each) for each in value)
    stands_for = alone(value) if isinstance(value, str) else None
    return stands_for is None or not stands_for.optional


def log_arrivals(
    aws: Aws, group: str, *, region: str, since: float, limit: int, every: bool, seconds: float = SECONDS
) -> Arrivals:
    """The newest events that were logged since a moment, in epoch seconds; with ``every`` all JSON objects.

    Raises EventError where there is no log, or nothing in it that is known for an event.
    """
    until = time.monotonic() + seconds
    newest: list[tuple[int, bytes]] = []
    read = others = 0
    is_whole = True
    try:
        for page in aws.pages(
            "logs", "filter_log_events", region=region, logGroupName=group, startTime=int(since * 1000)
        ):
            for line in page["events"]:
                read += 1
                for found in objects(line["message"]):
                    if every or is_event(found):
                        newest.append((line["timestamp"], found))
                    else:
                        others += 1
            # Log streams follow one another.
            newest = sorted(newest, key=itemgetter(0))[-limit:]
            is_whole = time.monotonic() < until
            if not is_whole:
                break
    except AwsCallError as error:
        if error.code != "ResourceNotFoundException":
            raise
        raise EventError(
            f"There is no log group {group}.", tip="The function has not run yet, or it logs somewhere else."
        ) from error
    if not newest and others:
        raise EventError(
            f"{group} has {others} JSON objects, and none of them has the form of an event of AWS's.",
            tip="--all takes every one. Or have the handler log its event: print(json.dumps(event)).",
        )
    return Arrivals(events=[event for _, event in newest], read=read, is_whole=is_whole)


def is_event(found: bytes) -> bool:
    """Whether a JSON object has the form of an event that an AWS service makes."""
    members = msgspec.json.decode(found, type=dict[str, Raw]).keys()
    return any(marks <= members for marks in (*_MARKS, *_forms()))


def objects(line: str) -> Iterator[bytes]:
    """The JSON object that was logged with a line, every digit as it was.

    The line itself, what stands behind its last tab (Lambda's text format), or the message of a record in JSON
    (Lambda's JSON format, Powertools' logger). What Lambda says itself is none.
    """
    text = line.strip()
    start = 0 if text.startswith("{") else text.find("\t{") + 1
    if start == 0 and not text.startswith("{"):
        return
    whole = text[start:].encode()
    members = _members(whole)
    if members is None:
        return
    if "message" in members and members.keys() & {"level", "timestamp"}:
        message = bytes(members["message"])
        if message.startswith(b'"'):
            message = msgspec.json.decode(message, type=str).encode()
        if _members(message) is not None:
            yield message
    elif not _is_lambdas(members):
        yield whole


def _members(text: bytes) -> dict[str, Raw] | None:
    try:
        return msgspec.json.decode(text, type=dict[str, Raw])
    except MALFORMED:
        return None


def _is_lambdas(members: dict[str, Raw]) -> bool:
    """A record of Lambda's own (Telemetry API, ``platform.start``), or metrics in CloudWatch's embedded format."""
    return bytes(members.get("type", Raw(b""))).startswith(b'"platform.') or "_aws" in members
