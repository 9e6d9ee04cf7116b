"""The Debug Adapter Protocol, as far as somebody between a debugger and its program speaks it.

Source: Debug Adapter Protocol, "Base Protocol", and the ``terminated`` event, whose ``restart`` asks the debugger to
attach again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re

from samlocal.sandbox.tasks import first_of

BEGINS = b"Content-Length:"
"""What a conversation begins with."""

_CHUNK = 64 * 1024
_LARGEST = 64 * 1024 * 1024
"""Of a message, which is kept until it is whole; memory that a debugger shows comes in far smaller ones."""

_LENGTH = re.compile(rb"^content-length: *(\d{1,9})\r?$", re.IGNORECASE | re.MULTILINE)
_HEAD_END = b"\r\n\r\n"
_DISCONNECT = "disconnect"
_RUNS_ON = {"terminateDebuggee": False, "suspendDebuggee": False}

# How long a debugger has to take its leave of a program that is gone.
_LEAVE_SECONDS = 5.0


class Side:
    """One end of a conversation; ``read`` is what has been read of it already.

    Behind what can be no message nothing is kept: where the next one begins nobody knows.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, read: bytes) -> None:
        self._reader = reader
        self._writer = writer
        self._buffer = bytearray(read)
        self._is_lost = False

    async def receive(self) -> bytes | None:
        """The next message with its head, None at the end of all or of what can be understood."""
        while (message := self.message()) is None:
            if self._is_lost or not await self.read():
                return None
        return message

    async def read(self) -> bytes:
        """What comes next, a message or not; nothing at the end."""
        data = b""
        with contextlib.suppress(OSError):
            data = await self._reader.read(_CHUNK)
        if not self._is_lost:
            self._buffer += data
        return data

    async def send(self, message: bytes) -> None:
        self._writer.write(message)
        await self._writer.drain()

    def message(self) -> bytes | None:
        """The next one of those that have been read."""
        if not self._fits():
            self._is_lost = True
            self._buffer.clear()
        end = self._buffer.find(_HEAD_END)
        length = _LENGTH.search(self._buffer, 0, end) if end >= 0 else None
        if length is None:
            return None
        size = end + len(_HEAD_END) + int(length[1])
        if len(self._buffer) < size:
            return None
        message = bytes(self._buffer[:size])
        del self._buffer[:size]
        return message

    def _fits(self) -> bool:
        """Whether what is there can be the beginning of a message."""
        end = self._buffer.find(_HEAD_END, 0, _CHUNK)
        if end < 0:
            return len(self._buffer) < _CHUNK
        length = _LENGTH.search(self._buffer, 0, end)
        return length is not None and int(length[1]) <= _LARGEST


class Conversation:
    """A debugger's with its program, through somebody between them.

    What the debugger has said already its program has heard.
    """

    def __init__(self, debugger: Side, program: Side) -> None:
        self._debugger = debugger
        self._program = program
        self._takes_its_leave = False

    async def pass_on(self, ends: asyncio.Event) -> None:
        """Passes messages on until one of the two has gone, or all ``ends``.

        A debugger whose program goes is told that it has ended and, unless all does, to attach again.
        """
        asked = asyncio.create_task(self._requests())
        answered = asyncio.create_task(self._answers())
        await first_of(asked, answered, ends.wait())
        gone = not asked.cancelled() or (not answered.cancelled() and not answered.result())
        if not (gone or self._takes_its_leave):
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(_LEAVE_SECONDS):
                    if ends.is_set():
                        # What stands at a breakpoint goes on by that, and not by the mere end of a connection.
                        await self._program.send(_message(type="request", command=_DISCONNECT, arguments=_RUNS_ON))
                    await self._part(again=not ends.is_set())

    async def _requests(self) -> None:
        """Ends when the debugger has gone."""
        while True:
            while (message := self._debugger.message()) is not None:
                self._takes_its_leave = self._takes_its_leave or _command(message)[0] == _DISCONNECT
            if not (data := await self._debugger.read()):
                return
            # A program that is gone shows in its answers.
            with contextlib.suppress(OSError):
                await self._program.send(data)

    async def _answers(self) -> bool:
        """Ends when the program has gone; False when the debugger has."""
        while (message := await self._program.receive()) is not None:
            try:
                await self._debugger.send(message)
            except OSError:
                return False
        return True

    async def _part(self, *, again: bool) -> None:
        """Says that the program has ended, and answers for it until the debugger leaves."""
        await self._debugger.send(_message(type="event", event="terminated", body={"restart": True} if again else {}))
        while (message := await self._debugger.receive()) is not None:
            command, number = _command(message)
            leaves = command == _DISCONNECT
            why = {} if leaves else {"message": "The program has ended."}
            await self._debugger.send(
                _message(type="response", request_seq=number, command=command, success=leaves, **why)
            )
            if leaves:
                return


def _command(message: bytes) -> tuple[str, int]:
    """A request's command and number; nothing's where it is none."""
    try:
        content = json.loads(message.partition(_HEAD_END)[2])
        return str(content["command"]), int(content["seq"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return "", 0


def _message(**content: object) -> bytes:
    # Whoever stands between has no count of its own: 0 is no number that a program gives.
    body = json.dumps({"seq": 0, **content}).encode()
    return b"%s %d\r\n\r\n%s" % (BEGINS, len(body), body)
