"""Event sources: which queue or stream is read, for whom, and how.

Source: Lambda API reference, CreateEventSourceMapping, for names, defaults and limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from samlocal.endpoint import recursion
from samlocal.endpoint.directory import Callee
from samlocal.event_pattern import EventPattern

Record: TypeAlias = dict[str, Any]
"""One of an event's ``Records``."""


class SourceKind(Enum):
    """By the service that an ARN names."""

    QUEUE = "sqs"
    TABLE = "dynamodb"
    STREAM = "kinesis"


class TrimHorizon(Struct, frozen=True, kw_only=True):
    """From the oldest record that the stream still has."""


class Latest(Struct, frozen=True, kw_only=True):
    """From what comes after the mapping is there."""


class AtTimestamp(Struct, frozen=True, kw_only=True):
    """From a moment on, in epoch seconds."""

    timestamp: float


Start: TypeAlias = TrimHorizon | Latest | AtTimestamp


class Destination(Struct, frozen=True, kw_only=True):
    """Where what is told of discarded records goes."""

    arn: str


class StreamOptions(Struct, frozen=True, kw_only=True):
    """How a stream is read. ``retries`` and ``age`` (seconds) are without end where None.

    ``lanes`` is the parallelization factor: so many batches of a shard run at once, of different keys.
    ``tumbling`` is how long a window is whose records a function adds up, in seconds; 0 where there are none.
    """

    start: Start
    lanes: int = 1
    tumbling: int = 0
    bisects: bool = False
    retries: int | None = None
    age: int | None = None
    on_failure: Destination | None = None


class Polled(Struct, frozen=True, kw_only=True):
    """A queue or a stream that is read, and how: for a function by its mapping, or by a pipe.

    ``window`` is how long a batch is collected, in seconds; ``concurrency`` how many batches of a queue run at
    once, None where nothing is said; ``stream`` is None for a queue.
    What matches one of ``filters`` is let through, everything where there are none. ``reports_failures`` says that
    who has a batch tells which items of it have failed.
    """

    id: str
    kind: SourceKind
    source: str
    batch_size: int
    window: int = 0
    filters: tuple[EventPattern, ...] = ()
    reports_failures: bool = False
    concurrency: int | None = None
    stream: StreamOptions | None = None

    @property
    def region(self) -> str:
        return self.source.split(":")[3]

    @property
    def account(self) -> str:
        return self.source.split(":")[4]

    @property
    def source_name(self) -> str:
        """As people call it: the queue's, the table's, the stream's own name."""
        resource = self.source.split(":", 5)[5]
        return resource if self.kind is SourceKind.QUEUE else resource.split("/")[1]

    @property
    def is_fifo(self) -> bool:
        return self.kind is SourceKind.QUEUE and self.source.endswith(".fifo")


class Mapping(Polled, frozen=True, kw_only=True):
    """An event source mapping. ``qualifier`` is the version or alias that is mapped."""

    uuid: str
    callee: Callee
    qualifier: str | None = None

    @property
    def reader(self) -> str:
        """For whom it is read, as a user calls it."""
        return self.callee.path

    @property
    def reader_arn(self) -> str:
        """That of the function, whichever of its versions is mapped."""
        return self.callee.arn

    @property
    def function_arn(self) -> str:
        """What is mapped."""
        return self.callee.arn if self.qualifier is None else f"{self.callee.arn}:{self.qualifier}"

    def event(self, records: Sequence[Record]) -> bytes:
        """What the reader gets of a batch."""
        return msgspec.json.encode({"Records": records})

    def rounds(self, trace: str | None) -> int:
        """How often the function has had what an item with this trace header comes of."""
        return recursion.times(self.callee, trace)

    def is_loop(self, trace: str | None) -> bool:
        """Whether such an item is not run any more."""
        return recursion.is_stopped(self.callee, trace)


class NotPolled(Struct, frozen=True, kw_only=True):
    """A mapping or a pipe that nothing comes of here, and why; ``reader`` is the function's path, or the pipe's."""

    id: str
    reader: str
    reason: str
