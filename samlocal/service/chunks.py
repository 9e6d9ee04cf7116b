"""The parts of a streamed response, from the thread that gets them to the caller who reads them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

# So many wait for a slow reader before the function's own stream does.
_WAITING = 64


class Chunks:
    """``put`` belongs to the thread, everything else to the event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(_WAITING)
        self._left = False
        self.content_type: str | None = None
        """What the runtime has announced, before the first part."""

        self.first: asyncio.Future[None] = self._loop.create_future()

    def put(self, data: bytes) -> None:
        """Waits for room; a reader who has gone needs none."""
        if not self._left:
            asyncio.run_coroutine_threadsafe(self._put(data), self._loop).result()

    def announced(self, content_type: str) -> None:
        """What the parts are of."""
        self.content_type = content_type

    async def until(self, over: asyncio.Future[Any]) -> AsyncIterator[bytes]:
        """The parts as they come, until it is ``over`` and the last one has been given."""
        while True:
            getting = asyncio.ensure_future(self._queue.get())
            try:
                waits: set[asyncio.Future[Any]] = {getting, over}
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                # What it has not got yet stays in the queue.
                getting.cancel()
            if not getting.done():
                break
            yield getting.result()
        await asyncio.wait({getting})
        while not self._queue.empty():
            yield self._queue.get_nowait()

    def leave(self) -> None:
        """Nobody reads any more."""
        self._left = True
        while not self._queue.empty():
            self._queue.get_nowait()

    async def _put(self, data: bytes) -> None:
        if not self.first.done():
            self.first.set_result(None)
        if not self._left:
            await self._queue.put(data)
