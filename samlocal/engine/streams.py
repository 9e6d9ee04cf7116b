"""A container's output, read from an event loop: no thread waits for it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from samlocal.engine.attached import close_stream
from samlocal.errors import EngineError, system_reason

# Of short lines so many that others on the loop need not wait long for their turn.
_PIECE = 16 * 1024

# Docker Engine API, "Attach to a container", stream format: the stream's number, three bytes of nothing, the length.
_HEAD_BYTES = 8
_STANDARD_ERROR = 2


class Output:
    """What a container writes to its standard output and its standard error. ``stream`` is the SDK's, attached."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        # Behind a Unix socket the SDK gives a reader around it.
        self._socket = getattr(stream, "_sock", stream)
        self._thread: ThreadPoolExecutor | None = None
        if isinstance(self._socket, socket.socket):
            self._socket.setblocking(False)
        else:
            # An engine behind ssh, whose stream is a program's or a channel's.
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="samlocal-output")

    async def pieces(self) -> AsyncIterator[tuple[bool, bytes]]:
        """Whether it went to standard error, and what: in pieces as they come, to the container's end.

        Raises EngineError when the engine breaks off.
        """
        received, left, is_error = bytearray(), 0, False
        while data := await self._receive():
            received += data
            while received:
                if not left:
                    if len(received) < _HEAD_BYTES:
                        break
                    is_error = received[0] == _STANDARD_ERROR
                    left = int.from_bytes(received[4:_HEAD_BYTES])
                    del received[:_HEAD_BYTES]
                piece = bytes(received[:left])
                del received[:left]
                left -= len(piece)
                if piece:
                    yield is_error, piece

    def close(self) -> None:
        close_stream(self._stream)
        if self._thread is not None:
            self._thread.shutdown(wait=False)

    async def _receive(self) -> bytes:
        """The next bytes, none at the end."""
        try:
            if self._thread is not None:
                return bytes(await asyncio.get_running_loop().run_in_executor(self._thread, self._receive_blocking))
            # Where there always is something to read nobody else on the loop would have a turn.
            await asyncio.sleep(0)
            while True:
                try:
                    return bytes(self._socket.recv(_PIECE))
                except (BlockingIOError, ssl.SSLWantReadError):
                    await readable(self._socket)
        except OSError as error:
            raise EngineError(f"The container's output cannot be read: {system_reason(error)}.") from error

    def _receive_blocking(self) -> bytes:
        return bytes(self._socket.recv(_PIECE))


async def readable(own: socket.socket) -> None:
    """Waits until there is something to read or to accept.

    asyncio's own ``sock_accept`` loses a connection that comes while it is cancelled, and says so with a traceback.
    """
    loop, file = asyncio.get_running_loop(), own.fileno()
    ready = loop.create_future()
    loop.add_reader(file, _set, ready)
    try:
        await ready
    finally:
        loop.remove_reader(file)


def _set(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
