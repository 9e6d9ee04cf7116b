"""What is told of records of a stream that are given up, and where it goes.

Sources: Lambda developer guide, "Retain discarded batch records for a Kinesis Data Streams event source" and "… for a
DynamoDB event source" (the record for a queue and a topic, the whole of it with the batch for a bucket, and its key
there). A pipe's dead letter is recorded of AWS, in public repositories' test data. The condition of records that are
too old is the one that localstack/localstack has; that a function which has answered has no error in the record is
nowhere documented.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from enum import Enum
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from samlocal.aws import Aws
from samlocal.sandbox.apis.telemetry import timestamp
from samlocal.sandbox.result import Result, Success
from samlocal.sources.event_source import EventSource
from samlocal.sources.mapping import SourceKind
from samlocal.sources.pipe import Pipe
from samlocal.sources.stream import StreamRecord


class Condition(Enum):
    """Why, in AWS's words."""

    RETRIES_EXHAUSTED = "RetryAttemptsExhausted"
    TOO_OLD = "RecordAgeExceeded"


class Discard(Struct, frozen=True, kw_only=True):
    """Records of one shard that are given up; ``result`` is what came of the last try, None where there was none."""

    mapping: EventSource
    shard: str
    records: Sequence[StreamRecord]
    condition: Condition
    request_id: str
    invoked: int
    result: Result | None

    def document(self) -> dict[str, Any]:
        info = {SourceKind.STREAM: "KinesisBatchInfo", SourceKind.TABLE: "DDBStreamBatchInfo"}[self.mapping.kind]
        first, last = self.records[0], self.records[-1]
        return {
            **self._context(),
            "version": "1.0",
            "timestamp": timestamp(),
            info: {
                "shardId": self.shard,
                "startSequenceNumber": first.sequence,
                "endSequenceNumber": last.sequence,
                "approximateArrivalOfFirstRecord": _moment(first.arrived),
                "approximateArrivalOfLastRecord": _moment(last.arrived),
                "batchSize": len(self.records),
                "streamArn": self.mapping.source,
            },
        }

    def _context(self) -> dict[str, Any]:
        if isinstance(self.mapping, Pipe):
            context = {"partnerResourceArn": self.mapping.reader_arn, "condition": self.condition.value}
            return {"context": context}
        request: dict[str, Any] = {
            "requestId": self.request_id or str(uuid.uuid4()),
            "functionArn": self.mapping.function_arn,
            "condition": self.condition.value,
            "approximateInvokeCount": self.invoked,
        }
        if self.result is None:
            return {"requestContext": request}
        response: dict[str, Any] = {"statusCode": 200, "executedVersion": "$LATEST"}
        if not isinstance(self.result, Success):
            response["functionError"] = "Unhandled"
        return {"requestContext": request, "responseContext": response}


class Discards(Protocol):
    """Takes what is told, in a thread of its caller's."""

    def send(self, arn: str, discard: Discard) -> None:
        """Raises AwsError and CredentialsError."""


class AwsDiscards:
    """To a queue, a topic or a bucket."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def send(self, arn: str, discard: Discard) -> None:
        _, _, service, region, account, name = arn.split(":", 5)
        document = discard.document()
        text = msgspec.json.encode(document).decode()
        match service:
            case "sqs":
                found = self._aws.call(
                    "sqs", "get_queue_url", region=region, QueueName=name, QueueOwnerAWSAccountId=account
                )
                self._aws.call("sqs", "send_message", region=region, QueueUrl=found["QueueUrl"], MessageBody=text)
            case "sns":
                self._aws.call("sns", "publish", region=region, TopicArn=arn, Message=text)
            case _:
                payload = msgspec.json.encode({"Records": [each.record for each in discard.records]}).decode()
                self._aws.call(
                    "s3",
                    "put_object",
                    Bucket=name,
                    Key=object_key(discard, datetime.datetime.now(datetime.UTC)),
                    Body=msgspec.json.encode({**document, "payload": payload}),
                    ContentType="application/json",
                )


def object_key(discard: Discard, now: datetime.datetime) -> str:
    """``aws/lambda/<mapping>/<shard>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<random>``."""
    name = discard.mapping.name if isinstance(discard.mapping, Pipe) else discard.mapping.uuid
    moment = now.strftime("%Y/%m/%d/%Y-%m-%dT%H.%M.%S")
    return f"aws/lambda/{name}/{discard.shard}/{moment}-{uuid.uuid4()}"


def _moment(seconds: float) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
