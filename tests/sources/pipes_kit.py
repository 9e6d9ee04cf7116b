"""Pipes, and what a batch of records does on its way through one."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from sources_kit import ANSWERS, PLACE, Told, run

from samlocal.aws import Aws
from samlocal.endpoint import api_error
from samlocal.sandbox.result import Result, Success
from samlocal.sources.mapping import SourceKind
from samlocal.sources.pipe import Pipe, Step
from samlocal.sources.pipe_runs import PipeRuns
from samlocal.sources.running import Ran
from samlocal.sources.threads import Threads

FUNCTION = f"arn:aws:lambda:{PLACE}:function:Fn"
QUEUE = f"arn:aws:sqs:{PLACE}:orders"
STREAM = f"arn:aws:kinesis:{PLACE}:stream/clicks"
TABLE = f"arn:aws:dynamodb:{PLACE}:table/items/stream/2024-06-11T14:29:58.123"


def pipe(source: str = QUEUE, target: Step | str = FUNCTION, **more: Any) -> Pipe:
    kind = SourceKind(source.split(":")[2])
    return Pipe(
        id="Flow",
        name="flow",
        reader_arn=f"arn:aws:pipes:{PLACE}:pipe/flow",
        kind=kind,
        source=source,
        batch_size=10,
        reports_failures=True,
        target=target if isinstance(target, Step) else Step(arn=target),
        **more,
    )


ENRICHED = pipe(enrichment=Step(arn=FUNCTION.replace("Fn", "Enrich"), template='{"n": <$.body>}'))


def message(number: int, body: str = "text") -> dict[str, Any]:
    return {"messageId": f"id{number}", "body": body, "attributes": {"SenderId": "me"}, "eventSource": "aws:sqs"}


def click(number: int, data: bytes = b"text") -> dict[str, Any]:
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "k",
            "sequenceNumber": str(number),
            "data": base64.b64encode(data).decode(),
            "approximateArrivalTimestamp": 1545084650.987,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000006:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/lambda-role",
        "awsRegion": "us-east-2",
        "eventSourceARN": STREAM,
    }


class Functions:
    """Answer in turn, and keep what they got."""

    def __init__(self, *answers: Result | None) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, Any]] = []

    async def __call__(self, arn: str, payload: bytes) -> Ran:
        if arn.endswith("nowhere"):
            raise api_error.function_not_found(arn)
        self.asked.append((arn.rpartition(":")[2], json.loads(payload)))
        return Ran(request_id="r", result=self._answers.pop(0) if self._answers else ANSWERS)


def brought(
    given: Pipe, records: Sequence[dict[str, Any]], functions: Functions, aws: Aws, told: Told | None = None
) -> Result | None:
    """What comes of a batch."""

    async def test() -> Ran:
        with Threads() as threads:
            hears = (Told() if told is None else told).append
            return await PipeRuns(given, aws, functions, told=hears, in_thread=threads)(given.event(records))

    return run(test).result


def answers(value: Any) -> Success:
    return Success(payload=json.dumps(value).encode())


def items(result: Result | None) -> list[str]:
    assert isinstance(result, Success)
    return [each["itemIdentifier"] for each in json.loads(result.payload)["batchItemFailures"]]
