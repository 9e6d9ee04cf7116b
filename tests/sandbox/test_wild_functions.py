"""A sandbox's APIs and its relay, and functions that send them anything."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import wild
from event_loop import EventLoop
from kit import eventually
from test_extensions_protocol import Sandbox

from samlocal.sandbox.apis.listener import Listener
from samlocal.sandbox.network.endpoint import endpoint
from samlocal.sandbox.network.relay import relay
from samlocal.sandbox.network.route import bound_socket

HEAD = b" HTTP/1.1\r\nHost: api\r\n"
BODY = b"Content-Length: 2\r\n\r\n{}"
KNOWN = (
    b"GET /2018-06-01/runtime/invocation/next" + HEAD + b"\r\n",
    b"POST /2018-06-01/runtime/invocation/r-1/response" + HEAD + BODY,
    b"POST /2018-06-01/runtime/invocation/r-1/response" + HEAD
    + b"Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n"
    + b"Trailer: Lambda-Runtime-Function-Error-Type\r\n\r\n"
    + b"2\r\n{}\r\n0\r\nLambda-Runtime-Function-Error-Type: A\r\n\r\n",
    b"POST /2018-06-01/runtime/invocation/r-1/error" + HEAD + b"Lambda-Runtime-Function-Error-Type: A.B\r\n" + BODY,
    b"POST /2018-06-01/runtime/init/error" + HEAD + BODY,
    b"POST /2020-01-01/extension/register" + HEAD
    + b"Lambda-Extension-Name: a\r\nContent-Length: 22\r\n\r\n" + b'{"events": ["INVOKE"]}',
    b"GET /2020-01-01/extension/event/next" + HEAD + b"Lambda-Extension-Identifier: a\r\n\r\n",
    b"POST /2020-01-01/extension/init/error" + HEAD + b"Lambda-Extension-Function-Error-Type: A\r\n" + BODY,
    b"POST /2020-01-01/extension/exit/error" + HEAD + BODY,
    b"PUT /2022-07-01/telemetry" + HEAD + b"Lambda-Extension-Identifier: a\r\n" + BODY,
    b"PUT /2020-08-15/logs" + HEAD + BODY,
    b"GET /elsewhere" + HEAD + b"\r\n",
)  # fmt: skip


def test_no_function_stops_or_breaks_its_apis_or_leaves_anything() -> None:
    with closing(Sandbox()) as sandbox:
        address = "127.0.0.1", sandbox.port

        def lives() -> None:
            wild.check_answer(address, KNOWN[-1], b"HTTP/1.1 404 ")

        lives()
        with wild.leaving_nothing(sandbox.loop):
            wild.meet(address, KNOWN, lives=lives)
            # Of one address a hundred are served.
            with wild.crowd(address, 90, begins=KNOWN[0][:30]):
                lives()
            with wild.crowd(address, 300, begins=KNOWN[0][:30]):
                pass
            eventually(lambda: len(loop_tasks(sandbox.loop)) < 90)
            lives()
        assert sandbox.broken == []


def loop_tasks(loop: EventLoop) -> set[asyncio.Task[Any]]:
    return loop.call(asyncio.all_tasks)


@contextmanager
def relayed(loop: EventLoop) -> Iterator[tuple[str, int]]:
    """The way to a server that repeats all that it is told once that has come to its end."""

    async def repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(await reader.read())
            await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def everybody(*_: object) -> bool:
        return True

    broken: list[BaseException] = []
    server = loop.run(asyncio.start_server(repeat, "127.0.0.1", 0))
    far = endpoint(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    with closing(bound_socket("127.0.0.1")) as listens:
        listener = Listener(listens, admits=everybody, connected=relay(far), failed=broken.append)
        running = loop.begin(listener.run())
        yield listens.getsockname()[:2]
        running.cancel()
    loop.call(server.close)
    assert broken == []


def test_a_relay_passes_on_to_its_end_what_is_answered_only_then_and_leaves_nothing() -> None:
    with closing(EventLoop()) as loop, relayed(loop) as address:

        def lives() -> None:
            with wild.connected(address) as connection:
                connection.sendall(b"all of it")
                connection.shutdown(socket.SHUT_WR)
                assert connection.makefile("rb").read() == b"all of it"

        lives()
        with wild.leaving_nothing(loop):
            wild.meet(address, [b"a", bytes(100_000)], lives=lives)
