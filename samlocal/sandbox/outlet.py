"""The way out for what is written beside the event loop: log lines, the parts of a streamed response."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

# How many items may wait before those who can wait themselves do.
_WAITING = 256

# How long what is written waits for more, where nobody waits for it.
_GATHER_SECONDS = 0.002


class Outlet(Generic[T]):
    """Writes in a thread of its own, in order: a reader who takes their time holds up neither the loop nor a timeout.

    Used on one event loop. What cannot be written is dropped from then on, and is no failure of the function's;
    ``error`` keeps why.
    """

    def __init__(self, write: Callable[[T], None]) -> None:
        self._write = write
        self._batches: queue.SimpleQueue[list[T] | None] = queue.SimpleQueue()
        self._batch: list[T] = []
        self._soon: asyncio.TimerHandle | None = None
        self._thread: threading.Thread | None = None
        self._put = 0
        self._written = 0
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self.error: BaseException | None = None

    def put(self, item: T) -> None:
        if self._thread is None:
            self._loop = asyncio.get_running_loop()
            self._thread = threading.Thread(target=self._run, name="samlocal-outlet", daemon=True)
            self._thread.start()
        self._put += 1
        self._batch.append(item)
        if len(self._batch) == 1 and self._loop is not None:
            # Each time that the thread is woken it takes the interpreter away from the loop.
            self._soon = self._loop.call_later(_GATHER_SECONDS, self._hand_over)

    @property
    def busy(self) -> bool:
        """Whether something is still to be written."""
        return self._written < self._put

    async def room(self) -> None:
        """Waits while too much is still to be written."""
        if self._put - self._written > _WAITING:
            await self._until(self._put - _WAITING)

    async def drain(self) -> None:
        """Waits until all is written, as long as the reader takes: it is the user's, who can end it and this."""
        await self._until(self._put)

    def check(self) -> None:
        """Raises what writing has raised."""
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        """Nothing more is put. What is there is still written."""
        if self._thread is not None:
            self._hand_over()
            self._batches.put(None)

    def _hand_over(self) -> None:
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        if self._batch:
            batch, self._batch = self._batch, []
            self._batches.put(batch)

    async def _until(self, count: int) -> None:
        if self._written >= count:
            return
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((count, written))
        self._hand_over()
        # The thread may have been done before it saw that somebody waits.
        self._wake()
        await written

    def _wake(self) -> None:
        for each in tuple(self._waiting):
            count, written = each
            if written.done() or self._written >= count:
                # Nobody else is taken out, not for a moment: the thread looks whether somebody waits.
                self._waiting.remove(each)
                if not written.done():
                    written.set_result(None)

    def _run(self) -> None:
        while (batch := self._batches.get()) is not None:
            for item in batch:
                self._write_one(item)

    def _write_one(self, item: T) -> None:
        if self.error is None:
            try:
                self._write(item)
            except BaseException as error:
                self.error = error
        self._written += 1
        if self._waiting and self._loop is not None:
            with contextlib.suppress(RuntimeError):
                # The loop may have ended.
                self._loop.call_soon_threadsafe(self._wake)
