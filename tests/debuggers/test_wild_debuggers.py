"""The debug port of a command that stays, and clients who are no debuggers."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing

import wild
from event_loop import EventLoop
from kit import free_port

from samlocal.sandbox.debug.port import DebugPort


def framed(**message: object) -> bytes:
    content = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(content), content)


KNOWN = (
    framed(seq=1, type="request", command="initialize", arguments={"adapterID": "a"}),
    framed(seq=2, type="request", command="attach", arguments={"pathMappings": []}),
    framed(seq=3, type="request", command="disconnect"),
    framed(seq=1, type="event", event="output"),
    b"GET /json/list HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"JDWP-Handshake",
)


async def repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What listens where the debugger in a sandbox does."""
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


def test_no_client_stops_or_breaks_the_port_or_leaves_anything() -> None:
    with closing(EventLoop()) as loop:
        port = DebugPort(free_port())
        loop.enter(port)
        program = loop.run(asyncio.start_server(repeat, "127.0.0.1", port.inside))
        address = "127.0.0.1", port.port

        def lives() -> None:
            wild.check_answer(address, b"JDWP-Handshake", b"JDWP-Handshake")

        with wild.leaving_nothing(loop):
            wild.meet(address, KNOWN, lives=lives)
        loop.call(program.close)
        loop.leave(port)
