"""What runs on the event loop for one sandbox, and ends with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

# How long the end of what is cancelled is waited for.
_END_SECONDS = 1.0


class Tasks:
    """Tasks of one owner. ``failed`` gets what one of them ends with that is an error."""

    def __init__(self, failed: Callable[[BaseException], None]) -> None:
        self._failed = failed
        # The loop itself holds its tasks only weakly.
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def __bool__(self) -> bool:
        """Whether one of them is left."""
        return bool(self._tasks)

    async def done(self) -> None:
        """Waits until none is left, of those either that begin meanwhile."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def end(self) -> None:
        """Cancels those that are left."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_END_SECONDS)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)


async def first_of(*works: Coroutine[Any, Any, Any] | asyncio.Task[Any]) -> None:
    """Waits until one of them has ended, and ends the others. Raises what one of them ends with that is an error."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    errors = [error for task in tasks if not task.cancelled() and (error := task.exception()) is not None]
    if errors:
        raise errors[0]
