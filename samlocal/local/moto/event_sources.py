"""Queues, tables and streams of the local endpoint: they wait for who reads them, and keep what they are given.

moto itself gives each message, item and record to the functions that are mapped to it, at once, one by one, and in a
container of its own. ``samlocal up`` reads them instead, as Lambda's pollers do; exactly one of the two may. And
moto's server answers each request in a thread, while its queues and streams are made for one caller at a time: a
message that is sent while another one is deleted would be gone.

Of a stream of Kinesis that is resharded the old shards keep what they have, and take nothing new: moto's go on taking
it, and what they have is put again, with other sequence numbers (Amazon Kinesis Data Streams developer guide,
"Strategies for resharding"). A consumer's ARN ends with when it was made (Kinesis API reference, Consumer), and a
mapping may be of one. Tried with moto 5.2.
"""

from __future__ import annotations

import functools
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from moto.awslambda.models import EventSourceMapping, LambdaBackend
from moto.dynamodb.models.table import StreamShard, Table
from moto.kinesis.models import Consumer, Shard, Stream
from moto.sqs.models import Queue, SQSBackend

# All of a service's: queues move messages to one another.
_QUEUES = threading.RLock()
_STREAMS = threading.RLock()

_QUEUE_CALLS = (
    "send_message",
    "send_message_batch",
    "delete_message",
    "delete_message_batch",
    "change_message_visibility",
    "change_message_visibility_batch",
    "purge_queue",
)


def mend_event_sources() -> None:
    for source in (Queue, Table, Stream):
        setattr(source, "lambda_event_source_mappings", property(lambda _: {}, lambda _, __: None))  # noqa: B010
    for name in _QUEUE_CALLS:
        setattr(SQSBackend, name, _one_at_a_time(getattr(SQSBackend, name), _QUEUES))
    setattr(SQSBackend, "receive_message", _waiting_for_none(SQSBackend.receive_message))  # noqa: B010
    setattr(StreamShard, "add", _one_at_a_time(StreamShard.add, _STREAMS))  # noqa: B010
    for name in ("put_record", "get_records"):
        setattr(Shard, name, _one_at_a_time(getattr(Shard, name), _STREAMS))
    setattr(Stream, "put_record", _one_at_a_time(Stream.put_record, _STREAMS))  # noqa: B010
    setattr(Stream, "get_shard_for_key", _open_one(Stream.get_shard_for_key))  # noqa: B010
    for name in ("split_shard", "merge_shards"):
        setattr(Stream, name, _keeping_records(getattr(Stream, name)))
    setattr(Consumer, "__init__", _made_at_a_time(Consumer.__init__))  # noqa: B010
    setattr(LambdaBackend, "create_event_source_mapping", _of_consumers(LambdaBackend.create_event_source_mapping))  # noqa: B010


def _one_at_a_time(call: Callable[..., Any], lock: AbstractContextManager[Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def called(*arguments: Any, **more: Any) -> Any:
        with lock:
            return call(*arguments, **more)

    return called


def _open_one(find: Callable[..., Any]) -> Callable[..., Any]:
    """Of the shards of a key, which are the one that was split and those that it was split into, too."""

    @functools.wraps(find)
    def found(stream: Stream, partition_key: str, explicit_hash_key: str) -> Any:
        shard = find(stream, partition_key, explicit_hash_key)
        if shard is not None and shard.is_open:
            return shard
        digest = hashlib.md5(partition_key.encode(), usedforsecurity=False).hexdigest()
        hashed = int(explicit_hash_key) if explicit_hash_key else int(digest, 16)
        every = stream.shards.values()
        return next(
            (each for each in every if each.is_open and each.starting_hash <= hashed <= each.ending_hash), None
        )

    return found


def _keeping_records(change: Callable[..., Any]) -> Callable[..., Any]:
    """Nothing is put again: there is nothing while the shards are changed."""

    @functools.wraps(change)
    def changed(stream: Stream, *arguments: Any, **more: Any) -> Any:
        with _STREAMS:
            kept = [(shard, shard.records) for shard in stream.shards.values()]
            for shard, _ in kept:
                shard.records = OrderedDict()
            try:
                return change(stream, *arguments, **more)
            finally:
                for shard, records in kept:
                    shard.records = records

    return changed


def _made_at_a_time(make: Callable[..., None]) -> Callable[..., None]:
    def made(consumer: Consumer, *given: Any, **more: Any) -> None:
        make(consumer, *given, **more)
        consumer.consumer_arn += f":{int(consumer.created.timestamp())}"

    return made


def _of_consumers(create: Callable[..., EventSourceMapping]) -> Callable[..., EventSourceMapping]:
    """moto looks for a stream of the ARN that a mapping names."""

    def created(backend: LambdaBackend, spec: dict[str, Any]) -> EventSourceMapping:
        arn = str(spec.get("EventSourceArn", ""))
        stream, of_consumer, _ = arn.partition("/consumer/")
        if not of_consumer:
            return create(backend, spec)
        mapping = create(backend, spec | {"EventSourceArn": stream})
        mapping.event_source_arn = arn
        return mapping

    return created


def _waiting_for_none(receive: Callable[..., Any]) -> Callable[..., Any]:
    """Looks for messages with all others shut out, and waits for them with nobody shut out."""

    @functools.wraps(receive)
    def received(
        backend: SQSBackend, queue_name: str, count: int, wait_seconds_timeout: int, *more: Any, **named: Any
    ) -> Any:
        until = time.monotonic() + wait_seconds_timeout
        while True:
            with _QUEUES:
                messages = receive(backend, queue_name, count, 0, *more, **named)
            left = until - time.monotonic()
            if messages or left <= 0:
                return messages
            # Also for one that is hidden or delayed for less than that.
            wait: Any = min(left, 0.1)
            backend.get_queue(queue_name).wait_for_messages(wait)

    return received
