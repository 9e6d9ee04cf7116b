"""How telemetry reaches an extension's own listener inside the container."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TypeAlias

# Nobody waits longer for an answer: an extension that is busy has its own buffer.
_ANSWER_SECONDS = 3.0
_CONNECT_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpDestination:
    """An HTTP listener; ``path`` begins with a slash."""

    port: int
    path: str = "/"
    method: str = "POST"


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpDestination:
    """A listener that reads lines of JSON."""

    port: int


Destination: TypeAlias = HttpDestination | TcpDestination


class Delivery:
    """Sends batches to one destination. ``host`` gives the container's address, None until that is known."""

    def __init__(self, destination: Destination, host: Callable[[], str | None]) -> None:
        self._destination = destination
        self._host = host

    async def send(self, batch: list[bytes]) -> None:
        """Raises OSError when nobody listens, or the answer is no success."""
        match self._destination:
            case HttpDestination() as destination:
                await self._post(destination, b"[" + b",".join(batch) + b"]")
            case TcpDestination(port=port):
                async with self._connection(port) as (_, writer):
                    writer.write(b"".join(item + b"\n" for item in batch))
                    await writer.drain()

    async def _post(self, destination: HttpDestination, body: bytes) -> None:
        head = (
            f"{destination.method} {destination.path} HTTP/1.1\r\n"
            f"Host: sandbox.localdomain:{destination.port}\r\n"
            "Content-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n"
        )
        async with self._connection(destination.port) as (reader, writer):
            writer.write(head.encode() + body)
            async with _deadline(_ANSWER_SECONDS):
                await writer.drain()
                status_line = await reader.readline()
        status = status_line.split(b" ")[1:2]
        if not status or not status[0].startswith(b"2"):
            raise OSError(f"the extension answered {status_line.decode(errors='replace').strip()!r}")

    @contextlib.asynccontextmanager
    async def _connection(self, port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        host = self._host()
        if host is None:
            raise OSError("the container has no address yet")
        async with _deadline(_CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
        try:
            yield reader, writer
        finally:
            writer.close()


@contextlib.asynccontextmanager
async def _deadline(seconds: float) -> AsyncIterator[None]:
    """Raises OSError when time is up."""
    # TimeoutError is an OSError.
    async with asyncio.timeout(seconds):
        yield
