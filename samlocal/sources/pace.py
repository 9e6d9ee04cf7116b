"""How long is waited before the next try, and that the end of the command ends the wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

Sleep: TypeAlias = Callable[[float], Awaitable[None]]


class Pace:
    """``sleep`` waits so many seconds; what is ``stopped`` waits no longer."""

    def __init__(self, *, sleep: Sleep = asyncio.sleep) -> None:
        self._sleep = sleep
        self._stopped = asyncio.Event()

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    def stop(self) -> None:
        self._stopped.set()

    async def wait(self) -> None:
        """Until it is stopped."""
        await self._stopped.wait()

    async def pause(self, seconds: float) -> bool:
        """Whether it goes on after that."""
        waits = {asyncio.ensure_future(self._sleep(seconds)), asyncio.ensure_future(self._stopped.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
        return not self.stopped


def backoff(attempt: int, *, first: float = 1.0, last: float = 30.0) -> float:
    """Seconds behind the ``attempt``th failure, from 1: twice as long each time."""
    return min(first * 2.0 ** min(attempt - 1, 20), last)
