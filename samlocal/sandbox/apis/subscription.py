"""One extension's subscription to the telemetry: what it gets, in which form, how it is buffered and delivered."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from samlocal.sandbox.apis.telemetry import Category, TelemetryEvent, timestamp

# A subscriber that does not listen yet is tried again: after so many seconds, twice that, and so on.
_FIRST_PAUSE = 0.025
_ATTEMPTS = 7

_BEHIND = "Consumer seems to have fallen behind as it has not acknowledged receipt of logs."


class Api(StrEnum):
    """Where the subscription was made; the value is what the events about it are named after."""

    TELEMETRY = "telemetry"
    LOGS = "logs"


class Buffering(Struct, frozen=True, kw_only=True):
    """When a batch is sent: at so many events, bytes, or after so many milliseconds."""

    max_items: int = 10_000
    max_bytes: int = 262_144
    timeout_ms: int = 1_000


class SubscriptionTerms(Struct, frozen=True, kw_only=True):
    """What was subscribed to."""

    name: str
    api: Api
    schema: str
    types: tuple[str, ...]
    buffering: Buffering


class Sends(Protocol):
    """Brings batches to the extension: a ``Delivery``."""

    async def send(self, batch: list[bytes]) -> None:
        """Raises OSError when it cannot."""

    async def finish(self) -> None:
        """Nothing more comes for now."""

    def close(self) -> None:
        """Nothing more comes."""


class Subscription:
    """A buffer with its delivery, on the event loop."""

    def __init__(self, wanted: SubscriptionTerms, delivery: Sends) -> None:
        self.wanted = wanted
        self._delivery = delivery
        self._batch: list[bytes] = []
        self._bytes = 0
        self._dropped = 0
        self._dropped_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._sending: asyncio.Task[None] | None = None

    def add(self, event: TelemetryEvent) -> None:
        if event.category not in self.wanted.types:
            return
        record = _as_logs(event, self.wanted.schema) if self.wanted.api is Api.LOGS else _as_telemetry(event)
        if record is None:
            return
        item = _item(event.time, event.type, record)
        if self._is_full():
            # The batch before is still on its way, and this one has no room left.
            self._drop(1, len(item))
            return
        self._batch.append(item)
        self._bytes += len(item)
        if self._is_full():
            self._begin()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self.wanted.buffering.timeout_ms / 1000, self._begin)

    async def flush(self) -> None:
        """Sends what is there and waits for it."""
        if self._sending is not None:
            await asyncio.wait({self._sending})
        self._begin()
        if self._sending is not None:
            await asyncio.wait({self._sending})
        await self._delivery.finish()

    def end(self) -> None:
        """Sends nothing more, not even what is there: at its address is nobody, or somebody else."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._sending is not None:
            self._sending.cancel()
        self._batch, self._bytes = [], 0
        self._delivery.close()

    def _is_full(self) -> bool:
        buffering = self.wanted.buffering
        return len(self._batch) >= buffering.max_items or self._bytes >= buffering.max_bytes

    def _begin(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._sending is not None or not self._batch:
            return
        batch, size = self._batch, self._bytes
        self._batch, self._bytes = [], 0
        if self._dropped:
            record = {"droppedRecords": self._dropped, "droppedBytes": self._dropped_bytes, "reason": _BEHIND}
            batch.append(_item(timestamp(), "platform.logsDropped", record))
            self._dropped = self._dropped_bytes = 0
        self._sending = asyncio.get_running_loop().create_task(self._deliver(batch, size))

    async def _deliver(self, batch: list[bytes], size: int) -> None:
        pause = _FIRST_PAUSE
        for attempt in range(_ATTEMPTS):
            if attempt:
                await asyncio.sleep(pause)
                pause *= 2
            with contextlib.suppress(OSError):
                await self._delivery.send(batch)
                break
        else:
            self._drop(len(batch), size)
        self._sending = None
        if self._is_full():
            self._begin()

    def _drop(self, count: int, size: int) -> None:
        self._dropped += count
        self._dropped_bytes += size


def _item(time: str, type_: str, record: object) -> bytes:
    return json.dumps({"time": time, "type": type_, "record": record}, ensure_ascii=False).encode()


def _as_telemetry(event: TelemetryEvent) -> object | None:
    # The Telemetry API has the end in platform.report.
    return None if event.type in ("platform.end", "platform.logsSubscription") else event.record


def _as_logs(event: TelemetryEvent, schema: str) -> object | None:
    """The event as the older Logs API has it, None for one it does not know.

    Lambda developer guide, "Lambda Logs API": log messages; ``platform.runtimeDone`` came with schema 2021-03-18.
    """
    if event.category is not Category.PLATFORM:
        return event.record
    fields = {
        "platform.start": ("requestId", "version"),
        "platform.end": ("requestId",),
        "platform.report": ("requestId", "metrics"),
        "platform.extension": ("name", "state", "events", "errorType"),
        "platform.logsSubscription": ("name", "state", "types"),
        "platform.runtimeDone": ("requestId", "status") if schema >= "2021-03-18" else (),
    }.get(event.type, ())
    if not fields or not isinstance(event.record, Mapping):
        return None
    return {name: event.record[name] for name in fields if name in event.record}
