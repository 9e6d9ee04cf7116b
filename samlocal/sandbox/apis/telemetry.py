"""What happens in a sandbox, passed on to the extensions that asked for it."""

from __future__ import annotations

import datetime
from collections import deque
from enum import StrEnum
from typing import Protocol, TypeAlias

from msgspec import Struct

Record: TypeAlias = object
"""A line, or what becomes a JSON object."""

# What is kept for a subscriber that comes later in the init phase: as many as one may have buffered.
_KEPT = 10_000


class Category(StrEnum):
    PLATFORM = "platform"
    FUNCTION = "function"
    EXTENSION = "extension"


class TelemetryEvent(Struct, frozen=True, kw_only=True):
    """One event of Lambda's Telemetry API; ``time`` is in its form."""

    time: str
    category: Category
    type: str
    record: Record


class Subscriber(Protocol):
    """Gets every event, on the event loop."""

    def add(self, event: TelemetryEvent) -> None: ...

    async def flush(self) -> None: ...

    def end(self) -> None:
        """Whoever subscribed is gone: nothing is sent any more."""


class Telemetry:
    """Until the init phase is over events are kept for those who subscribe late; afterwards, with nobody there, an
    event costs nothing."""

    def __init__(self) -> None:
        self._kept: deque[TelemetryEvent] | None = deque(maxlen=_KEPT)
        self._subscribers: tuple[Subscriber, ...] = ()

    def add(self, category: Category, type_: str, record: Record, *, at: datetime.datetime | None = None) -> None:
        if self._kept is None and not self._subscribers:
            return
        event = TelemetryEvent(time=timestamp(at), category=category, type=type_, record=record)
        if self._kept is not None:
            self._kept.append(event)
        for subscriber in self._subscribers:
            subscriber.add(event)

    def subscribe(self, subscriber: Subscriber) -> None:
        for event in self._kept or ():
            subscriber.add(event)
        self._subscribers += (subscriber,)

    def close(self) -> None:
        """Nobody can subscribe any more: the init phase is over."""
        self._kept = None

    def restart(self) -> None:
        """Begins an init."""
        self.end()
        self._kept = deque(maxlen=_KEPT)

    def end(self) -> None:
        """Subscriptions end with the processes that made them."""
        ended, self._subscribers = self._subscribers, ()
        for subscriber in ended:
            subscriber.end()

    async def flush(self) -> None:
        """Sends what is buffered."""
        for subscriber in self._subscribers:
            await subscriber.flush()


def timestamp(at: datetime.datetime | None = None) -> str:
    """Now, or another moment, as Lambda writes it: UTC with milliseconds."""
    at = at or datetime.datetime.now(datetime.UTC)
    return at.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
