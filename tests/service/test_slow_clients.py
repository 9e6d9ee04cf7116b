"""The end of what is served, while its clients take their time."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from samlocal.service.server import listening, serving

POST = b"POST / HTTP/1.1\r\nHost: localhost\r\n"

LARGE = 64 * 1024 * 1024
"""More than two sockets of this machine's take up."""

Respond = Callable[[bytes, Any], Awaitable[None]]


class Application:
    """Answers a request once its body is ``whole``, as ``respond`` does; so many are ``lost`` before."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond
        self.begun = asyncio.Event()
        self.responds = asyncio.Event()
        self.whole: list[bytes] = []
        self.lost = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        self.begun.set()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.lost += 1
                return
            body += message["body"]
            if not message["more_body"]:
                break
        self.whole.append(body)
        self.responds.set()
        await self._respond(body, send)


async def echo(body: bytes, send: Any) -> None:
    await start(send)
    await send({"type": "http.response.body", "body": body})


async def start(send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})


@contextlib.asynccontextmanager
async def served(application: Application) -> AsyncIterator[tuple[str, int]]:
    with contextlib.closing(listening("127.0.0.1", 0)) as listens:
        address = listens.getsockname()[:2]
        async with serving(application, [listens]):
            yield address


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await test()

    asyncio.run(bounded())


@pytest.mark.parametrize(
    "half",
    [
        POST + b"Content-Length: 10\r\n\r\n",
        POST + b"Content-Length: 10\r\n\r\nhalf",
        POST + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        POST + b"Expect: 100-continue\r\nContent-Length: 10\r\n\r\n",
    ],
    ids=["no body", "half a body", "no last chunk", "asks first"],
)
def test_a_request_that_does_not_come_whole_is_refused_at_the_end(half: bytes) -> None:
    async def test() -> None:
        application = Application(echo)
        async with served(application) as address:
            reader, writer = await asyncio.open_connection(*address)
            writer.write(half)
            await application.begun.wait()
        answer = (await reader.read()).removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
        # RFC 9110, 15.6.4.
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert answer.endswith(b"\r\n\r\nsamlocal is ending.\n")
        assert (application.whole, application.lost) == ([], 1)
        writer.close()

    run(test)


def test_a_whole_request_is_answered_at_the_end_however_long_that_takes() -> None:
    async def test() -> None:
        goes_on = asyncio.Event()

        async def late(body: bytes, send: Any) -> None:
            await goes_on.wait()
            await echo(body, send)

        application = Application(late)
        async with served(application) as address:
            reader, writer = await asyncio.open_connection(*address)
            writer.write(POST + b"Content-Length: 5\r\n\r\nwhole")
            await application.responds.wait()
            asyncio.get_running_loop().call_later(1, goes_on.set)
        assert goes_on.is_set()
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"whole" in answer
        writer.close()

    run(test)


@pytest.mark.parametrize("parts", [1, 1024], ids=["an answer", "a stream"])
def test_who_does_not_read_an_answer_does_not_hold_up_the_end(parts: int) -> None:
    async def test() -> None:
        async def large(_: bytes, send: Any) -> None:
            await start(send)
            for number in range(parts):
                more = number < parts - 1
                await send({"type": "http.response.body", "body": bytes(LARGE // parts), "more_body": more})

        application = Application(large)
        with socket.socket() as client:
            async with served(application) as address:
                client.connect(address)
                client.sendall(POST + b"Content-Length: 0\r\n\r\n")
                await application.responds.wait()

    run(test)


def test_who_reads_an_answer_slowly_gets_all_of_it_at_the_end() -> None:
    async def test() -> None:
        async def large(_: bytes, send: Any) -> None:
            await start(send)
            await send({"type": "http.response.body", "body": bytes(LARGE)})

        async def slowly(reader: asyncio.StreamReader) -> int:
            size = 0
            while part := await reader.read(LARGE // 16):
                size += len(part)
                await asyncio.sleep(0.005)
            return size

        application = Application(large)
        async with served(application) as address:
            reader, writer = await asyncio.open_connection(*address)
            writer.write(POST + b"Content-Length: 0\r\n\r\n")
            await application.responds.wait()
            reading = asyncio.create_task(slowly(reader))
        assert await reading >= LARGE
        writer.close()

    run(test)
