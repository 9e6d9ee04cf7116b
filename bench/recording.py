"""The container that samlocal asks the engine for, read off the wire between the two.

So the floor starts the very same container, also after samlocal has changed what it asks for.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import engine
from comparison import Command

LABEL = "samlocal-bench"
"""On the floor's containers; its value is the run's scratch folder."""

_CREATE = re.compile(rb"POST /(v[\d.]+)/containers/create(?:\?(\S*))? HTTP/1\.1\r\n")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_RUNTIME_API = "AWS_LAMBDA_RUNTIME_API="
_PIECE = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """A request for a container: the engine API's version, the query and the body, as Docker's API has them."""

    version: str
    query: str
    body: dict[str, Any]

    @property
    def image(self) -> str:
        return str(self.body["Image"])


def recorded_creation(command: Command, *, scratch: Path) -> Creation:
    """Runs a command against a recording way to its engine's socket. Raises CommandFailedError.

    Raises ValueError when the command did not make exactly one container.
    """
    socket_of_engine = engine.host(command.environ).removeprefix("unix://")
    with _recorder(socket_of_engine, scratch / "engine.sock") as (address, said):
        passed_on = replace(command, environ={**command.environ, "DOCKER_HOST": f"unix://{address}"})
        # The first run by a way has more to learn: what the image has, by a container that never runs.
        passed_on.run()
        before = len(said)
        passed_on.run()
        found = [creation for sent in said[before:] for creation in _creations(bytes(sent))]
    if len(found) != 1:
        raise ValueError(f"{command.shown} made {len(found)} containers; the floor stands for exactly one.")
    return found[0]


def floor_container(creation: Creation, *, scratch: Path) -> dict[str, Any]:
    """What ``floor.py`` reads: the same container under the benchmark's own label, without a name."""
    body = creation.body
    address = next(value.removeprefix(_RUNTIME_API) for value in body["Env"] if value.startswith(_RUNTIME_API))
    seen_as = address.rpartition(":")[0]
    query = [pair for pair in urllib.parse.parse_qsl(creation.query) if pair[0] != "name"]
    return {
        "version": creation.version,
        "query": urllib.parse.urlencode(query),
        "seen_as": seen_as,
        # By a name the container sees what is this machine's loopback.
        "host": seen_as if re.fullmatch(r"[\d.]+", seen_as) else "127.0.0.1",
        "container": {
            **body,
            "Env": [value for value in body["Env"] if not value.startswith(_RUNTIME_API)],
            "Labels": {LABEL: str(scratch)},
        },
    }


def _creations(sent: bytes) -> Iterator[Creation]:
    for found in _CREATE.finditer(sent):
        # The request line's own line end is where the headers begin.
        end = sent.index(b"\r\n\r\n", found.end() - 2)
        length = _LENGTH.search(sent, found.end() - 2, end)
        if length is None:
            raise ValueError("samlocal's request for a container has no length.")
        body = sent[end + 4 : end + 4 + int(length[1])]
        yield Creation(version=found[1].decode(), query=(found[2] or b"").decode(), body=json.loads(body))


@contextmanager
def _recorder(upstream: str, address: Path) -> Iterator[tuple[Path, list[bytearray]]]:
    """A Unix socket in front of the engine's, and what each connection to it has said."""
    said: list[bytearray] = []
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(address))
        listening.listen()
        threading.Thread(target=_accept, args=(listening, upstream, said), daemon=True).start()
        try:
            yield address, said
        finally:
            # Wakes the thread that accepts, which closing alone does not.
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            address.unlink()


def _accept(listening: socket.socket, address: str, said: list[bytearray]) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        upstream = socket.socket(socket.AF_UNIX)
        upstream.connect(address)
        heard = bytearray()
        said.append(heard)
        threading.Thread(target=_pass_on, args=(client, upstream, heard), daemon=True).start()
        threading.Thread(target=_pass_on, args=(upstream, client, None), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket, heard: bytearray | None) -> None:
    with suppress(OSError):
        while piece := source.recv(_PIECE):
            if heard is not None:
                heard += piece
            target.sendall(piece)
    # The other direction may still be in use: sockets are closed by nobody but the collector.
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
