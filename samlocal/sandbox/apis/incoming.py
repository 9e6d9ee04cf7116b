"""What comes in on a connection, and its end."""

from __future__ import annotations

import asyncio
import socket


class Incoming(asyncio.StreamReader):
    """``over`` is done as soon as the client has hung up, whether anybody reads or not."""

    def __init__(self) -> None:
        super().__init__()
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def feed_eof(self) -> None:
        super().feed_eof()
        self._ended()

    def set_exception(self, exc: Exception) -> None:
        super().set_exception(exc)
        self._ended()

    def _ended(self) -> None:
        if not self.over.done():
            self.over.set_result(None)


async def streams(connection: socket.socket) -> tuple[Incoming, asyncio.StreamWriter]:
    """What ``asyncio.open_connection`` gives."""
    loop = asyncio.get_running_loop()
    reader = Incoming()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.create_connection(lambda: protocol, sock=connection)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)
