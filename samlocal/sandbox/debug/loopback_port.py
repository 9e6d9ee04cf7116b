"""A port on loopback as debuggers see it: what listens there, and the connections that it has."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from samlocal.sandbox.debug.wiring import bound

Serve: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

# How long debuggers have to hear of the end, and what a container wrote before it was killed to arrive.
_END_SECONDS = 1.0


class LoopbackPort:
    """Listens as long as it is open; ``serve`` has each connection, which is closed when that returns.

    A connection that breaks off (OSError) is no news.
    """

    def __init__(self, number: int, serve: Serve) -> None:
        self.number = number
        self._serve = serve
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Raises ConfigurationError where the port is taken."""
        self._server = await asyncio.start_server(self._connected, sock=bound(self.number))

    async def close(self) -> None:
        """Takes no more connections, and waits a little for the ends of those that there are."""
        if self._server is not None:
            self._server.close()
        if self._connections:
            await asyncio.wait(self._connections, timeout=_END_SECONDS)
        for late in self._connections:
            late.cancel()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            with contextlib.suppress(OSError):
                await self._serve(reader, writer)
        finally:
            writer.close()
