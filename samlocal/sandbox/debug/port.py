"""The debug port of a command that stays: the same for debuggers while sandboxes come and go behind it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Self

from samlocal.sandbox.debug.adapter_protocol import BEGINS, Conversation, Side
from samlocal.sandbox.debug.loopback_port import LoopbackPort
from samlocal.sandbox.debug.wiring import LOOPBACK
from samlocal.sandbox.network.relay import pass_on
from samlocal.sandbox.tasks import first_of

_CHUNK = 64 * 1024

_EARLY_BYTES = 1024 * 1024
"""Nobody says so much before it is answered for the first time."""

# How often one that is not there yet is looked for.
_LOOK_AGAIN_SECONDS = 0.03


class DebugPort:
    """Listens at ``port`` on loopback, for the debugger in the sandbox, which is at the port ``inside``.

    Whoever attaches while none listens there is kept waiting; whoever is attached when its program goes hears of that
    by the end of the connection, and by the Debug Adapter Protocol with the wish to attach again. Use it as a context
    manager, whose end is the debuggers' end.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        with socket.socket() as free:
            free.bind((LOOPBACK, 0))
            self.inside = int(free.getsockname()[1])
        self._listening = LoopbackPort(port, self._serve)
        self._ends = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Raises ConfigurationError where the port is taken."""
        await self._listening.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Tells whoever is attached that this is the end."""
        self._ends.set()
        await self._listening.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Every debugger speaks first.
        first = await reader.read(_CHUNK)
        if not first:
            return
        early = _Early(reader, first)
        answered = asyncio.create_task(early.answered(self.inside))
        try:
            await first_of(answered, early.listens(), self._ends.wait())
        except BaseException:
            # A debugger may break off as its program answers.
            early.leave()
            raise
        if answered.cancelled():
            return
        far_reader, far_writer, answer = answered.result()
        try:
            if first.startswith(BEGINS):
                debugger = Side(reader, writer, bytes(early.said))
                await Conversation(debugger, Side(far_reader, far_writer, answer)).pass_on(self._ends)
            else:
                writer.write(answer)
                await first_of(pass_on(reader, far_writer), pass_on(far_reader, writer), self._ends.wait())
        finally:
            far_writer.close()


class _Early:
    """A debugger that may have come before there is a program to debug; what it says meanwhile is kept."""

    def __init__(self, reader: asyncio.StreamReader, first: bytes) -> None:
        self._reader = reader
        self.said = bytearray(first)
        self._program: asyncio.StreamWriter | None = None

    async def listens(self) -> None:
        """Until the debugger hangs up, or says more than is kept."""
        while len(self.said) < _EARLY_BYTES and (data := await self._reader.read(_CHUNK)):
            self.said += data
            if self._program is not None:
                self._program.write(data)

    def leave(self) -> None:
        """Hangs up on the program."""
        if self._program is not None:
            self._program.close()

    async def answered(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]:
        """The program's connection, and what it answers first.

        An engine takes connections for a container in which nobody listens, and breaks them off.
        """
        while True:
            with contextlib.suppress(OSError):
                reader, self._program = await asyncio.open_connection(LOOPBACK, port)
                try:
                    # What is written may be held by the connection, and this grows.
                    self._program.write(bytes(self.said))
                    answer = await reader.read(_CHUNK)
                except BaseException:
                    self._program.close()
                    raise
                if answer:
                    return reader, self._program, answer
                self._program.close()
            self._program = None
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
