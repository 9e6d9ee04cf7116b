"""How telemetry reaches an extension's own listener inside the container."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from msgspec import Struct

_Connection: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect: TypeAlias = Callable[[int], Awaitable[_Connection]]

# Nobody waits longer for an answer: an extension that is busy has its own buffer.
_ANSWER_SECONDS = 3.0
_CONNECT_SECONDS = 1.0
_FINISH_SECONDS = 0.2


class HttpDestination(Struct, frozen=True, kw_only=True):
    """An HTTP listener; ``path`` begins with a slash."""

    port: int
    path: str = "/"
    method: str = "POST"


class TcpDestination(Struct, frozen=True, kw_only=True):
    """A listener that reads lines of JSON."""

    port: int


Destination: TypeAlias = HttpDestination | TcpDestination


class Delivery:
    """Sends batches to one destination. ``connect`` leads to a port of the container, or raises OSError."""

    def __init__(self, destination: Destination, connect: Connect) -> None:
        self._destination = destination
        self._open = connect
        self._lines: _Connection | None = None

    async def send(self, batch: list[bytes]) -> None:
        """Raises OSError when nobody listens, or the answer is no success."""
        match self._destination:
            case HttpDestination() as destination:
                await self._post(destination, b"[" + b",".join(batch) + b"]")
            case TcpDestination(port=port):
                # One connection for all: a listener may accept no second.
                if self._lines is None or self._lines[1].is_closing():
                    self._lines = await self._connect(port)
                writer = self._lines[1]
                writer.write(b"".join(item + b"\n" for item in batch))
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await writer.drain()

    async def finish(self) -> None:
        """Nothing more comes for now: waits, a little, until a listener that reads lines has read them all."""
        lines, self._lines = self._lines, None
        if lines is None:
            return
        reader, writer = lines
        with contextlib.suppress(OSError):
            writer.write_eof()
            async with asyncio.timeout(_FINISH_SECONDS):
                await reader.read()
        writer.close()

    def close(self) -> None:
        """Nothing more comes."""
        lines, self._lines = self._lines, None
        if lines is not None:
            lines[1].close()

    async def _post(self, destination: HttpDestination, body: bytes) -> None:
        head = (
            f"{destination.method} {destination.path} HTTP/1.1\r\n"
            f"Host: sandbox.localdomain:{destination.port}\r\n"
            "Content-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n"
        )
        reader, writer = await self._connect(destination.port)
        try:
            writer.write(head.encode() + body)
            # A TimeoutError is an OSError.
            async with asyncio.timeout(_ANSWER_SECONDS):
                await writer.drain()
                status_line = await reader.readline()
        finally:
            writer.close()
        status = status_line.split(b" ")[1:2]
        if not status or not status[0].startswith(b"2"):
            raise OSError(f"the extension answered {status_line.decode(errors='replace').strip()!r}")

    async def _connect(self, port: int) -> _Connection:
        async with asyncio.timeout(_CONNECT_SECONDS):
            return await self._open(port)
