"""What is told again whenever it may have become something else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from samlocal.errors import SamlocalError


class News:
    """Has ``tell`` awaited after each time that something may be new, once at a time. Use it as a context manager.

    A template that cannot be read is no news: what is wrong with it is said of its save.
    """

    def __init__(self, tell: Callable[[], Awaitable[None]]) -> None:
        self._tell = tell
        self._has_come = asyncio.Event()
        self._telling: asyncio.Task[None] | None = None

    def come(self) -> None:
        """On the event loop."""
        self._has_come.set()

    async def __aenter__(self) -> Self:
        self._telling = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        telling = self._telling
        if telling is None:
            return
        telling.cancel()
        await asyncio.wait([telling])
        if not telling.cancelled() and (fault := telling.exception()) is not None:
            raise fault

    async def _run(self) -> None:
        while True:
            await self._has_come.wait()
            self._has_come.clear()
            with suppress(SamlocalError):
                await self._tell()
