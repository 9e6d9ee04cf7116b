"""The log of one invocation, for whoever follows it."""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from samlocal.sandbox.journal import Log, Record, Remark

# The log of an invocation ends a moment behind its answer; an engine that hangs is not waited for.
_LAST_SECONDS = 1.0


class FollowedLog(ABC):
    """One invocation's."""

    def __init__(self) -> None:
        self._whole = asyncio.Event()

    def add(self, record: Record) -> None:
        self.keep(record)
        if record.type == "platform.report":
            self._whole.set()

    @abstractmethod
    def keep(self, record: Record) -> None:
        """Takes what may be asked for."""

    async def whole(self) -> None:
        """Waits for the last of it, a little."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_SECONDS):
                await self._whole.wait()


L = TypeVar("L", bound=FollowedLog)


class FollowedLogs(Generic[L]):
    """Stands between sandboxes and their log, and gives those that are followed to what ``make`` makes."""

    def __init__(self, log: Log, make: Callable[[], L]) -> None:
        self._log = log
        self._make = make
        self._followed: dict[str, L] = {}

    @contextlib.contextmanager
    def follow(self, request_id: str) -> Iterator[L]:
        """Begins before the invocation does."""
        followed = self._followed[request_id] = self._make()
        try:
            yield followed
        finally:
            del self._followed[request_id]

    def put(self, item: Record | Remark) -> None:
        self._log.put(item)
        if self._followed and isinstance(item, Record) and item.request_id in self._followed:
            self._followed[item.request_id].add(item)

    async def room(self) -> None:
        await self._log.room()
