"""What passes between a debugger and its program, whatever the two say."""

from __future__ import annotations

import asyncio
import tracemalloc
from typing import Any

import pytest

from samlocal.sandbox.debug.adapter_protocol import Conversation, Side

BLOCK = b"x" * 64 * 1024
BLOCKS = 640
"""40 MiB of them."""


class Counted:
    """What has been written to one side."""

    def __init__(self) -> None:
        self.size = 0
        self.grown = asyncio.Event()

    def write(self, data: bytes) -> None:
        self.size += len(data)
        self.grown.set()

    async def drain(self) -> None: ...

    async def reaches(self, size: int) -> None:
        while self.size < size:
            self.grown.clear()
            await self.grown.wait()


def side(reader: asyncio.StreamReader, writer: Counted) -> Side:
    given: Any = writer
    return Side(reader, given, b"")


@pytest.mark.parametrize(
    "head",
    [b"Content-Length:", b"Content-Length: many\r\n\r\n", b"Content-Length: 999999999\r\n\r\n"],
    ids=["a head without end", "no length", "no message's length"],
)
def test_what_can_be_no_message_of_a_debuggers_is_passed_on_and_not_kept(head: bytes) -> None:
    async def main() -> None:
        debugger, program = asyncio.StreamReader(), Counted()
        conversation = Conversation(side(debugger, Counted()), side(asyncio.StreamReader(), program))
        passing = asyncio.create_task(conversation.pass_on(asyncio.Event()))
        async with asyncio.timeout(60):
            debugger.feed_data(head)
            await program.reaches(len(head))
            tracemalloc.start()
            try:
                for number in range(BLOCKS):
                    debugger.feed_data(BLOCK)
                    await program.reaches(len(head) + (number + 1) * len(BLOCK))
                assert tracemalloc.get_traced_memory()[1] < 4_000_000
            finally:
                tracemalloc.stop()
            debugger.feed_eof()
            await passing

    asyncio.run(main())


def test_a_program_that_says_what_can_be_no_message_has_ended_for_its_debugger() -> None:
    async def main() -> None:
        debugger, program, told = asyncio.StreamReader(), asyncio.StreamReader(), Counted()
        conversation = Conversation(side(debugger, told), side(program, Counted()))
        passing = asyncio.create_task(conversation.pass_on(asyncio.Event()))
        program.feed_data(b"Content-Length: 999999999\r\n\r\n" + BLOCK)
        async with asyncio.timeout(60):
            # That it has ended, and to attach again.
            await told.reaches(1)
            debugger.feed_eof()
            await passing

    asyncio.run(main())
