"""Carries connections over one pair of streams: the same at both ends of it.

Run by itself it is the end on an engine's side: it listens there, and speaks through its standard streams. It must do
so alone, and in any Python that an image has (3.7 and later).
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

OPEN, DATA, END, TAKEN, LISTEN, LISTENING, LEAVE = range(7)

# A frame's kind, the number of the connection or of what is asked, the length of what follows.
HEAD = struct.Struct("!BII")
COUNT = struct.Struct("!I")

PIECE = 16 * 1024

WINDOW = 256 * 1024
"""Bytes that may be under way on one connection: one that nobody reads holds up no other."""

FAR_NUMBERS = 1 << 31
"""Connections that the engine's side opens have the numbers from here on."""


class Frames:
    """Cuts what comes into frames."""

    def __init__(self, take: Callable[[int, int, bytes], None]) -> None:
        self._take = take
        self._received = bytearray()

    def feed(self, data: bytes) -> None:
        received = self._received
        received += data
        start = 0
        while len(received) - start >= HEAD.size:
            kind, number, length = HEAD.unpack_from(received, start)
            end = start + HEAD.size + length
            if len(received) < end:
                break
            self._take(kind, number, bytes(received[start + HEAD.size : end]))
            start = end
        del received[:start]


class Link:
    """One connection, at one end."""

    def __init__(self, relay: Relay, number: int) -> None:
        self._relay = relay
        self._number = number
        self._waiting: deque[bytes | None] = deque()
        self._come = asyncio.Event()
        self._room = WINDOW
        self._has_room = asyncio.Event()
        self._has_room.set()

    def take(self, kind: int, data: bytes) -> None:
        if kind == TAKEN:
            self._room += COUNT.unpack(data)[0]
            self._has_room.set()
        else:
            self._waiting.append(data if kind == DATA else None)
            self._come.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """To the end of both directions."""
        try:
            await asyncio.gather(self._outward(reader), self._inward(writer))
        finally:
            self._relay.forget(self._number)
            writer.close()

    async def _outward(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                await self._has_room.wait()
                data = await reader.read(min(PIECE, self._room))
                if not data:
                    break
                self._room -= len(data)
                if not self._room:
                    self._has_room.clear()
                self._relay.send(DATA, self._number, data)
        except OSError:
            pass
        self._relay.send(END, self._number)

    async def _inward(self, writer: asyncio.StreamWriter) -> None:
        while True:
            await self._come.wait()
            self._come.clear()
            while self._waiting:
                data = self._waiting.popleft()
                try:
                    if data is None:
                        if writer.can_write_eof():
                            writer.write_eof()
                        return
                    writer.write(data)
                    await writer.drain()
                except OSError:
                    # Nobody hears it any more; what still comes is taken all the same.
                    if data is None:
                        return
                self._relay.send(TAKEN, self._number, COUNT.pack(len(data)))


class Relay:
    """One end. ``write`` sends on; ``opened`` makes the connection that the other end has opened, by what it says.

    ``first`` is the number of the first connection that is opened here; ``told`` gets the frames that are of none.
    """

    def __init__(
        self,
        write: Callable[[bytes], None],
        opened: Callable[[bytes], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]],
        *,
        first: int,
        told: Callable[[int, int, bytes], None],
    ) -> None:
        self._write = write
        self._opened = opened
        self._told = told
        self._next = first
        self._links: dict[int, Link] = {}
        self._tasks: set[asyncio.Future[None]] = set()
        self.feed = Frames(self._take).feed

    def send(self, kind: int, number: int, data: bytes = b"") -> None:
        self._write(HEAD.pack(kind, number, len(data)) + data)

    def open(self, about: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Has the other end make a connection, and carries this one to it."""
        number, self._next = self._next, self._next + 1
        self.send(OPEN, number, about)
        link = self._links[number] = Link(self, number)
        self._start(link.carry(reader, writer))

    def forget(self, number: int) -> None:
        self._links.pop(number, None)

    def close(self) -> None:
        """Ends all connections."""
        for task in list(self._tasks):
            task.cancel()

    def _take(self, kind: int, number: int, data: bytes) -> None:
        if kind >= LISTEN:
            self._told(kind, number, data)
        elif kind == OPEN:
            link = self._links[number] = Link(self, number)
            self._start(self._accept(link, number, data))
        elif number in self._links:
            self._links[number].take(kind, data)

    async def _accept(self, link: Link, number: int, about: bytes) -> None:
        try:
            reader, writer = await self._opened(about)
        except OSError:
            self.forget(number)
            self.send(END, number)
            return
        await link.carry(reader, writer)

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Doors:
    """The ports at which the engine's side listens, as the other end asks for them."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._servers: dict[int, asyncio.AbstractServer] = {}
        self._tasks: set[asyncio.Future[None]] = set()

    def told(self, relay: Relay, kind: int, number: int, data: bytes) -> None:
        if kind == LISTEN:
            task = asyncio.ensure_future(self._listen(relay, number, COUNT.unpack(data)[0]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif kind == LEAVE:
            for (port,) in COUNT.iter_unpack(data):
                self._servers.pop(port).close()

    async def _listen(self, relay: Relay, number: int, count: int) -> None:
        ports = [await self._open(relay) for _ in range(count)]
        relay.send(LISTENING, number, b"".join(map(COUNT.pack, ports)))

    async def _open(self, relay: Relay) -> int:
        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            own: socket.socket = writer.get_extra_info("socket")
            own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            relay.open(f"{own.getpeername()[0]}:{own.getsockname()[1]}".encode(), reader, writer)

        server = await asyncio.start_server(connected, self._host, 0)
        port: int = server.sockets[0].getsockname()[1]
        self._servers[port] = server
        return port


async def main(host: str) -> None:
    """Listens at as many ports as it is asked for, and tells which they are; connects to where the other end says."""
    loop = asyncio.get_event_loop()
    incoming = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(incoming), sys.stdin)
    pipe, _ = await loop.connect_write_pipe(asyncio.Protocol, sys.stdout)

    async def opened(about: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        place, _, port = about.decode().rpartition(":")
        return await asyncio.wait_for(asyncio.open_connection(place, int(port)), 10)

    doors = Doors(host)
    relay = Relay(pipe.write, opened, first=FAR_NUMBERS, told=lambda *frame: doors.told(relay, *frame))
    while True:
        data = await incoming.read(PIECE)
        if not data:
            # samlocal is gone.
            os._exit(0)
        relay.feed(data)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
