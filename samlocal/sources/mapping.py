"""An event source mapping: which queue or stream is read for which function, and how.

Source: Lambda API reference, CreateEventSourceMapping, for names, defaults and limits.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from msgspec import Struct

from samlocal.endpoint.directory import Callee
from samlocal.event_pattern import EventPattern


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


class Mapping(Struct, frozen=True, kw_only=True):
    """``window`` is how long a batch is collected, in seconds; ``concurrency`` how many batches of a queue run at
    once, None where nothing is said; ``stream`` is None for a queue.

    ``qualifier`` is the version or alias that is mapped.
    What matches one of ``filters`` is let through, everything where there are none. ``reports_failures`` says that
    the function tells which items of a batch have failed.
    """

    id: str
    uuid: str
    callee: Callee
    kind: SourceKind
    source: str
    batch_size: int
    qualifier: str | None = None
    window: int = 0
    filters: tuple[EventPattern, ...] = ()
    reports_failures: bool = False
    concurrency: int | None = None
    stream: StreamOptions | None = None

    @property
    def function_arn(self) -> str:
        """What is mapped."""
        return self.callee.arn if self.qualifier is None else f"{self.callee.arn}:{self.qualifier}"

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


class NotPolled(Struct, frozen=True, kw_only=True):
    """A mapping that nothing comes of here, and why."""

    id: str
    callee: Callee
    reason: str
