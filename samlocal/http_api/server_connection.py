"""One request to another HTTP server, and its answer, whole or in parts."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import socket
import struct
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from samlocal.http_api.exchange import Fields, HttpAnswer
from samlocal.service.chunks import Chunks
from samlocal.service.waits import Waits

_ANSWER_BYTES = 10 * 1024 * 1024
_PART_BYTES = 64 * 1024
# So many other servers may be waited for at once.
_THREADS = 64


class HttpProxyError(Exception):
    """The other server cannot be reached, or says what is no HTTP."""


class AnswerTooLargeError(Exception):
    """The other server's answer is more than an API takes."""


async def asked(
    method: str,
    url: str,
    headers: Fields,
    body: bytes,
    *,
    timeout: float,
    waits: Waits,
    streams: bool = False,
) -> HttpAnswer:
    """What a server answers within ``timeout`` seconds: all of it, or with ``streams`` its beginning, and the rest as
    it comes.

    Raises HttpProxyError, AnswerTooLargeError, TimeoutError; the server is left then, and when this is cancelled.
    """
    connection = _Connection(url, timeout)
    if waits.ended:
        raise TimeoutError
    try:
        async with waits.within(timeout):
            if streams and method != "HEAD":
                return await _begun(connection, method, headers, body, waits)
            return await _whole(connection, method, headers, body)
    except BaseException:
        connection.hang_up()
        raise


async def _whole(connection: _Connection, method: str, headers: Fields, body: bytes) -> HttpAnswer:
    heads: list[tuple[int, Fields]] = []
    content = bytearray()

    def part(data: bytes) -> None:
        content.extend(data)
        if len(content) > _ANSWER_BYTES:
            raise AnswerTooLargeError(
                f"{connection.url} answers more than the {_ANSWER_BYTES >> 20} MB that an API takes."
            )

    await _in_thread(connection, method, headers, body, lambda *head: heads.append(head), part)
    ((status, said),) = heads
    return HttpAnswer(status=status, headers=said, body=bytes(content))


async def _begun(connection: _Connection, method: str, headers: Fields, body: bytes, waits: Waits) -> HttpAnswer:
    loop, chunks = asyncio.get_running_loop(), Chunks()
    head: asyncio.Future[tuple[int, Fields]] = loop.create_future()

    def begun(status: int, said: Fields) -> None:
        loop.call_soon_threadsafe(head.set_result, (status, said))

    reading = _in_thread(connection, method, headers, body, begun, chunks.put)
    first: set[asyncio.Future[Any]] = {head, reading}
    try:
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        if not head.done():
            # It has failed: else the head comes first.
            await reading
        status, said = await head
    except BaseException:
        chunks.leave()
        reading.cancel()
        raise

    async def rest() -> AsyncIterator[bytes]:
        try:
            with waits.until(connection.hang_up):
                async for part in chunks.until(reading):
                    yield part
                await reading
        finally:
            chunks.leave()
            reading.cancel()
            connection.hang_up()

    return HttpAnswer(status=status, headers=said, stream=rest())


def _in_thread(
    connection: _Connection,
    method: str,
    headers: Fields,
    body: bytes,
    begun: Callable[[int, Fields], None],
    part: Callable[[bytes], None],
) -> asyncio.Future[None]:
    loop = asyncio.get_running_loop()
    return loop.run_in_executor(threads(), connection.ask, method, headers, body, begun, part)


@cache
def threads() -> ThreadPoolExecutor:
    """Threads for whoever is waited for: servers and services that do not answer keep nothing else waiting, such as
    templates, or what is read on a save."""
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="samlocal-server")


class _Connection:
    """To another server, for one request. ``timeout`` in seconds, of each wait."""

    def __init__(self, url: str, timeout: float) -> None:
        self.url = url
        self._parts = parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise HttpProxyError(f"{url} is no URL of an HTTP server.")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        try:
            self._http = kind(parts.hostname, parts.port, timeout=timeout)
        except ValueError as error:
            raise HttpProxyError(f"{url}: {error}") from error
        self._socket: socket.socket | None = None
        self._is_left = False

    def ask(
        self,
        method: str,
        headers: Fields,
        body: bytes,
        begun: Callable[[int, Fields], None],
        part: Callable[[bytes], None],
    ) -> None:
        """In a thread of its own. ``begun`` gets the answer's status and headers, ``part`` what comes of its body."""
        try:
            self._connect()
            self._send(method, headers, body)
            answer = self._http.getresponse()
            begun(answer.status, tuple(answer.getheaders()))
            while data := answer.read1(_PART_BYTES):
                part(data)
            if answer.length:
                raise http.client.IncompleteRead(b"", answer.length)
        except TimeoutError:
            raise
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise HttpProxyError(f"{self.url}: {type(error).__name__}: {error}") from error
        finally:
            self._http.close()

    def hang_up(self) -> None:
        """From any thread: whoever asks waits no longer."""
        self._is_left = True
        if self._socket is not None:
            # Over already, mostly. The socket below TLS: what another thread reads of stays as it is. It is reset: a
            # server whose answer waits for room would hear of its end a minute later.
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _connect(self) -> None:
        self._http.connect()
        # Its own name for it: http.client forgets a socket that ends with the answer.
        self._socket = self._http.sock
        if self._is_left:
            raise ConnectionAbortedError("nobody waits for the answer")

    def _send(self, method: str, headers: Fields, body: bytes) -> None:
        parts = self._parts
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._http.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers:
            self._http.putheader(name, value)
        if body or method in ("POST", "PUT", "PATCH"):
            self._http.putheader("Content-Length", str(len(body)))
        self._http.endheaders(body or None)
