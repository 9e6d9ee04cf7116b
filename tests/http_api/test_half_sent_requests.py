"""An API's socket at the end, while a client is not done with its request."""

from __future__ import annotations

import asyncio
import contextlib

from api_kit import api_of, route_of
from front_kit import FakePool, Heard, ran

from samlocal.http_api.front import Front
from samlocal.http_api.model import ApiKind
from samlocal.http_api.web.application import WebApplication
from samlocal.service.server import listening, serving

ASKS_FIRST = b"POST /items HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"


def test_a_client_that_sends_half_a_request_does_not_hold_up_the_end_of_an_api() -> None:
    async def main() -> None:
        pool, failures = FakePool(), list[Exception]()
        front = Front(api_of(ApiKind.HTTP, route_of()), pool, Heard(), None)
        with contextlib.closing(listening("127.0.0.1", 0)) as listens:
            address = listens.getsockname()[:2]
            async with serving(WebApplication(front, failed=failures.append), [listens]):
                reader, writer = await asyncio.open_connection(*address)
                writer.write(ASKS_FIRST)
                # It reads the body.
                assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
                writer.write(b"{")
            assert (await reader.read()).startswith(b"HTTP/1.1 503 ")
        assert (pool.asked, failures) == ([], [])
        writer.close()

    ran(main())
