"""What is waited for of others, who may take longer than what is served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager


class Waits:
    """From ``end`` on, nobody is waited for any more."""

    def __init__(self) -> None:
        self._waits: set[asyncio.Timeout] = set()
        self._leaving: set[Callable[[], object]] = set()
        self.ended = False

    def end(self) -> None:
        self.ended = True
        for each in self._waits:
            each.reschedule(0)
        for leave in self._leaving:
            leave()

    @asynccontextmanager
    async def within(self, seconds: float | None = None) -> AsyncIterator[None]:
        """Raises TimeoutError after so many seconds, or at the end."""
        async with asyncio.timeout(0 if self.ended else seconds) as wait:
            self._waits.add(wait)
            try:
                yield
            finally:
                self._waits.discard(wait)

    @contextmanager
    def until(self, leave: Callable[[], object]) -> Iterator[None]:
        """Calls ``leave`` at the end: for what lasts longer than one wait, such as a generator's life."""
        if self.ended:
            leave()
        self._leaving.add(leave)
        try:
            yield
        finally:
            self._leaving.discard(leave)
