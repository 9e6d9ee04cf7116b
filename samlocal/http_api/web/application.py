"""One API as an ASGI application: requests as they come from a socket, answers as they go out."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from samlocal.http_api import openapi_document
from samlocal.http_api.front import Front
from samlocal.http_api.model import Fields, HttpAnswer, HttpRequest
from samlocal.http_api.web.cased_headers import cased_headers
from samlocal.http_api.web.static_files import StaticFiles
from samlocal.own_host import is_own

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

_LARGEST = 16 * 1024 * 1024
"""Of a body; what is over it is not kept. What is kept is still more than any kind of API takes, which says so."""


class WebApplication:
    """``static`` are files for paths without a route; with ``any_host`` it answers to whatever name it is called by.

    ``failed`` gets a fault of samlocal's own, and what breaks an answer off.
    """

    def __init__(
        self,
        front: Front,
        *,
        static: StaticFiles | None = None,
        any_host: bool = False,
        failed: Callable[[Exception], None],
    ) -> None:
        self._front = front
        self._static = static
        self._any_host = any_host
        self._failed = failed

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = await _request(scope, receive)
        if request is None:
            # It was not whole when its client went: nobody reads an answer.
            return
        try:
            answer = await self._answer(request)
        except Exception as error:
            self._failed(error)
            answer = HttpAnswer(
                status=500,
                headers=(("Content-Type", "text/plain"),),
                body=b"samlocal failed; it says more where it runs.\n",
            )
        await self._send(answer, send, head=request.method == "HEAD")

    async def _answer(self, request: HttpRequest) -> HttpAnswer:
        host = request.header("host") or ""
        if not self._any_host and not is_own(host):
            return HttpAnswer(
                status=421,
                headers=(("Content-Type", "text/plain; charset=utf-8"),),
                body=f"samlocal is not called {host!r} here: use the address that it told, or --host.\n".encode(),
            )
        if request.path == openapi_document.PATH and request.method in ("GET", "HEAD"):
            return self._document(request)
        if self._static is not None and not self._front.routes(request):
            file = self._static.answer(request)
            if file is not None:
                return file
        return await self._front.answer(request)

    def _document(self, request: HttpRequest) -> HttpAnswer:
        url = f"{request.scheme}://{request.header('host') or 'localhost'}"
        body = json.dumps(openapi_document.openapi_document(self._front.api, url)).encode()
        # For editors and consoles that run in a browser, at an address of their own.
        headers = (("Content-Type", "application/json"), ("Access-Control-Allow-Origin", "*"))
        return HttpAnswer(status=200, headers=headers, body=body)

    async def _send(self, answer: HttpAnswer, send: Send, *, head: bool) -> None:
        headers = [(_bytes(name), _bytes(value)) for name, value in answer.headers]
        named = {name.lower() for name, _ in headers}
        if answer.stream is None and b"content-length" not in named and answer.status not in (204, 304):
            headers.append((b"Content-Length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        if answer.stream is None:
            await send({"type": "http.response.body", "body": b"" if head else answer.body})
            return
        try:
            async for part in answer.stream:
                await send({"type": "http.response.body", "body": part, "more_body": True})
        except Exception as error:
            # Its status is out: the connection breaks off, as it does on AWS.
            self._failed(error)
            raise
        await send({"type": "http.response.body", "body": b""})


def _bytes(text: str) -> bytes:
    return text.encode("latin-1", "replace")


async def _request(scope: Message, receive: Receive) -> HttpRequest | None:
    received = time.time()
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        size += len(message.get("body", b""))
        if size <= _LARGEST:
            parts.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    client = scope.get("client")
    return HttpRequest(
        method=scope["method"],
        path=_path(scope["raw_path"].decode("latin-1")),
        query=scope["query_string"].decode("latin-1"),
        headers=_headers(scope),
        body=b"".join(parts),
        source_ip=client[0] if client else "127.0.0.1",
        protocol=f"HTTP/{scope['http_version']}",
        scheme=scope["scheme"],
        received=received,
        request_id=str(uuid.uuid4()),
    )


def _path(target: str) -> str:
    """What is asked for, also of a client that takes this for its proxy (RFC 9112, 3.2.2)."""
    _, found, rest = target.partition("://")
    if target.startswith("/") or not found:
        return target
    return "/" + rest.partition("/")[2]


def _headers(scope: Message) -> Fields:
    """In the case in which they were written, where the server has kept it."""
    cased = cased_headers(scope)
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in cased or scope["headers"])
