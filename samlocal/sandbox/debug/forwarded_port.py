"""A debug port of a container that its engine cannot publish on this machine: listened at here, and passed on."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Self

from samlocal.sandbox.apis.delivery import Connect
from samlocal.sandbox.debug.wiring import bound
from samlocal.sandbox.network.relay import pass_on

# How long the end of a connection takes from a container that has just been killed.
_END_SECONDS = 1.0


class ForwardedPort:
    """Listens at ``port`` on loopback as long as it is open. ``connect`` leads to ports of the container."""

    def __init__(self, port: int, connect: Connect) -> None:
        self._port = port
        self._connect = connect
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def open(self) -> Self:
        """Raises ConfigurationError where the port is taken."""
        self._server = await asyncio.start_server(self._connected, sock=bound(self._port))
        return self

    async def close(self) -> None:
        """Waits, a little, for what a container that has ended has written before."""
        if self._server is not None:
            self._server.close()
        if self._connections:
            await asyncio.wait(self._connections, timeout=_END_SECONDS)
        for connection in self._connections:
            connection.cancel()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            # Where nobody listens yet the debugger sees a connection that breaks off, as behind a published port.
            with contextlib.suppress(OSError):
                far_reader, far_writer = await self._connect(self._port)
                try:
                    await asyncio.gather(pass_on(reader, far_writer), pass_on(far_reader, writer))
                finally:
                    far_writer.close()
        finally:
            writer.close()
