"""Streams of DynamoDB's tables and of Kinesis.

Sources: Amazon DynamoDB Streams API reference and Amazon Kinesis Data Streams API reference; for the events Lambda
developer guide, "Using AWS Lambda with Amazon DynamoDB" and "… with Amazon Kinesis", and AWS's own events, as
aws-powertools/powertools-lambda-python keeps them (tests/events/dynamoStreamEvent.json, kinesisStreamEvent.json).
"""

from __future__ import annotations

import base64
import datetime
from collections.abc import Mapping as Table
from collections.abc import Sequence
from typing import Any

from samlocal.aws import Aws, AwsCallError
from samlocal.sources.event_source import EventSource
from samlocal.sources.mapping import AtTimestamp, Latest, Record, TrimHorizon
from samlocal.sources.stream import After, Page, Position, Shard, StreamRecord

# Records that one call gives at most (GetRecords of each).
_TABLE_PAGE, _KINESIS_PAGE = 1_000, 10_000

_GONE = ("ResourceNotFoundException", "TrimmedDataAccessException")


class TableStream:
    """A table's changes.

    DynamoDB begins at no timestamp: a reader who wants one gets all that there is, and passes over what is older.
    """

    def __init__(self, aws: Aws, mapping: EventSource) -> None:
        self._aws = aws
        self._mapping = mapping

    def identity(self) -> str:
        # The ARN has the moment at which the stream was made.
        return self._mapping.source

    def shards(self) -> Sequence[Shard]:
        found: list[Shard] = []
        more: dict[str, Any] = {}
        while True:
            described = self._call("describe_stream", StreamArn=self._mapping.source, **more)["StreamDescription"]
            found += [
                Shard(
                    id=shard["ShardId"],
                    parents=_parents(shard, "ParentShardId"),
                    closed="EndingSequenceNumber" in shard.get("SequenceNumberRange", {}),
                )
                for shard in described["Shards"]
            ]
            if not described.get("LastEvaluatedShardId"):
                return found
            more = {"ExclusiveStartShardId": described["LastEvaluatedShardId"]}

    def iterator(self, shard: str, position: Position) -> str | None:
        kind: dict[str, Any]
        match position:
            case After(sequence=sequence):
                kind = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": sequence}
            case Latest():
                kind = {"ShardIteratorType": "LATEST"}
            case _:
                kind = {"ShardIteratorType": "TRIM_HORIZON"}
        return _iterator(
            lambda: self._call("get_shard_iterator", StreamArn=self._mapping.source, ShardId=shard, **kind)
        )

    def page(self, shard: str, iterator: str, limit: int) -> Page:  # noqa: ARG002 - as of others
        answer = self._call("get_records", ShardIterator=iterator, Limit=min(limit, _TABLE_PAGE))
        return Page(
            records=[table_record(each, self._mapping) for each in answer["Records"]],
            following=answer.get("NextShardIterator"),
        )

    def _call(self, operation: str, **parameters: object) -> dict[str, Any]:
        return self._aws.call("dynamodbstreams", operation, region=self._mapping.region, **parameters)


class KinesisStream:
    """A stream of Kinesis; ``role`` is the ARN of the function's role, which stands in each record."""

    def __init__(self, aws: Aws, mapping: EventSource, *, role: str | None) -> None:
        self._aws = aws
        self._mapping = mapping
        self._role = role

    def identity(self) -> str:
        answer = self._call("describe_stream_summary", StreamName=self._mapping.source_name)
        made = answer["StreamDescriptionSummary"]["StreamCreationTimestamp"]
        return f"{self._mapping.source} {made.timestamp()}"

    def shards(self) -> Sequence[Shard]:
        found: list[Shard] = []
        named: dict[str, Any] = {"StreamName": self._mapping.source_name}
        while True:
            answer = self._call("list_shards", **named)
            found += [
                Shard(
                    id=shard["ShardId"],
                    parents=_parents(shard, "ParentShardId", "AdjacentParentShardId"),
                    closed="EndingSequenceNumber" in shard.get("SequenceNumberRange", {}),
                )
                for shard in answer["Shards"]
            ]
            if not answer.get("NextToken"):
                return found
            named = {"NextToken": answer["NextToken"]}

    def iterator(self, shard: str, position: Position) -> str | None:
        kind: dict[str, Any]
        match position:
            case After(sequence=sequence):
                kind = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": sequence}
            case Latest():
                kind = {"ShardIteratorType": "LATEST"}
            case TrimHorizon():
                kind = {"ShardIteratorType": "TRIM_HORIZON"}
            case AtTimestamp(timestamp=timestamp):
                kind = {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": timestamp}
        return _iterator(
            lambda: self._call("get_shard_iterator", StreamName=self._mapping.source_name, ShardId=shard, **kind)
        )

    def page(self, shard: str, iterator: str, limit: int) -> Page:
        answer = self._call("get_records", ShardIterator=iterator, Limit=min(limit, _KINESIS_PAGE))
        records = answer["Records"]
        return Page(
            records=[kinesis_record(each, self._mapping, shard=shard, role=self._role) for each in records],
            following=answer.get("NextShardIterator"),
            is_newest=answer.get("MillisBehindLatest") == 0,
        )

    def _call(self, operation: str, **parameters: object) -> dict[str, Any]:
        return self._aws.call("kinesis", operation, region=self._mapping.region, **parameters)


def _parents(shard: Table[str, Any], *names: str) -> tuple[str, ...]:
    return tuple(shard[name] for name in names if shard.get(name))


def _iterator(ask: Any) -> str | None:
    try:
        return str(ask()["ShardIterator"])
    except AwsCallError as error:
        if error.code in _GONE:
            return None
        raise


def table_record(given: Table[str, Any], mapping: EventSource) -> StreamRecord:
    """As Lambda has it. A change's moment is in whole seconds there."""
    change: dict[str, Any] = dict(given["dynamodb"])
    arrived = _seconds(change.get("ApproximateCreationDateTime"))
    change["ApproximateCreationDateTime"] = float(int(arrived))
    for name in ("Keys", "NewImage", "OldImage"):
        if name in change:
            change[name] = _plain(change[name])
    record: Record = {
        "eventID": given["eventID"],
        "eventName": given["eventName"],
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": mapping.region,
        "dynamodb": change,
        "eventSourceARN": mapping.source,
    }
    if "userIdentity" in given:
        identity = given["userIdentity"]
        record["userIdentity"] = {"type": identity.get("Type"), "principalId": identity.get("PrincipalId")}
    key = repr(sorted(change.get("Keys", {}).items()))
    return StreamRecord(sequence=change["SequenceNumber"], key=key, arrived=arrived, record=record)


def kinesis_record(given: Table[str, Any], mapping: EventSource, *, shard: str, role: str | None) -> StreamRecord:
    arrived = _seconds(given["ApproximateArrivalTimestamp"])
    sequence = given["SequenceNumber"]
    record: Record = {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": given["PartitionKey"],
            "sequenceNumber": sequence,
            "data": base64.b64encode(given["Data"]).decode(),
            "approximateArrivalTimestamp": round(arrived, 3),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard}:{sequence}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": role,
        "awsRegion": mapping.region,
        "eventSourceARN": mapping.source,
    }
    return StreamRecord(sequence=sequence, key=given["PartitionKey"], arrived=arrived, record=record)


def _seconds(moment: datetime.datetime | None) -> float:
    return 0.0 if moment is None else moment.timestamp()


def _plain(value: Any) -> Any:
    """DynamoDB's values with their bytes in base64, as they are in JSON."""
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case list():
            return [_plain(each) for each in value]
    return value
