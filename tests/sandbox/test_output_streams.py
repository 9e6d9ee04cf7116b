"""A container's output on an event loop, over every kind of connection that an engine may be behind.

The form of the stream: Docker Engine API, "Attach to a container".
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from event_loop import EventLoop

from samlocal.engine.streams import Output
from samlocal.errors import EngineError

PIECES = [(False, b"first\n"), (True, b"an error\n"), (False, b""), (True, b"e" * 300_000), (False, b"last")]
EXPECTED = {False: b"first\nlast", True: b"an error\n" + b"e" * 300_000}


def framed(is_error: bool, data: bytes) -> bytes:
    return struct.pack(">BxxxL", 2 if is_error else 1, len(data)) + data


def send(connection: socket.socket, *, torn: int) -> None:
    """All of them, ``torn`` bytes at a time."""
    sent = b"".join(framed(*piece) for piece in PIECES)
    for begin in range(0, len(sent), torn):
        connection.sendall(sent[begin : begin + torn])
    connection.close()


def received(loop: EventLoop, output: Output) -> dict[bool, bytes]:
    async def read() -> dict[bool, bytes]:
        found = {False: b"", True: b""}
        async for is_error, piece in output.pieces():
            found[is_error] += piece
        return found

    return loop.run(read())


def plain() -> tuple[Any, socket.socket]:
    return socket.socketpair()


class Channel:
    """What the SDK gives behind ssh: it receives as a socket does, and is none."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def recv(self, size: int) -> bytes:
        return self._connection.recv(size)

    def close(self) -> None:
        self._connection.close()


def behind_ssh() -> tuple[Any, socket.socket]:
    here, there = socket.socketpair()
    return Channel(here), there


def behind_tls(folder: Path) -> tuple[Any, socket.socket]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "engine")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    file = folder / "engine.pem"
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + certificate.public_bytes(encoding))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.load_verify_locations(file)
    here, there = socket.socketpair()
    served: list[socket.socket] = []
    serving = threading.Thread(target=lambda: served.append(server.wrap_socket(there, server_side=True)))
    serving.start()
    connected = client.wrap_socket(here)
    serving.join()
    return connected, served[0]


@pytest.fixture(params=["plain", "TLS", "ssh"])
def connection(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Any, socket.socket]:
    made: dict[str, Callable[[], tuple[Any, socket.socket]]] = {
        "plain": plain,
        "TLS": lambda: behind_tls(tmp_path),
        "ssh": behind_ssh,
    }
    return made[request.param]()


@pytest.mark.parametrize("torn", [7, 65_536])
def test_what_is_written_comes_whole_and_by_stream(
    torn: int, connection: tuple[Any, socket.socket], loop: EventLoop
) -> None:
    stream, engine = connection
    output = Output(stream)
    sending = threading.Thread(target=send, args=(engine,), kwargs={"torn": torn})
    sending.start()
    assert received(loop, output) == EXPECTED
    sending.join()
    loop.call(output.close)


def test_an_engine_that_breaks_off_is_an_error(loop: EventLoop) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    here = socket.create_connection(listening.getsockname())
    there, _ = listening.accept()
    output = Output(here)
    there.sendall(framed(False, b"begun"))
    # A close that discards what is left is a reset.
    there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    there.close()
    with pytest.raises(EngineError, match="output cannot be read"):
        received(loop, output)
    loop.call(output.close)
    listening.close()


def test_output_that_does_not_end_leaves_others_on_the_loop_their_turns(loop: EventLoop) -> None:
    near, far = socket.socketpair()
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def read() -> None:
        own = asyncio.ensure_future(others())
        lines = 0
        async for _, piece in Output(near).pieces():
            lines += piece.count(b"\n")
            if lines > 10_000:
                break
        own.cancel()

    def flood() -> None:
        with contextlib.suppress(OSError):
            while True:
                far.sendall(framed(False, b"line\n" * 1000))

    flooding = threading.Thread(target=flood)
    flooding.start()
    try:
        # There is something to read before it begins, and from then on.
        assert near.recv(1, socket.MSG_PEEK)
        loop.run(read())
    finally:
        near.close()
        far.close()
        flooding.join()
    assert turns >= 3
