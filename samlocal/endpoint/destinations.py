"""What goes where about an asynchronous event that is over, as calls of AWS's services.

Sources: Lambda developer guide, "Capturing records of Lambda asynchronous invocations" (the form for each service,
and the name of the object in S3) and "Adding a dead-letter queue".
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from typing import TypeAlias

import msgspec
from msgspec import Struct

from samlocal.endpoint.invocation_record import InvocationRecord
from samlocal.template.values import Unknown

# Lambda function, queue, topic, event bus, bucket: what a destination's ARN names, and what in it.
_ARN = re.compile(
    r"arn:[^:]+:(?P<service>lambda|sqs|sns|events|s3):(?P<region>[^:]*):(?P<account>[^:]*):(?P<name>.+)"
)


class ToFunction(Struct, frozen=True, kw_only=True):
    """An asynchronous event for another function."""

    arn: str
    payload: bytes


class ToService(Struct, frozen=True, kw_only=True):
    """A call as boto3 names it. ``queue`` is the name of a queue whose URL is still to be asked for."""

    arn: str
    service: str
    operation: str
    region: str | None
    parameters: Mapping[str, object]
    queue: tuple[str, str] | None = None


class Undeliverable(Struct, frozen=True, kw_only=True):
    """Nothing goes there, and why."""

    what: str
    reason: str


Sending: TypeAlias = ToFunction | ToService | Undeliverable


def sendings(record: InvocationRecord) -> Iterator[Sending]:
    """The record to the destination that the function names for it, and a lost event to its dead letters."""
    config = record.callee.asynchronous.of(record.request.qualifier)
    destination, name = (config.on_success, "OnSuccess") if record.succeeded else (config.on_failure, "OnFailure")
    if destination is not None:
        yield _to_destination(record, destination, name)
    if not record.succeeded and config.dead_letters is not None:
        yield _to_dead_letters(record, config.dead_letters)


def _to_destination(record: InvocationRecord, destination: str | Unknown, name: str) -> Sending:
    if isinstance(destination, Unknown):
        return Undeliverable(what=name, reason=f"{destination.expression}: {destination.reason}")
    matched = _ARN.fullmatch(destination)
    if matched is None:
        return Undeliverable(what=f"{name} {destination}", reason="it is no function, queue, topic, bus or bucket")
    text = msgspec.json.encode(record.document()).decode()
    match matched["service"]:
        case "lambda":
            return ToFunction(arn=destination, payload=text.encode())
        case "sqs":
            return _to_queue(destination, matched, text)
        case "sns":
            return _call(destination, matched, "sns", "publish", TopicArn=destination, Message=text)
        case "events":
            entry = {
                "Source": "lambda",
                "DetailType": f"Lambda Function Invocation Result - {'Success' if record.succeeded else 'Failure'}",
                "Detail": text,
                "Resources": [f"{record.callee.arn}:{record.qualifier}", destination],
                "EventBusName": destination,
            }
            return _call(destination, matched, "events", "put_events", Entries=[entry])
        case _:
            if record.succeeded:
                return Undeliverable(what=f"{name} {destination}", reason="a bucket takes failures alone")
            return _call(
                destination,
                matched,
                "s3",
                "put_object",
                Bucket=matched["name"],
                Key=_object_key(record),
                Body=text.encode(),
                ContentType="application/json",
            )


def _to_dead_letters(record: InvocationRecord, target: str | Unknown) -> Sending:
    if isinstance(target, Unknown):
        return Undeliverable(what="the dead-letter queue", reason=f"{target.expression}: {target.reason}")
    matched = _ARN.fullmatch(target)
    if matched is None or matched["service"] not in ("sqs", "sns"):
        return Undeliverable(what=f"the dead-letter queue {target}", reason="it is no queue and no topic")
    event = record.request.payload.decode(errors="replace")
    attributes = {
        name: {"DataType": "Number" if name == "ErrorCode" else "String", "StringValue": value}
        for name, value in record.dead_letter_attributes().items()
    }
    if matched["service"] == "sqs":
        return _to_queue(target, matched, event, MessageAttributes=attributes)
    return _call(target, matched, "sns", "publish", TopicArn=target, Message=event, MessageAttributes=attributes)


def _to_queue(arn: str, matched: re.Match[str], message: str, **more: object) -> ToService:
    return ToService(
        arn=arn,
        service="sqs",
        operation="send_message",
        region=matched["region"] or None,
        parameters={"MessageBody": message, **more},
        queue=(matched["name"], matched["account"]),
    )


def _call(arn: str, matched: re.Match[str], service: str, operation: str, **parameters: object) -> ToService:
    return ToService(
        arn=arn, service=service, operation=operation, region=matched["region"] or None, parameters=parameters
    )


def _object_key(record: InvocationRecord) -> str:
    day, time = record.timestamp.removesuffix("Z").split(".")[0].split("T")
    moment = f"{day}T{time.replace(':', '.')}"
    return f"aws/lambda/async/{record.callee.name}/{day.replace('-', '/')}/{moment}-{uuid.uuid4()}"
