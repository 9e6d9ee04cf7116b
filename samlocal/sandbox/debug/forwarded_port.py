"""A debug port of a container that its engine cannot publish on this machine: listened at here, and passed on."""

from __future__ import annotations

import asyncio
from typing import Self

from samlocal.sandbox.apis.delivery import Connect
from samlocal.sandbox.debug.loopback_port import LoopbackPort
from samlocal.sandbox.network.relay import pass_on


class ForwardedPort:
    """Listens at ``port`` on loopback as long as it is open. ``connect`` leads to ports of the container."""

    def __init__(self, port: int, connect: Connect) -> None:
        self._port = LoopbackPort(port, self._serve)
        self._connect = connect

    async def open(self) -> Self:
        """Raises ConfigurationError where the port is taken."""
        await self._port.open()
        return self

    async def close(self) -> None:
        """Waits, a little, for what a container that has ended has written before."""
        await self._port.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Where nobody listens yet the debugger sees a connection that breaks off, as behind a published port.
        far_reader, far_writer = await self._connect(self._port.number)
        try:
            await asyncio.gather(pass_on(reader, far_writer), pass_on(far_reader, writer))
        finally:
            far_writer.close()
