"""The socket of a process that keeps sandboxes, and clients who are no commands."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import wild
from event_loop import EventLoop
from test_connection import Scripted, answered, question

from samlocal.kept import messages
from samlocal.kept.connection import serve
from samlocal.kept.frames import packed

KNOWN = (
    packed(messages.Hello(samlocal="this")),
    packed(messages.Hello(samlocal="another")),
    packed(messages.Hello(samlocal="this")) + packed(question()),
    packed(messages.Hello(samlocal="this")) + packed(messages.Stop(functions=("Fn",))),
)


def test_no_client_stops_or_breaks_the_socket_or_leaves_anything(tmp_path: Path) -> None:
    broken: list[BaseException] = []
    place = str(tmp_path / "keeper.sock")

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await serve(Scripted(answered), reader, writer, failed=lambda error, *_: broken.append(error) or "")

    with closing(EventLoop()) as loop:
        server = loop.run(asyncio.start_unix_server(connected, place))

        def lives() -> None:
            wild.check_answer(place, KNOWN[2], packed(messages.Accepted()))

        lives()
        with wild.leaving_nothing(loop):
            wild.meet(place, KNOWN, lives=lives)
        loop.call(server.close)
    assert broken == []
