"""The event of a batch of messages.

Sources: Lambda developer guide, "Using Lambda with Amazon SQS", its example events; AWS's own events, as
localstack/localstack keeps them (tests/aws/services/lambda_/event_source_mapping/) and as
aws-powertools/powertools-lambda-python does (tests/events/sqsEvent.json).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from samlocal.function.limits import REQUEST_BYTES
from samlocal.sources.event_source import EventSource
from samlocal.sources.mapping import Record
from samlocal.sources.queue import Message


def queue_record(message: Message, mapping: EventSource) -> Record:
    """One of the event's ``Records``."""
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes", {})),
        "messageAttributes": {
            name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": mapping.source,
        "awsRegion": mapping.region,
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return record


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if "StringValue" in value:
        given["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        given["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
    return {**given, "stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}


def within_limit(records: Sequence[Record], *, limit: int = REQUEST_BYTES) -> Iterator[list[Record]]:
    """The batch in parts whose events Lambda takes; a record that is too large by itself is a part of its own."""
    part: list[Record] = []
    size = empty = len(b'{"Records":[]}')
    for record in records:
        # With a comma.
        length = len(msgspec.json.encode(record)) + 1
        if part and size + length > limit:
            yield part
            part, size = [], empty
        part.append(record)
        size += length
    if part:
        yield part
