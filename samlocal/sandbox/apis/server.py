"""The HTTP server in front of a sandbox's APIs: a few fixed routes, and clients that may send anything.

It needs h11 and asyncio only: it is imported while the container starts. A client that sends what is no HTTP, or
hangs up half-way, is answered 4xx or left; neither is a failure of samlocal's.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

import h11
from msgspec import Struct, field

from samlocal.sandbox.apis.incoming import Incoming

# A request's line and headers together, or the trailers; Lambda's own come nowhere near.
_HEAD_BYTES = 64 * 1024

# What is still read of a body that nobody wants: hanging up early breaks a client, and tells it nothing.
_UNWANTED_BYTES = 16 * 1024 * 1024

# A runtime may keep a connection for as long as it waits for the end of an extension's work, or of a debugger's.
_IDLE_SECONDS = 3600.0

_PIECE = 64 * 1024

_NOT_IN_A_HEADER = re.compile(rb"[\x00-\x1f\x7f]+")


class Disconnected(ConnectionError):  # noqa: N818 - what a client does, not what fails
    """The client hung up before its request was whole, or its answer ready."""


class Malformed(Disconnected):
    """What the client sends is no HTTP; ``status`` is what it is told before samlocal hangs up."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class BodyTooLarge(Exception):  # noqa: N818 - an answer, not a failure
    """``size`` is the body's, which has been read to its end; ``limit`` what it may be. Both in bytes."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"Exceeded maximum allowed payload size ({limit} bytes).")
        self.size = size
        self.limit = limit


class Response(Struct, frozen=True, kw_only=True):
    """An answer. A header's value may be any text; what HTTP has no place for is left out of it."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def json_response(content: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    body = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Response(status=status, body=body, headers={"Content-Type": "application/json"} | dict(headers or {}))


def refusal(status: int, error_type: str, message: str) -> Response:
    """A refusal in the form of all of Lambda's APIs."""
    return json_response({"errorType": error_type, "errorMessage": message}, status=status)


class Request:
    """A request whose head has been read. ``headers`` and ``trailers`` have names in small letters."""

    def __init__(self, connection: Connection, *, method: str, path: str, headers: Mapping[str, str]) -> None:
        self._connection = connection
        self.method = method
        self.path = path
        self.headers = headers
        self.trailers: Mapping[str, str] = {}
        self.parameter = ""
        """What stands in the path in place of the route's ``{id}``."""

    async def parts(self) -> AsyncIterator[bytes]:
        """The body as it comes; ``trailers`` are there behind it. Raises Disconnected."""
        await self._connection.go_on()
        while True:
            match await self._connection.receive():
                case h11.Data(data=data):
                    yield bytes(data)
                case h11.EndOfMessage(headers=headers):
                    self.trailers = _by_name(headers)
                    return
                case _:
                    raise Disconnected("hung up within a request")

    async def body(self, limit: int) -> bytes:
        """The body, whole. Raises Disconnected, and BodyTooLarge once it has been read."""
        read = bytearray()
        size = 0
        async for part in self.parts():
            size += len(part)
            if size <= limit:
                read += part
        if size > limit:
            raise BodyTooLarge(size, limit)
        return bytes(read)

    async def wait_for(self, answer: asyncio.Future[Any]) -> None:
        """Waits until the answer is there or cancelled. Raises Disconnected when the client hangs up before that."""
        gone = self._connection.gone
        await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            raise Disconnected("hung up while it waited")


Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


class Route(Struct, frozen=True, kw_only=True):
    """``path`` may hold one ``{id}``, which stands for a whole segment. ``handler`` may raise Disconnected."""

    method: str
    path: str
    handler: Handler

    def parameter(self, path: str) -> str | None:
        """What stands for ``{id}``, empty for a path without one; None for another path."""
        before, found, after = self.path.partition("{id}")
        if not found:
            return "" if path == before else None
        inner = path[len(before) : len(path) - len(after)]
        whole = path.startswith(before) and path.endswith(after) and len(path) > len(before) + len(after)
        return inner if whole and "/" not in inner else None


