"""Clients who send anything, made from a number: the same number is the same client every time.

What they send begins as requests that the listener knows. ``make fuzz`` sends 5,000 to each; SAMLOCAL_FUZZ=N asks
for another number, and SAMLOCAL_FUZZ_CASE=N for one alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from random import Random
from typing import TypeAlias

from event_loop import EventLoop
from kit import eventually

Address: TypeAlias = tuple[str, int] | str
"""Of TCP, or of a Unix socket."""

CASES = int(os.environ.get("SAMLOCAL_FUZZ", "120"))

_AT_ONCE = 16
_SECONDS = 60.0
# Whoever has been silent for so long has no more to say to a request like these.
_SILENT_SECONDS = 0.1
_HEARD_BYTES = 1 << 20
_SMALL_BYTES = 400

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
# What a server says of itself: that it has no word for what was asked, or does not speak this HTTP.
_OWN_WORDS = ("501", "505")

_WORDS = (
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\0",
    b"\xff\xfe",
    b"%",
    b"%00",
    b"%ff",
    b"../",
    b"//",
    b"?",
    b"#",
    b"HTTP/2.0",
    b"HTTP/0.9",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"Host: a\r\n",
    b"Content-Length: 0\r\n",
    b"Content-Length: 99999999999999999999\r\n",
    b"Content-Length: -1\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: close\r\n",
    b"Connection: keep-alive\r\n",
    b"Connection: Upgrade\r\nUpgrade: websocket\r\n",
    b"Expect: 100-continue\r\n",
    b"Range: bytes=0-\r\n",
    b"Content-Encoding: gzip\r\n",
    b"Content-Type: application/x-www-form-urlencoded\r\n",
    b"Content-Type: multipart/form-data; boundary=\r\n",
    b"Authorization: AWS4-HMAC-SHA256 Credential=////, SignedHeaders=, Signature=\r\n",
    b"X-Amz-Target: \r\n",
    b"Cookie: " + b"a=b; " * 500 + b"\r\n",
    b"X-Long: " + b"x" * 70_000 + b"\r\n",
    b"A: b\r\n" * 300,
    b"0\r\n\r\n",
    b"ffffffffffffffffff\r\n",
    b'{"a": ' * 2000,
    b"[" * 5000,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff",
)


class Ends(Enum):
    """How a client goes: it hangs up, says no more but listens on, or breaks off."""

    HANGS_UP = auto()
    HALF = auto()
    BREAKS_OFF = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """``parts`` are sent one by one."""

    parts: tuple[bytes, ...]
    ends: Ends


def client(number: int, known: Sequence[bytes]) -> Client:
    """``known`` are requests that the listener takes."""
    random = Random(number)
    data = b"".join(random.choice(known) for _ in range(random.choice((1, 1, 1, 2, 3))))
    if random.random() < 0.1:
        data = random.randbytes(random.randrange(1, 3000))
    for _ in range(random.choice((0, 1, 1, 2, 4))):
        data = _changed(data, random)
    return Client(parts=tuple(_cut(data, random)), ends=random.choice(tuple(Ends)))


def _changed(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    to = min(len(data), at + random.choice((1, 1, 2, 5, 20, 200)))
    match random.randrange(6):
        case 0:
            return data[:at] + random.randbytes(to - at) + data[to:]
        case 1:
            return data[:at] + data[to:]
        case 2:
            return data[:at] + data[at:to] * random.choice((2, 3, 50)) + data[to:]
        case 3:
            return data[:at]
        case _:
            # Where lines begin, half of the time.
            lines = [match.end() for match in re.finditer(rb"\r\n", data)]
            place = random.choice(lines) if lines and random.random() < 0.5 else at
            return data[:place] + random.choice(_WORDS) + data[place:]


def _cut(data: bytes, random: Random) -> Iterator[bytes]:
    if len(data) < _SMALL_BYTES and random.random() < 0.1:
        yield from (bytes([byte]) for byte in data)
        return
    places = sorted(random.randrange(len(data) + 1) for _ in range(random.choice((0, 0, 1, 3))))
    for begin, end in zip([0, *places], [*places, len(data)], strict=True):
        yield data[begin:end]


def connected(address: Address) -> socket.socket:
    if isinstance(address, tuple):
        connection = socket.create_connection(address, timeout=_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(_SECONDS)
    connection.connect(address)
    return connection


def heard_by(client: Client, address: Address) -> bytes:
    """What a client hears until the listener is silent, or hangs up."""
    heard = b""
    with connected(address) as connection:
        # Whoever is hung up on says no more (shutdown(2): ENOTCONN, which is no ConnectionError).
        with contextlib.suppress(OSError):
            for part in client.parts:
                connection.sendall(part)
            if client.ends is Ends.HALF:
                connection.shutdown(socket.SHUT_WR)
        connection.settimeout(_SILENT_SECONDS)
        with contextlib.suppress(ConnectionError, TimeoutError):
            while len(heard) < _HEARD_BYTES and (piece := connection.recv(1 << 16)):
                heard += piece
        if client.ends is Ends.BREAKS_OFF:
            # socket(7): what is closed so is reset.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return heard


def check_answer(address: Address, request: bytes, answer: bytes) -> None:
    """Holds that a client who speaks as it should is answered so, however busy the listener is."""
    heard = b""
    with connected(address) as connection:
        connection.sendall(request)
        while len(heard) < len(answer) and (piece := connection.recv(1 << 16)):
            heard += piece
    assert heard.startswith(answer), heard


def meet(address: Address, known: Sequence[bytes], *, lives: Callable[[], None], words: Sequence[str] = ()) -> None:
    """Sends all of them, several at once. ``lives`` raises where the listener serves nobody any more.

    Of statuses from 500 on an HTTP server may say ``words`` alone, beside those on itself.
    """
    one = os.environ.get("SAMLOCAL_FUZZ_CASE")
    numbers = [int(one)] if one else range(CASES)
    lives()

    def said(number: int) -> list[str]:
        statuses = {found.decode() for found in _STATUS.findall(heard_by(client(number, known), address))}
        return [f"case {number}: {each}" for each in sorted(statuses) if each >= "500"]

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        wrong = [each for some in threads.map(said, numbers) for each in some]
    lives()
    allowed = {*_OWN_WORDS, *words}
    assert [each for each in wrong if each.rpartition(" ")[2] not in allowed] == []


@contextlib.contextmanager
def leaving_nothing(loop: EventLoop) -> Iterator[None]:
    """Holds that whoever comes in the block leaves neither a task on the loop nor an open file, nor a fault there."""
    faults: list[object] = []
    loop.call(loop.loop.set_exception_handler, lambda _, context: faults.append(context))

    def tasks() -> set[asyncio.Task[object]]:
        return loop.call(asyncio.all_tasks)

    def held() -> tuple[int, int]:
        return len(tasks()), len(list(Path("/dev/fd").iterdir()))

    before = held()
    yield
    eventually(
        lambda: all(now <= then for now, then in zip(held(), before, strict=True)),
        told=lambda: (before, held(), tasks()),
    )
    assert faults == []


@contextlib.contextmanager
def crowd(address: Address, count: int, *, begins: bytes) -> Iterator[None]:
    """So many clients who have begun to say something, and say no more."""
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            connection = stack.enter_context(connected(address))
            with contextlib.suppress(ConnectionError):
                connection.sendall(begins)
        yield
