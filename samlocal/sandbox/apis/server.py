"""The HTTP server in front of a sandbox's APIs: a few fixed routes, and clients that may send anything.

It needs httptools and asyncio, and h11 only for what is not plain: it is imported while the container starts. A
client that sends what is no HTTP, or hangs up half-way, is answered 4xx or left; neither is a failure of samlocal's.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

from msgspec import Struct

from samlocal.sandbox.apis.connection import Connection
from samlocal.sandbox.apis.http import Disconnected, Head, Malformed, Response
from samlocal.sandbox.apis.incoming import Incoming


class BodyTooLarge(Exception):  # noqa: N818 - an answer, not a failure
    """``size`` is the body's, which has been read to its end; ``limit`` what it may be. Both in bytes."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"Exceeded maximum allowed payload size ({limit} bytes).")
        self.size = size
        self.limit = limit


def json_response(content: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    body = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Response(status=status, body=body, headers={"Content-Type": "application/json"} | dict(headers or {}))


def refusal(status: int, error_type: str, message: str) -> Response:
    """A refusal in the form of all of Lambda's APIs."""
    return json_response({"errorType": error_type, "errorMessage": message}, status=status)


class Request:
    """A request whose head has been read. ``headers`` and ``trailers`` have names in small letters."""

    def __init__(self, connection: Connection, head: Head) -> None:
        self._connection = connection
        self.method = head.method
        self.path = head.path
        self.headers = head.headers
        self.parameter = ""
        """What stands in the path in place of the route's ``{id}``."""

    @property
    def trailers(self) -> Mapping[str, str]:
        """There behind the body."""
        return self._connection.trailers

    async def parts(self) -> AsyncIterator[bytes]:
        """The body as it comes. Raises Disconnected."""
        while part := await self._connection.part():
            yield part

    async def body(self, limit: int) -> bytes:
        """The body, whole. Raises Disconnected, and BodyTooLarge once it has been read."""
        read = bytearray()
        size = 0
        while part := await self._connection.part():
            size += len(part)
            if size <= limit:
                read += part
        if size > limit:
            raise BodyTooLarge(size, limit)
        return bytes(read)

    async def wait_for(self, answer: asyncio.Future[Any]) -> None:
        """Waits until the answer is there or cancelled. Raises Disconnected when the client hangs up before that."""
        gone = self._connection.gone

        def leave(_: object) -> None:
            # A future that has its answer keeps it.
            answer.cancel()

        gone.add_done_callback(leave)
        try:
            await answer
        except asyncio.CancelledError:
            waits = asyncio.current_task()
            if waits is None or waits.cancelling():
                raise
        finally:
            gone.remove_done_callback(leave)
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
            while (head := await connection.next_head()) is not None:
                await connection.answer(await self._answer(Request(connection, head)))
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
