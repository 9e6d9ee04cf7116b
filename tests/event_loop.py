"""An event loop beside a test, which waits for what it does there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

T = TypeVar("T")

SECONDS = 120.0
"""Longer than anything takes that a test waits for here."""


class EventLoop:
    """Runs in a thread of its own until ``close``."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="test-loop", daemon=True)
        self._thread.start()

    def begin(self, task: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(task, self.loop)

    def run(self, task: Coroutine[Any, Any, T]) -> T:
        return self.begin(task).result(SECONDS)

    def call(self, function: Callable[..., T], *arguments: object) -> T:
        """What a function gives that is called on the loop."""

        async def called() -> T:
            return function(*arguments)

        return self.run(called())

    def enter(self, manager: AbstractAsyncContextManager[T]) -> T:
        return self.run(_enter(manager))

    def leave(self, manager: AbstractAsyncContextManager[Any]) -> None:
        self.run(_leave(manager))

    def close(self) -> None:
        """Ends what still runs there."""
        self.run(_end_the_others())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


async def _enter(manager: AbstractAsyncContextManager[T]) -> T:
    return await manager.__aenter__()


async def _leave(manager: AbstractAsyncContextManager[Any]) -> None:
    await manager.__aexit__(None, None, None)


async def _end_the_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
