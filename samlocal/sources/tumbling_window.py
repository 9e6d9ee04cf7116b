"""Tumbling windows: a function adds up the records of a stretch of time, shard by shard, and is told when it is over.

Sources: Lambda developer guide, "Implementing stateful Kinesis Data Streams processing in Lambda" and "Implementing
stateful DynamoDB stream processing in Lambda": a record belongs to the window of the moment at which it came into the
stream; each answer has the state that the next event has; without one the invocation has failed; a state of more than
1 MB ends the window early, and so does the end of its shard. The events are those of its example, as
aws-powertools/powertools-lambda-typescript has it (``TimeWindow`` of its schemas' tests). What of a state that is too
large the last event of its window has is nowhere documented: here it has all of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from samlocal.sandbox.result import Result, Success
from samlocal.sources.stream import StreamRecord

STATE_BYTES = 1024 * 1024
"""Of a window of one shard."""

State: TypeAlias = dict[str, Any]


class OpenWindow(Struct, frozen=True, kw_only=True):
    """One that is not over: when it began, in epoch seconds, and what has been added up of it."""

    start: int
    state: State


class TumblingWindow:
    """The window of a shard that is open. ``kept`` hears what is to be known of it where it is read on."""

    def __init__(
        self,
        opened: OpenWindow,
        *,
        seconds: int,
        shard: str,
        source: str,
        kept: Callable[[OpenWindow | None], None],
    ) -> None:
        self.start = opened.start
        self.end = opened.start + seconds
        self._state = opened.state
        self._size = _size(opened.state)
        self._shard = shard
        self._source = source
        self._kept = kept

    @property
    def is_full(self) -> bool:
        """Whether it ends early, for its state."""
        return self._size > STATE_BYTES

    def has(self, record: StreamRecord) -> bool:
        return self.start <= record.arrived < self.end

    def event(self, records: Sequence[StreamRecord], *, final: bool = False, early: bool = False) -> bytes:
        """``final`` is the last one of the window, ``early`` one that comes before its time."""
        return msgspec.json.encode(
            {
                "Records": [each.record for each in records],
                "window": {"start": _moment(self.start), "end": _moment(self.end)},
                "state": self._state,
                "shardId": self._shard,
                "eventSourceARN": self._source,
                "isFinalInvokeForWindow": final,
                "isWindowTerminatedEarly": early,
            }
        )

    def take(self, state: State) -> None:
        """What the next event of the window has."""
        self._state, self._size = state, _size(state)
        self._kept(OpenWindow(start=self.start, state=state))

    def over(self) -> None:
        """Its last event has been handled, or given up."""
        self._kept(None)


def window_start(record: StreamRecord, seconds: int) -> int:
    """When the window of a record begins, in epoch seconds."""
    return int(record.arrived // seconds) * seconds


def state_of(result: Result) -> State | None:
    """The state of an answer; None where it has none, and so has failed."""
    if not isinstance(result, Success):
        return None
    try:
        answer = json.loads(result.payload)
    except (ValueError, RecursionError):
        return None
    state = answer.get("state") if isinstance(answer, dict) else None
    return state if isinstance(state, dict) else None


def _size(state: State) -> int:
    return len(msgspec.json.encode(state))


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
