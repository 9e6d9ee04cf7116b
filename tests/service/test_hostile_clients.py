"""What clients may send to what is served."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from event_loop import EventLoop
from hostile_requests import REQUESTS, check

from samlocal.service.server import listening, serving


async def echo(scope: Any, receive: Any, send: Any) -> None:
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body, more = body + message["body"], message["more_body"]
    body = scope["method"].encode() + b" " + body
    headers = [(b"Content-Length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    with closing(EventLoop()) as loop, closing(listening("127.0.0.1", 0)) as listens:
        serves = serving(echo, [listens])
        loop.enter(serves)
        yield listens.getsockname()[:2]
        loop.leave(serves)


@pytest.mark.parametrize("cut", [None, 1, 20], ids=["whole", "its first byte alone", "cut in two"])
@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_answered_once_or_refused(name: str, cut: int | None, address: tuple[str, int]) -> None:
    check(address, REQUESTS[name], cut=cut)
