"""Requests as they come from a socket, and answers as they go out, in ASGI's messages."""

from __future__ import annotations

import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from samlocal.http_api.exchange import Fields, HttpAnswer, HttpRequest
from samlocal.own_host import is_own
from samlocal.service.http_protocol import cased_headers

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

_LARGEST = 16 * 1024 * 1024
"""Of a body; what is over it is not kept. What is kept is still more than any kind of API takes, which says so."""

FAULT = HttpAnswer(
    status=500,
    headers=(("Content-Type", "text/plain"),),
    body=b"samlocal failed; it says more where it runs.\n",
)


def misdirected(request: HttpRequest, *, any_host: bool) -> HttpAnswer | None:
    """The answer to who calls this by a name that is not its own, or by none or several (RFC 9112, 3.2); with
    ``any_host`` every name is its own."""
    hosts = request.header_values("host")
    if len(hosts) != 1:
        return _refusal(400, "a request has one Host")
    if any_host or is_own(hosts[0]):
        return None
    return _refusal(421, f"samlocal is not called {hosts[0]!r} here: use the address that it told, or --host")


async def _read_request(scope: Message, receive: Receive) -> HttpRequest | None:
    """None where its client went before it was whole."""
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
    return request_of(scope, b"".join(parts), received=received)


def request_of(scope: Message, body: bytes, *, received: float) -> HttpRequest:
    """A handshake's, too."""
    client = scope.get("client")
    authority, path = _asked(scope["raw_path"].decode("latin-1"))
    return HttpRequest(
        method=scope.get("method", "GET"),
        path=path,
        query=scope["query_string"].decode("latin-1"),
        headers=_with_host(_headers(scope), authority, scope),
        body=body,
        source_ip=client[0] if client else "127.0.0.1",
        protocol=f"HTTP/{scope['http_version']}",
        scheme=scope["scheme"],
        received=received,
        request_id=str(uuid.uuid4()),
    )


def _refusal(status: int, said: str) -> HttpAnswer:
    headers = (("Content-Type", "text/plain; charset=utf-8"),)
    return HttpAnswer(status=status, headers=headers, body=f"{said}.\n".encode())


def encoded(fields: Fields) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in fields]


async def _send_answer(answer: HttpAnswer, send: Send, *, head: bool, failed: Callable[[Exception], None]) -> None:
    """``head`` says that nobody wants its body; ``failed`` hears what breaks it off."""
    headers = encoded(answer.headers)
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
        failed(error)
        raise
    await send({"type": "http.response.body", "body": b""})


async def answer_request(
    scope: Message,
    receive: Receive,
    send: Send,
    answer: Callable[[HttpRequest], Awaitable[HttpAnswer]],
    *,
    any_host: bool = False,
    failed: Callable[[Exception], None],
) -> None:
    """One request to the end of its answer: ``answer``'s, where it is called by a name of its own.

    ``failed`` gets a fault of samlocal's own, and what breaks an answer off.
    """
    if scope["type"] != "http":
        return
    request = await _read_request(scope, receive)
    if request is None:
        return
    try:
        answered = misdirected(request, any_host=any_host) or await answer(request)
    except Exception as error:
        failed(error)
        answered = FAULT
    await _send_answer(answered, send, head=request.method == "HEAD", failed=failed)


def _asked(target: str) -> tuple[str | None, str]:
    """The authority and the path of what is asked for: a client that takes this for its proxy names both (RFC 9112,
    3.2.2), others the path alone."""
    _, found, rest = target.partition("://")
    if target.startswith("/") or not found:
        return None, target
    authority, _, path = rest.partition("/")
    return authority.rpartition("@")[2], f"/{path}"


def _with_host(fields: Fields, authority: str | None, scope: Message) -> Fields:
    """An authority goes before ``Host`` (RFC 9112, 3.2.2). A client of HTTP/1.0 that names none has called this
    address: no browser is one."""
    named = any(name.lower() == "host" for name, _ in fields)
    if authority is None and not named and scope["http_version"] == "1.0" and scope.get("server"):
        host, port = scope["server"]
        authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if authority is None:
        return fields
    return (("Host", authority), *(pair for pair in fields if pair[0].lower() != "host"))


def _headers(scope: Message) -> Fields:
    """In the case in which they were written, where the server has kept it."""
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in cased_headers(scope))
