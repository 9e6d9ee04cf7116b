"""The endpoint's sockets: clients that are slow, rude, many, or gone. The pool behind them answers at once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable

import kit
import pytest
from endpoint_kit import Endpoint, directory_of, run
from fake_pool import FakePool

from samlocal.endpoint.api_error import ApiError
from samlocal.endpoint.application import Application
from samlocal.endpoint.callers import Callers
from samlocal.endpoint.forwarding import Forwarding
from samlocal.endpoint.happening import Happening
from samlocal.endpoint.listings import Listings
from samlocal.errors import ConfigurationError
from samlocal.sandbox.network.endpoint import endpoint
from samlocal.sandbox.result import Success
from samlocal.service.server import listening, serving, url_of

INVOKE = b"POST /2015-03-31/functions/Fn/invocations HTTP/1.1\r\nHost: localhost\r\n"


class Served:
    """The endpoint on a socket."""

    def __init__(self, own: Endpoint, host: str, port: int) -> None:
        self.own = own
        self.host = host
        self.port = port
        self.failures: list[Exception] = []
        self.refusals: list[str] = []

    def told(self, _: Happening) -> None: ...

    def reloaded(self, _: object) -> None: ...

    def refused(self, request: str, _: ApiError) -> None:
        self.refusals.append(request)

    def failed(self, error: BaseException) -> None:
        self.failures.append(error)

    def passed_on(self, *_: object) -> None: ...

    async def connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self.host, self.port)

    async def ask(self, *parts: bytes, pause: float = 0) -> tuple[int, dict[str, str], bytes]:
        """Sends a request as it is, in these parts, and reads the answer."""
        reader, writer = await self.connection()
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(pause)
            return await answered(reader)
        finally:
            writer.close()


async def answered(reader: asyncio.StreamReader, *, head: bool = False) -> tuple[int, dict[str, str], bytes]:
    status = int((await reader.readline()).split()[1])
    headers: dict[str, str] = {}
    while line := (await reader.readline()).strip():
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    body = b"" if head or status in (100, 204) else await reader.readexactly(int(headers.get("content-length", 0)))
    return status, headers, body


@contextlib.asynccontextmanager
async def served(made: kit.Project, pool: FakePool, host: str = "127.0.0.1") -> AsyncIterator[Served]:
    own = Endpoint(directory_of(made), pool)
    with contextlib.closing(listening(host, 0)) as listens:
        here = endpoint(url_of(listens))
        server = Served(own, here.host, here.port)
        application = Application(
            own.invoker,
            Listings(own.functions),
            Callers(here, told=lambda _: None),
            Forwarding(here, told=lambda *_: None),
            server,
        )
        async with serving(application.asgi(), [listens]):
            yield server
    assert server.failures == []


@pytest.fixture
def made(project: Callable[..., kit.Project]) -> kit.Project:
    return project(kit.python("def handler(event, context): return 1"))


def serve(made: kit.Project, test: Callable[[Served], Awaitable[None]], *, pool: FakePool | None = None) -> None:
    async def main() -> None:
        async with served(made, pool or FakePool(Success(payload=b'"done"'))) as server:
            await test(server)

    run(main)


def with_body(body: bytes, *headers: bytes) -> bytes:
    lines = b"".join(header + b"\r\n" for header in headers)
    return INVOKE + lines + b"Content-Length: %d\r\n\r\n" % len(body) + body


@pytest.mark.parametrize(
    "parts",
    [
        [with_body(b"{}")],
        [bytes([byte]) for byte in with_body(b"{}")],
        [INVOKE + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n{\r\n", b"1\r\n}\r\n", b"0\r\n\r\n"],
        [b"POST /2015-03-31/functions/Fn/invocations HTTP/1.0\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"],
        [with_body(b"{}", b"Content-Type: text/plain")],
        [with_body(b"{}", b"X-Long: " + b"x" * 8000)],
    ],
    ids=["whole", "byte by byte", "chunked", "HTTP/1.0", "any content type", "a long header"],
)
def test_a_request_is_one_however_it_comes(made: kit.Project, parts: list[bytes]) -> None:
    async def test(server: Served) -> None:
        status, headers, body = await server.ask(*parts)
        assert (status, body) == (200, b'"done"')
        assert headers["content-type"] == "application/json"
        assert server.own.pool.asked[0][1].payload == b"{}"

    serve(made, test)


def test_who_asks_before_sending_a_body_is_told_to_go_on(made: kit.Project) -> None:
    async def test(server: Served) -> None:
        reader, writer = await server.connection()
        writer.write(INVOKE + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert (await answered(reader))[0] == 100
        writer.write(b"{}")
        assert (await answered(reader))[0] == 200
        writer.close()

    serve(made, test)


def test_a_connection_serves_one_request_after_another(made: kit.Project) -> None:
    async def test(server: Served) -> None:
        reader, writer = await server.connection()
        for number in range(20):
            writer.write(with_body(b"%d" % number))
            assert (await answered(reader))[0] == 200
        # Two at once, the second before the first is answered.
        writer.write(with_body(b"20") + with_body(b"21"))
        assert [(await answered(reader))[0] for _ in range(2)] == [200, 200]
        assert [request.payload for _, request in server.own.pool.asked] == [b"%d" % number for number in range(22)]
        writer.close()

    serve(made, test)


def test_a_connection_may_be_idle_for_longer_than_a_caller_thinks(made: kit.Project) -> None:
    async def test(server: Served) -> None:
        reader, writer = await server.connection()
        for pause in (0, 6):
            await asyncio.sleep(pause)
            writer.write(with_body(b"{}"))
            assert (await answered(reader))[0] == 200
        writer.close()

    serve(made, test)


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GARBAGE\r\n\r\n",
        INVOKE + b"Content-Length: -1\r\n\r\n",
        INVOKE + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        INVOKE + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        INVOKE + b"X: " + b"x" * 1_000_000,
        b"\x00" * 100_000,
    ],
    ids=["TLS", "words", "negative", "two lengths", "chunk", "endless header", "zeroes"],
)
def test_what_is_no_http_is_refused_and_runs_nothing(made: kit.Project, garbage: bytes) -> None:
    async def test(server: Served) -> None:
        reader, writer = await server.connection()
        writer.write(garbage)
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(60):
                first = await reader.read(12)
                assert first in (b"", b"HTTP/1.1 400"), first
        writer.close()
        assert server.own.pool.asked == []
        assert (await server.ask(with_body(b"{}")))[0] == 200

    serve(made, test)


@pytest.mark.parametrize("method", [b"OPTIONS", b"HEAD", b"GET", b"PUT", b"DELETE", b"PATCH", b"TRACE", b"BREW"])
def test_no_other_method_runs_a_function(made: kit.Project, method: bytes) -> None:
    async def test(server: Served) -> None:
        reader, writer = await server.connection()
        writer.write(INVOKE.replace(b"POST", method) + b"Content-Length: 0\r\n\r\n")
        status, headers, _ = await answered(reader, head=method == b"HEAD")
        assert (status, headers["x-amzn-errortype"]) == (404, "UnknownOperationException")
        assert headers["x-amzn-requestid"]
        # A page of a browser's asks so whether it may.
        assert not any(name.startswith("access-control-") for name in headers)
        assert server.own.pool.asked == []
        writer.close()

    serve(made, test)


def test_a_body_without_end_is_refused_and_not_kept(made: kit.Project) -> None:
    async def test(server: Served) -> None:
        reader, writer = await server.connection()
        size, piece = 60_000_000, b"x" * 1_000_000
        writer.write(INVOKE + b"Content-Length: %d\r\n\r\n" % size)
        tracemalloc.start()
        try:
            for _ in range(size // len(piece)):
                writer.write(piece)
                await writer.drain()
            status, headers, body = await answered(reader)
            assert tracemalloc.get_traced_memory()[1] < 30_000_000
        finally:
            tracemalloc.stop()
        assert (status, headers["x-amzn-errortype"]) == (413, "RequestEntityTooLargeException")
        assert json.loads(body)["message"].startswith("Request must be smaller than 6291456 bytes")
        writer.close()

    serve(made, test)


def test_a_client_that_hangs_up_ends_nothing(made: kit.Project) -> None:
    async def test(server: Served) -> None:
        pool = server.own.pool
        pool.ready.clear()
        _, writer = await server.connection()
        writer.write(with_body(b'{"a": 1}'))
        while not pool.asked:
            await asyncio.sleep(0.01)
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(0.05)
        assert server.own.ended == []
        pool.ready.set()
        await server.own.invoker.close()
        (ended,) = server.own.ended
        assert ended.failure is None

    serve(made, test)


def test_a_client_that_sends_half_a_request_does_not_hold_up_the_end(made: kit.Project) -> None:
    async def main() -> None:
        async with served(made, FakePool()) as server:
            reader, writer = await server.connection()
            writer.write(INVOKE + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            # It reads the body.
            assert (await answered(reader))[0] == 100
            writer.write(b"{")
        assert (await answered(reader))[0] == 503
        assert (server.own.pool.asked, server.refusals) == ([], [])
        writer.close()

    run(main)


@pytest.mark.parametrize("reads", [0, 1, 5_000])
def test_a_reader_of_a_stream_may_hang_up_at_any_time(made: kit.Project, reads: int) -> None:
    async def test(server: Served) -> None:
        reader, writer = await server.connection()
        writer.write(
            INVOKE.replace(b"2015-03-31", b"2021-11-15").replace(b"/invocations", b"/response-streaming-invocations")
            + b"Content-Length: 0\r\n\r\n"
        )
        await writer.drain()
        if reads:
            await reader.readexactly(reads)
        writer.transport.abort()
        while not server.own.pool.asked:
            await asyncio.sleep(0.01)
        async with asyncio.timeout(60):
            await server.own.invoker.close()
        assert len(server.own.ended) == 1

    serve(made, test, pool=FakePool(Success(payload=b"", streamed=True), parts=(b"x" * 10_000,) * 500))


def test_a_thousand_idle_connections_hold_up_nobody(made: kit.Project) -> None:
    async def test(server: Served) -> None:
        idle = [await server.connection() for _ in range(1_000)]
        began = time.perf_counter()
        assert (await server.ask(with_body(b"{}")))[0] == 200
        assert time.perf_counter() - began < 5
        for _, writer in idle:
            writer.close()

    with kit.open_files(4096):
        serve(made, test)


# who may ask


@pytest.mark.parametrize(
    "host",
    ["localhost:3001", "127.0.0.1:3001", "[::1]:3001", "host.docker.internal:3001", "lambda.eu-west-1.amazonaws.com"],
)
def test_it_answers_to_the_names_of_this_machine_and_of_aws(made: kit.Project, host: str) -> None:
    async def test(server: Served) -> None:
        assert (await server.ask(with_body(b"{}").replace(b"localhost", host.encode())))[0] == 200

    serve(made, test)


@pytest.mark.parametrize(
    "change",
    [
        (b"Host: localhost", b"Host: evil.example"),
        (b"Host: localhost", b"Host: localhost.evil.example"),
        (b"Host: localhost", b"Host: 127.0.0.1.evil.example:3001"),
        (b"Host: localhost", b"Host: 8.8.8.8"),
        (b"Host: localhost", b"Host:"),
        (b"Host: localhost", b"Host: localhost\r\nOrigin: null"),
        (b"Host: localhost", b"Host: localhost\r\nOrigin: http://localhost:3001"),
        (b"Host: localhost", b"Host: localhost\r\nSec-Fetch-Site: same-origin"),
    ],
)
def test_who_is_led_here_by_a_name_or_a_page_is_refused(made: kit.Project, change: tuple[bytes, bytes]) -> None:
    async def test(server: Served) -> None:
        status, headers, _ = await server.ask(with_body(b"{}").replace(*change))
        assert (status, headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
        assert server.own.pool.asked == []
        assert server.refusals == ["POST /2015-03-31/functions/Fn/invocations"]

    serve(made, test)


def test_it_listens_on_ipv6_where_that_is_named(made: kit.Project) -> None:
    async def main() -> None:
        async with served(made, FakePool(Success(payload=b"6")), host="::1") as server:
            assert server.host == "::1"
            assert (await server.ask(with_body(b"{}")))[2] == b"6"

    run(main)


def test_all_addresses_are_told_as_the_one_that_this_machine_uses() -> None:
    for host, told in (("0.0.0.0", "http://127.0.0.1:"), ("::", "http://[::1]:"), ("localhost", "http://127.0.0.1:")):
        with contextlib.closing(listening(host, 0)) as listens:
            assert url_of(listens).startswith(told)


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "not a host", "a..b"])
def test_an_address_that_is_not_this_machines_is_said(host: str) -> None:
    with pytest.raises(ConfigurationError, match=f"cannot listen on {host}") as error:
        listening(host, 0)
    assert "--host" in (error.value.tip or "")


def test_a_port_that_there_is_not_is_said() -> None:
    # RFC 9293, section 3.1: a port has 16 bits. Several APIs have ports one after the other.
    with pytest.raises(ConfigurationError, match=r"cannot listen on 127\.0\.0\.1 port 65536") as error:
        listening("127.0.0.1", 65536)
    assert "--port" in (error.value.tip or "")


def test_a_port_belongs_to_one_server_alone() -> None:
    with contextlib.closing(listening("127.0.0.1", 0)) as first:
        port: int = first.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"port {port}"):
            listening("127.0.0.1", port)


def test_a_port_can_be_had_again_at_once(made: kit.Project) -> None:
    port = 0

    async def test(server: Served) -> None:
        nonlocal port
        port = server.port
        assert (await server.ask(with_body(b"{}")))[0] == 200

    serve(made, test)
    with contextlib.closing(listening("127.0.0.1", port)) as again:
        assert isinstance(again, socket.socket)
