"""The APIs in front of functions, and clients who send them anything."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import pytest
import wild
from api_kit import api_of, route_of
from event_loop import EventLoop
from front_kit import FakePool, Heard
from kit import open_files
from test_websocket_limits import served as served_websockets

from samlocal.http_api.front import Front
from samlocal.http_api.model import ApiKind
from samlocal.http_api.web.application import WebApplication
from samlocal.service.server import listening, serving

HEAD = b" HTTP/1.1\r\nHost: localhost\r\n"
KNOWN = (
    b"GET /a?b=c&b=%20" + HEAD + b"Accept: */*\r\nCookie: a=b; c=d\r\n\r\n",
    b"POST /a" + HEAD + b"Content-Type: application/json\r\nContent-Length: 8\r\n\r\n" + b'{"a": 1}',
    b"PUT /a/b%2Fc" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    b"OPTIONS /a" + HEAD + b"Origin: http://a\r\nAccess-Control-Request-Method: GET\r\n\r\n",
    b"HEAD /a" + HEAD + b"Range: bytes=0-1\r\n\r\n",
    b"POST /a" + HEAD + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
    b"GET /a HTTP/1.0\r\n\r\n",
)
UPGRADE = (
    b"GET /"
    + HEAD
    + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
# RFC 6455, section 5.2: masked with zeros.
MASK = b"\0\0\0\0"
FRAMES = (
    b"\x81\x82" + MASK + b"{}",
    b"\x82\xfe\x00\x80" + MASK + b"x" * 128,
    b"\x01\x81" + MASK + b"{" + b"\x80\x81" + MASK + b"}",
    b"\x89\x80" + MASK,
    b"\x8a\x81" + MASK + b"x",
    b"\x88\x82" + MASK + b"\x03\xe8",
    b"\x88\x80" + MASK,
    b"\x81\x81" + MASK + b"\xff",
    # Of no kind that there is.
    b"\x83\x80" + MASK,
)


@asynccontextmanager
async def served(kind: ApiKind) -> AsyncIterator[tuple[str, int]]:
    failures: list[Exception] = []
    front = Front(api_of(kind, routes=(route_of(), route_of(path="/"))), FakePool(), Heard(), None)
    with contextlib.closing(listening("127.0.0.1", 0)) as listens:
        async with serving(WebApplication(front, failed=failures.append), [listens]):
            yield listens.getsockname()[:2]
    await front.close()
    assert failures == []


@pytest.mark.parametrize("kind", [ApiKind.REST, ApiKind.HTTP, ApiKind.WEBSOCKET])
def test_no_client_stops_or_breaks_an_api_or_leaves_anything(kind: ApiKind) -> None:
    known, status = KNOWN, b"HTTP/1.1 200 "
    if kind is ApiKind.WEBSOCKET:
        known, status = (*(UPGRADE + frame for frame in FRAMES), UPGRADE + b"".join(FRAMES)), b"HTTP/1.1 101 "
    with closing(EventLoop()) as loop, open_files(4096):
        if kind is ApiKind.WEBSOCKET:
            manager = served_websockets(FakePool())
            address = "127.0.0.1", int(loop.enter(manager).rpartition(":")[2])
        else:
            manager = served(kind)
            address = loop.enter(manager)

        def lives() -> None:
            wild.check_answer(address, known[0], status)

        lives()
        with wild.leaving_nothing(loop):
            wild.meet(address, known, lives=lives)
            with wild.crowd(address, 1000, begins=known[0][:20]):
                lives()
        loop.leave(manager)
