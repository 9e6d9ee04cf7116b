"""Streams of the local endpoint, read for a function: what AWS documents, and what happens.

https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

from __future__ import annotations

import asyncio
import base64
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sources_kit import ANSWERS, FUNCTION, PLACE, RAISES, Function, Told, failures, polled, run

from samlocal.aws import Aws
from samlocal.event_pattern import event_pattern
from samlocal.sources.aws_streams import KinesisStream, TableStream
from samlocal.sources.discards import AwsDiscards
from samlocal.sources.happening import Discarded, Filtered
from samlocal.sources.mapping import (
    AtTimestamp,
    Destination,
    Latest,
    Mapping,
    SourceKind,
    Start,
    StreamOptions,
    TrimHorizon,
)
from samlocal.sources.means import Means
from samlocal.sources.pace import Pace
from samlocal.sources.positions import Positions
from samlocal.sources.stream_poller import StreamPoller
from samlocal.sources.threads import Threads

Client = Callable[[str], Any]

ROLE = "arn:aws:iam::123456789012:role/FnRole"


class Reading:
    """A mapping of a stream with all around it; ``file`` keeps how far it has been read."""

    def __init__(self, aws: Aws, threads: Threads, tmp_path: Path) -> None:
        self._aws = aws
        self._threads = threads
        self.file = tmp_path / "positions.json"
        self.told = Told()

    def until(
        self,
        source: str,
        function: Function,
        what: Callable[[], object],
        *,
        start: Start = TrimHorizon(),  # noqa: B008 - a value
        more: dict[str, Any] | None = None,
        keeps: bool = True,
        reading: Callable[[], object] = lambda: None,
        **options: Any,
    ) -> None:
        """``reading`` is called in a thread once it reads; ``more`` are the mapping's, ``options`` the stream's."""
        kind = SourceKind(source.split(":")[2])
        mapping = Mapping(
            id="FnStream",
            uuid="the-uuid",
            callee=FUNCTION,
            kind=kind,
            source=source,
            **{"batch_size": 100, **(more or {})},
        )
        is_table = kind is SourceKind.TABLE
        stream = TableStream(self._aws, mapping) if is_table else KinesisStream(self._aws, mapping, role=ROLE)
        pace = Pace()
        opened: list[Positions] = []

        def open_(identity: str) -> Positions:
            file = self.file if keeps else None
            opened.append(Positions(identity, start, now=time.time(), file=file))
            return opened[-1]

        poller = StreamPoller(
            mapping,
            StreamOptions(start=start, **options),
            stream,
            function,
            AwsDiscards(self._aws),
            opened=open_,
            rest=0.05,
            means=Means(told=self.told.append, pace=pace, in_thread=self._threads),
        )

        async def test() -> None:
            polling = asyncio.create_task(polled(poller, pace, what))
            async with asyncio.timeout(60):
                while not opened and not polling.done():
                    await asyncio.sleep(0.01)
            await self._threads(reading)
            await polling

        run(test)


@pytest.fixture
def reading(aws: Aws, threads: Threads, tmp_path: Path) -> Reading:
    return Reading(aws, threads, tmp_path)


class Clicks:
    """A stream of Kinesis."""

    def __init__(self, kinesis: Any, name: str, *, shards: int) -> None:
        self.kinesis = kinesis
        self.name = name
        self.arn = f"arn:aws:kinesis:{PLACE}:stream/{name}"
        kinesis.create_stream(StreamName=name, ShardCount=shards)

    def put(self, *texts: str, key: str = "k") -> None:
        for text in texts:
            self.kinesis.put_record(StreamName=self.name, Data=text.encode(), PartitionKey=key)


@pytest.fixture
def clicks(client: Client, request: pytest.FixtureRequest) -> Callable[..., Clicks]:
    made: list[Clicks] = []

    def make(*, shards: int = 1) -> Clicks:
        made.append(Clicks(client("kinesis"), f"{request.node.originalname[:100]}-{len(made)}", shards=shards))
        return made[-1]

    return make


class Table:
    """A table whose changes are a stream."""

    def __init__(self, dynamodb: Any, name: str) -> None:
        self.dynamodb = dynamodb
        self.name = name
        made = dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        self.arn = made["TableDescription"]["LatestStreamArn"]

    def put(self, *ids: str, **more: Any) -> None:
        for each in ids:
            self.dynamodb.put_item(TableName=self.name, Item={"id": {"S": each}, **more})


@pytest.fixture
def table(client: Client, request: pytest.FixtureRequest) -> Callable[..., Table]:
    made: list[Table] = []

    def make() -> Table:
        made.append(Table(client("dynamodb"), f"{request.node.originalname[:100]}-{uuid.uuid4().hex}"))
        return made[-1]

    return make


def texts(function: Function) -> list[list[str]]:
    """Of the records of each batch of Kinesis."""
    return [
        [base64.b64decode(record["kinesis"]["data"]).decode() for record in event["Records"]]
        for event in function.events
    ]


def ids(function: Function) -> list[str]:
    """Of the items that have changed."""
    return [record["dynamodb"]["Keys"]["id"]["S"] for event in function.events for record in event["Records"]]


def numbers(first: int, last: int) -> list[str]:
    return [str(number) for number in range(first, last + 1)]


def test_a_kinesis_event_is_the_one_that_lambda_makes(reading: Reading, clicks: Callable[..., Clicks]) -> None:
    own, function = clicks(), Function()
    own.put("hello", key="someone")
    reading.until(own.arn, function, lambda: function.events)
    ((record,),) = (event["Records"] for event in function.events)
    assert record.pop("kinesis").keys() == {
        "kinesisSchemaVersion",
        "partitionKey",
        "sequenceNumber",
        "data",
        "approximateArrivalTimestamp",
    }
    assert record == {
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": "shardId-000000000000:1",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": ROLE,
        "awsRegion": "us-east-1",
        "eventSourceARN": own.arn,
    }
    assert function.events[0]["Records"][0]["eventSource"] == "aws:kinesis"


def test_a_tables_event_is_the_one_that_lambda_makes(reading: Reading, table: Callable[..., Table]) -> None:
    own, function = table(), Function()
    own.put("a", data={"B": b"\x00\x01"}, inside={"M": {"l": {"L": [{"B": b"z"}, {"N": "5"}]}}})
    own.put("a")
    own.dynamodb.delete_item(TableName=own.name, Key={"id": {"S": "a"}})
    reading.until(own.arn, function, lambda: len(ids(function)) == 3)
    records = [record for event in function.events for record in event["Records"]]
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    first, changed, removed = (record["dynamodb"] for record in records)
    assert first["NewImage"] == {
        "id": {"S": "a"},
        "data": {"B": "AAE="},
        "inside": {"M": {"l": {"L": [{"B": "eg=="}, {"N": "5"}]}}},
    }
    assert "OldImage" not in first
    assert changed["OldImage"] == first["NewImage"]
    assert "NewImage" not in removed
    assert first.keys() == {
        "ApproximateCreationDateTime",
        "Keys",
        "NewImage",
        "SequenceNumber",
        "SizeBytes",
        "StreamViewType",
    }
    assert first["ApproximateCreationDateTime"] == int(first["ApproximateCreationDateTime"])
    del records[0]["dynamodb"], records[0]["eventID"]
    assert records[0] == {
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "eventSourceARN": own.arn,
    }


def test_batches_have_batch_size_records_at_most_and_keep_their_order(
    reading: Reading, clicks: Callable[..., Clicks]
) -> None:
    own, function = clicks(), Function()
    own.put(*numbers(1, 7))
    reading.until(own.arn, function, lambda: sum(map(len, texts(function))) == 7, more={"batch_size": 3})
    assert [text for batch in texts(function) for text in batch] == numbers(1, 7)
    assert max(map(len, texts(function))) <= 3
    assert function.most == 1


def test_a_window_waits_for_a_whole_batch(reading: Reading, clicks: Callable[..., Clicks]) -> None:
    own, function = clicks(), Function()
    own.put(*numbers(1, 3))

    def rest() -> None:
        own.put(*numbers(4, 5))

    more = {"batch_size": 5, "window": 300}
    reading.until(own.arn, function, lambda: function.events, more=more, reading=rest)
    assert texts(function) == [numbers(1, 5)]


def test_a_window_that_is_over_sends_what_there_is(reading: Reading, clicks: Callable[..., Clicks]) -> None:
    own, function = clicks(), Function()
    own.put("only")
    reading.until(own.arn, function, lambda: function.events, more={"batch_size": 5, "window": 1})
    assert texts(function) == [["only"]]


def test_all_shards_are_read(reading: Reading, clicks: Callable[..., Clicks]) -> None:
    own, function = clicks(shards=3), Function()
    for number in range(20):
        own.put(str(number), key=str(number))
    reading.until(own.arn, function, lambda: sum(map(len, texts(function))) == 20)
    shards = {record["eventID"].partition(":")[0] for event in function.events for record in event["Records"]}
    assert len(shards) == 3
    # Each batch is one shard's.
    for event in function.events:
        assert len({record["eventID"].partition(":")[0] for record in event["Records"]}) == 1


def test_shards_that_a_split_and_a_merge_have_made_are_read_behind_those_that_they_were_made_of(
    reading: Reading, clicks: Callable[..., Clicks]
) -> None:
    own, function = clicks(), Function()

    def put(word: str) -> None:
        for number in range(10):
            own.put(f"{word} {number}", key=str(number))

    def reshard() -> None:
        put("first")
        own.kinesis.split_shard(
            StreamName=own.name, ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127)
        )
        put("second")
        own.kinesis.merge_shards(
            StreamName=own.name, ShardToMerge="shardId-000000000001", AdjacentShardToMerge="shardId-000000000002"
        )
        put("third")

    reading.until(own.arn, function, lambda: sum(map(len, texts(function))) >= 30, reading=reshard)
    seen = [text for batch in texts(function) for text in batch]
    assert len(seen) == len(set(seen)) == 30
    # Of each key in its order.
    for number in range(10):
        assert [text for text in seen if text.endswith(f" {number}")] == [
            f"{word} {number}" for word in ("first", "second", "third")
        ]


def test_latest_is_what_comes_after_the_mapping_and_trim_horizon_all(
    reading: Reading, table: Callable[..., Table], tmp_path: Path
) -> None:
    own, late, all_ = table(), Function(), Function()
    own.put("before")
    time.sleep(0.01)
    reading.until(own.arn, late, lambda: ids(late), start=Latest(), reading=lambda: own.put("after"))
    assert ids(late) == ["after"]
    reading.file = tmp_path / "others.json"
    reading.until(own.arn, all_, lambda: len(ids(all_)) == 2)
    assert ids(all_) == ["before", "after"]


@pytest.mark.parametrize("kind", ["table", "clicks"])
def test_where_nothing_is_kept_of_a_stream_its_reading_begins_with_what_comes_then(
    reading: Reading, table: Callable[..., Table], clicks: Callable[..., Clicks], kind: str
) -> None:
    own: Table | Clicks = table() if kind == "table" else clicks()
    function = Function()
    own.put("before")

    def again_and_again() -> None:
        # When the first iterator is there nobody says.
        while not function.events:
            own.put("after")

    reading.until(own.arn, function, lambda: function.events, start=Latest(), keeps=False, reading=again_and_again)
    seen = ids(function) if kind == "table" else [text for batch in texts(function) for text in batch]
    assert set(seen) == {"after"}


def test_a_timestamp_is_where_a_stream_begins(reading: Reading, clicks: Callable[..., Clicks]) -> None:
    own, function = clicks(), Function()
    own.put("before")
    time.sleep(0.01)
    moment = time.time()
    time.sleep(0.01)
    own.put("after")
    reading.until(own.arn, function, lambda: function.events, start=AtTimestamp(timestamp=moment))
    assert texts(function) == [["after"]]


@pytest.mark.parametrize("start", [TrimHorizon(), Latest()])
def test_what_came_while_nobody_read_is_read_at_the_next_start_and_nothing_twice(
    reading: Reading, table: Callable[..., Table], start: Start
) -> None:
    own, first, second = table(), Function(), Function()
    reading.until(own.arn, first, lambda: len(ids(first)) == 2, start=start, reading=lambda: own.put("1", "2"))
    own.put("3", "4")
    reading.until(own.arn, second, lambda: len(ids(second)) == 2, start=start)
    assert (ids(first), ids(second)) == (["1", "2"], ["3", "4"])


def test_what_was_not_done_with_at_the_end_is_read_again(reading: Reading, clicks: Callable[..., Clicks]) -> None:
    own, second = clicks(), Function()
    first = Function(lambda event: RAISES if "3" in texts(first)[-1] else ANSWERS)
    own.put(*numbers(1, 4))
    reading.until(own.arn, first, lambda: ["3"] in texts(first), more={"batch_size": 1})
    reading.until(own.arn, second, lambda: sum(map(len, texts(second))) == 2)
    assert [text for batch in texts(second) for text in batch] == ["3", "4"]


def test_a_stream_that_is_made_anew_is_read_from_its_beginning(
    reading: Reading, clicks: Callable[..., Clicks]
) -> None:
    own, function = clicks(), Function()
    own.put(*numbers(1, 3))
    reading.until(own.arn, function, lambda: sum(map(len, texts(function))) == 3)
    own.kinesis.delete_stream(StreamName=own.name)
    own.kinesis.create_stream(StreamName=own.name, ShardCount=1)
    own.put("new")
    again = Function()
    reading.until(own.arn, again, lambda: again.events)
    assert texts(again) == [["new"]]


def test_a_failing_batch_holds_up_its_shard_and_no_other(reading: Reading, clicks: Callable[..., Clicks]) -> None:
    own = clicks(shards=2)
    # By the hash of the key, one shard each.
    own.put("bad", key="0")
    own.put("behind", key="0")
    own.put("good", key="1")
    keys = {each["ShardId"] for each in own.kinesis.list_shards(StreamName=own.name)["Shards"]}
    assert len(keys) == 2
    function = Function(lambda event: RAISES if "bad" in texts(function)[-1] else ANSWERS)
    others = [key for key in map(str, range(2, 40)) if _shard_of(own, key) != _shard_of(own, "0")]
    own.put("elsewhere", key=others[0])
    reading.until(
        own.arn,
        function,
        lambda: any("elsewhere" in batch for batch in texts(function)) and len(texts(function)) >= 3,
        more={"batch_size": 1},
    )
    assert not any("behind" in batch for batch in texts(function))


def _shard_of(own: Clicks, key: str) -> str:
    import hashlib

    hashed = int(hashlib.md5(key.encode(), usedforsecurity=False).hexdigest(), 16)
    return next(
        str(each["ShardId"])
        for each in own.kinesis.list_shards(StreamName=own.name)["Shards"]
        if int(each["HashKeyRange"]["StartingHashKey"]) <= hashed <= int(each["HashKeyRange"]["EndingHashKey"])
    )


def test_with_a_parallelization_factor_batches_of_other_keys_run_at_once_and_a_keys_stay_in_order(
    reading: Reading, clicks: Callable[..., Clicks]
) -> None:
    own = clicks()
    for number in range(1, 6):
        for key in "abcdefgh":
            own.put(f"{key}{number}", key=key)
    first_failure: list[str] = []

    def answer(event: dict[str, Any]) -> Any:
        batch = texts(function)[-1]
        if "a2" in batch and not first_failure:
            first_failure.append("a2")
            return RAISES
        return ANSWERS

    function = Function(answer)
    reading.until(
        own.arn,
        function,
        lambda: {f"{key}{n}" for key in "abcdefgh" for n in range(1, 6)} <= {t for b in texts(function) for t in b},
        more={"batch_size": 2},
        lanes=4,
    )
    seen = list(dict.fromkeys(text for batch in texts(function) for text in batch))
    for key in "abcdefgh":
        assert [each for each in seen if each.startswith(key)] == [f"{key}{number}" for number in range(1, 6)]


def test_what_no_filter_lets_through_is_passed_over(reading: Reading, table: Callable[..., Table]) -> None:
    own, function = table(), Function()
    own.put("1", kind={"S": "plain"})
    own.put("2", kind={"S": "wanted"})
    filters = (event_pattern({"dynamodb": {"NewImage": {"kind": {"S": ["wanted"]}}}}),)
    reading.until(own.arn, function, lambda: function.events, more={"filters": filters})
    assert ids(function) == ["2"]
    assert sum(each.records for each in reading.told.of(Filtered)) == 1
    # It is not read again either.
    own.put("3", kind={"S": "wanted"})
    again = Function()
    reading.until(own.arn, again, lambda: again.events, more={"filters": filters})
    assert ids(again) == ["3"]


def test_records_that_are_given_up_are_told_to_a_queue_and_a_topic_and_kept_in_a_bucket(
    reading: Reading, table: Callable[..., Table], client: Client
) -> None:
    import json

    sqs, s3, sns = client("sqs"), client("s3"), client("sns")
    url = sqs.create_queue(QueueName="given-up")["QueueUrl"]
    topic = sns.create_topic(Name="given-up")["TopicArn"]
    queue = f"arn:aws:sqs:{PLACE}:given-up"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    s3.create_bucket(Bucket="given-up")
    for destination in (queue, topic, "arn:aws:s3:::given-up"):
        own, function = table(), Function(lambda _: RAISES)
        own.put("bad")
        reading.until(
            own.arn,
            function,
            lambda: reading.told.of(Discarded),
            retries=0,
            on_failure=Destination(arn=destination),
            keeps=False,
        )
        (discarded,) = reading.told.of(Discarded)
        assert (discarded.condition, discarded.to) == ("RetryAttemptsExhausted", destination)
        reading.told.clear()
        if destination.startswith("arn:aws:s3"):
            (object_,) = s3.list_objects_v2(Bucket="given-up")["Contents"]
            told = json.loads(s3.get_object(Bucket="given-up", Key=object_["Key"])["Body"].read())
            ((kept,),) = [json.loads(told.pop("payload"))["Records"]]
            assert kept["dynamodb"]["Keys"] == {"id": {"S": "bad"}}
        else:
            (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            told = json.loads(message["Body"])
        assert told["DDBStreamBatchInfo"]["streamArn"] == own.arn
        assert told["DDBStreamBatchInfo"]["batchSize"] == 1


def test_of_a_batch_that_failed_in_part_the_rest_is_tried_from_the_first_that_failed(
    reading: Reading, table: Callable[..., Table]
) -> None:
    own = table()
    own.put("1", "2", "3")

    def answer(event: dict[str, Any]) -> Any:
        records = event["Records"]
        if len(function.events) > 1:
            return ANSWERS
        return failures(*(each["dynamodb"]["SequenceNumber"] for each in records if _id(each) == "2"))

    function = Function(answer)
    reading.until(own.arn, function, lambda: len(function.events) == 2, more={"reports_failures": True})
    assert [[_id(record) for record in event["Records"]] for event in function.events] == [
        ["1", "2", "3"],
        ["2", "3"],
    ]


def _id(record: dict[str, Any]) -> str:
    return str(record["dynamodb"]["Keys"]["id"]["S"])
