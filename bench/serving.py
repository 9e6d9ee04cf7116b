"""A server that is measured: started, waited for, called over HTTP on this machine's loopback, and ended."""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

LOOPBACK = "127.0.0.1"

_START_SECONDS = 60.0
_LOOK_SECONDS = 0.05
_END_SECONDS = 60.0
# Longer than any function here may take, and than the start of a sandbox in front of it.
_ANSWER_SECONDS = 120.0


class ServerFailedError(Exception):
    """A server did not start, ended before its time, or did not end; the message holds what it wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer over HTTP; ``seconds`` is from the call to its last byte."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


class Caller:
    """Calls one after the other, over one connection where the server keeps it."""

    def __init__(self, port: int, path: str) -> None:
        self._connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_ANSWER_SECONDS)
        self._path = path

    def call(self, event: bytes | None) -> Reply:
        """Posts an event, or gets where there is none. Raises OSError and http.client.HTTPException."""
        method, headers = ("GET", {}) if event is None else ("POST", {"Content-Type": "application/json"})
        began = time.perf_counter()
        self._connection.request(method, self._path, event, headers)
        response = self._connection.getresponse()
        body = response.read()
        seconds = time.perf_counter() - began
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Reply(status=response.status, headers=headers, body=body, seconds=seconds)

    def close(self) -> None:
        self._connection.close()


class Server:
    """A process that listens on a port of this machine's loopback."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: IO[bytes]) -> None:
        self.port = port
        self.pid = process.pid
        self._process = process
        self._log = log

    def wait_until_it_listens(self) -> None:
        """Raises ServerFailedError."""
        deadline = time.monotonic() + _START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, self.port), timeout=1):
                return
            time.sleep(_LOOK_SECONDS)
        raise ServerFailedError(f"It does not listen.\n{self.said()}")

    def end(self) -> int:
        """Ends it as Ctrl-C does, and gives its exit status. Raises ServerFailedError when it does not end."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise ServerFailedError(f"It does not end.\n{self.said()}") from error

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def said(self) -> str:
        """The end of what it has written."""
        self._log.seek(0)
        return self._log.read()[-4000:].decode(errors="replace")


@contextmanager
def started(arguments: list[str], port: int, *, environ: Mapping[str, str], folder: Path) -> Iterator[Server]:
    """Starts a server that is to listen on ``port``. Of it nothing outlives the block."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell has what it runs in the background ignore Ctrl-C; servers would inherit that, and not end by it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            arguments,
            env=environ,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # A terminal's Ctrl-C is this program's: a server that hears of it twice ends without clearing up.
            start_new_session=True,
        )
        server = Server(process, port, log)
        try:
            server.wait_until_it_listens()
            yield server
        except BaseException:
            # A server that is killed leaves its containers.
            with contextlib.suppress(ServerFailedError):
                server.end()
            raise
        else:
            server.end()
        finally:
            server.kill()


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        port: int = taken.getsockname()[1]
        return port
