"""What functions may send to the server in front of a sandbox's APIs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from event_loop import EventLoop
from hostile_requests import METHODS, REQUESTS, check

from samlocal.sandbox.apis.http import Response
from samlocal.sandbox.apis.listener import Listener
from samlocal.sandbox.apis.server import Request, Route, Server
from samlocal.sandbox.network.route import bound_socket


async def everybody(*_: object) -> bool:
    return True


async def echo(request: Request) -> Response:
    return Response(body=request.method.encode() + b" " + await request.body(100))


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    broken: list[BaseException] = []
    server = Server([Route(method=method, path="/x", handler=echo) for method in METHODS], broken.append)
    with closing(bound_socket("127.0.0.1")) as listening, closing(EventLoop()) as loop:
        loop.begin(Listener(listening, admits=everybody, connected=server.serve, failed=broken.append).run())
        yield listening.getsockname()[:2]
    assert broken == []


@pytest.mark.parametrize("cut", [None, 1, 20], ids=["whole", "its first byte alone", "cut in two"])
@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_answered_once_or_refused(name: str, cut: int | None, address: tuple[str, int]) -> None:
    check(address, REQUESTS[name], cut=cut)