class Server:
    """Answers requests on connections, one after another on each.

    ``failed`` gets what a handler raises that is none of its answers; the client is told 500 then.
    """

    def __init__(self, routes: Sequence[Route], failed: Callable[[BaseException], None]) -> None:
        self._routes = tuple(routes)
        self._failed = failed

    async def serve(self, reader: Incoming, writer: asyncio.StreamWriter) -> None:
        """Serves one connection to its end. Raises OSError when it breaks."""
        connection = Connection(reader, writer)
        try:
            while (request := await connection.next_request()) is not None:
                await connection.answer(await self._answer(request))
        except Malformed as error:
            await connection.refuse(refusal(error.status, "InvalidRequest", str(error)))

    async def _answer(self, request: Request) -> Response:
        methods = set()
        for route in self._routes:
            parameter = route.parameter(request.path)
            if parameter is None:
                continue
            methods.add(route.method)
            if route.method == request.method:
                request.parameter = parameter
                return await self._handled(route.handler, request)
        if methods:
            return Response(status=405, headers={"Allow": ", ".join(sorted(methods))})
        return refusal(404, "NotFound", "There is no such path.")

    async def _handled(self, handler: Handler, request: Request) -> Response:
        try:
            return await handler(request)
        except BodyTooLarge as error:
            return refusal(413, "RequestEntityTooLarge", str(error))
        except OSError:
            raise
        except Exception as error:
            self._failed(error)
            return refusal(500, "InternalServerError", "samlocal failed.")


class Connection:
    """One client's connection, as HTTP."""

    def __init__(self, reader: Incoming, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_HEAD_BYTES)

    async def next_request(self) -> Request | None:
        """The next request, None when the client is done. Raises Malformed."""
        if self._http.our_state is h11.DONE and not await self._rest_is_read():
            return None
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        if self._http.our_state is not h11.IDLE:
            return None
        async with asyncio.timeout(_IDLE_SECONDS):
            event = await self.receive()
        if not isinstance(event, h11.Request):
            return None
        # A target may be a whole URL (RFC 9112, section 3.2).
        target = event.target.decode("latin-1").partition("?")[0]
        path = "/" + target.partition("://")[2].partition("/")[2] if "://" in target else target
        return Request(self, method=event.method.decode("ascii"), path=path, headers=_by_name(event.headers))

    async def receive(self) -> object:
        """The next part of what the client sends. Raises Malformed."""
        while True:
            try:
                event = self._http.next_event()
                if event is not h11.NEED_DATA:
                    return event
                self._http.receive_data(await self._reader.read(_PIECE))
            except h11.RemoteProtocolError as error:
                if self._reader.at_eof():
                    raise Disconnected("hung up within a request") from error
                raise Malformed(error.error_status_hint, str(error)) from error

    async def go_on(self) -> None:
        """Tells a client that waits for it that its body is wanted."""
        if self._http.they_are_waiting_for_100_continue:
            self._send(h11.InformationalResponse(status_code=100, headers=[]))
            await self._writer.drain()

    @property
    def gone(self) -> asyncio.Future[None]:
        """Done when the client has hung up."""
        return self._reader.over

    async def answer(self, response: Response) -> None:
        given = {**response.headers, "Content-Length": str(len(response.body))}
        headers = [
            (name.encode("ascii"), _NOT_IN_A_HEADER.sub(b" ", value.encode()).strip())
            for name, value in given.items()
        ]
        self._send(
            h11.Response(status_code=response.status, headers=headers),
            h11.Data(data=response.body),
            h11.EndOfMessage(),
        )
        await self._writer.drain()

    async def refuse(self, response: Response) -> None:
        """Answers where there has been no answer yet; nothing more is read."""
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            await self.answer(response)

    async def _rest_is_read(self) -> bool:
        """Reads what is left of a body that was not wanted; whether that came to an end."""
        unwanted = 0
        while self._http.their_state is h11.SEND_BODY and unwanted <= _UNWANTED_BYTES:
            event = await self.receive()
            unwanted += len(event.data) if isinstance(event, h11.Data) else 0
            if isinstance(event, h11.ConnectionClosed):
                return False
        return self._http.their_state is h11.DONE

    def _send(self, *events: h11.Event) -> None:
        self._writer.write(b"".join(self._http.send(event) or b"" for event in events))


def _by_name(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Of a header that comes twice the first one counts."""
    found: dict[str, str] = {}
    for name, value in headers:
        found.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    return found
