"""The way to an engine behind ssh, by the user's own ssh program with its own configuration and keys.

Docker's SDK would need a second implementation of SSH, which knows the user's configuration in part.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from samlocal.errors import EngineError

_SOCKET = "/var/run/docker.sock"

# What the other machine runs as long as somebody listens here: it ends with samlocal, however that ends.
_STAYS = "echo samlocal; cat"
_READY = b"samlocal"

_CONNECT_SECONDS = 20
_END_SECONDS = 2.0

# How long a machine that cannot be reached is not asked for again.
_AGAIN_SECONDS = 5.0


class Tunnel:
    """``address`` is a Unix socket of this machine that leads to the one there. Threads may share it."""

    def __init__(self, host: str, environ: Mapping[str, str], folder: Path) -> None:
        self.address = f"unix://{folder / 'engine'}"
        self._host = host
        self._environ = environ
        self._folder = folder
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._beginning: subprocess.Popen[bytes] | None = None
        self._refused: tuple[float, EngineError] | None = None

    @classmethod
    def open(cls, host: str, environ: Mapping[str, str]) -> Tunnel:
        """To ``ssh://[user@]machine[:port][/path/of/the/socket]``. Raises EngineError."""
        # A folder of its owner's alone, and a short path: Unix sockets have room for 107 bytes.
        tunnel = cls(host, environ, Path(tempfile.mkdtemp(prefix="samlocal-")))
        try:
            tunnel._process = tunnel._begun()
        except BaseException:
            tunnel.close()
            raise
        return tunnel

    def keep(self) -> None:
        """Begins it anew where it has ended: the machine there was away, or this one asleep. Raises EngineError."""
        with self._lock:
            if self._process is None or self._process.poll() is None:
                return
            if self._refused is not None and time.monotonic() < self._refused[0]:
                raise self._refused[1]
            try:
                begun = self._begun()
            except EngineError as error:
                # Whoever else waits is not let wait as long.
                self._refused = (time.monotonic() + _AGAIN_SECONDS, error)
                raise
            _end(self._process)
            self._process = begun

    def close(self) -> None:
        """Ends it; what still goes through has arrived, or does not."""
        if (beginning := self._beginning) is not None:
            beginning.kill()
        with self._lock:
            process, self._process = self._process, None
            if process is not None:
                _end(process)
            shutil.rmtree(self._folder, ignore_errors=True)

    def _begun(self) -> subprocess.Popen[bytes]:
        """Returns when the other machine says that it is there, which it does behind all that ssh has set up."""
        log = self._folder / "log"
        with log.open("wb") as said:
            # Of a group of its own: Ctrl-C is samlocal's, which still has something to clear up there.
            process = subprocess.Popen(
                _command(self._host, self._folder / "engine"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                env=dict(self._environ),
                start_new_session=True,
            )
        self._beginning = process
        late = threading.Timer(_CONNECT_SECONDS * 2, process.kill)
        late.start()
        try:
            # A shell there may greet first.
            ready = process.stdout is not None and any(_READY in line for line in process.stdout)
        except BaseException:
            _end(process)
            raise
        finally:
            late.cancel()
            self._beginning = None
        if ready:
            return process
        process.wait()
        _end(process)
        last = log.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2].strip()
        raise EngineError(
            f"{self._host} cannot be reached: {last or 'ssh says nothing'}",
            tip=f"`ssh {urlsplit(self._host).netloc}` has to work without a question: load the key into an agent, "
            "and log in once by hand where the machine is not known yet.",
        )


def _command(host: str, socket: Path) -> list[str]:
    parts = urlsplit(host)
    options = {
        "BatchMode": "yes",
        "ExitOnForwardFailure": "yes",
        "ConnectTimeout": str(_CONNECT_SECONDS),
        # The one of before is still there.
        "StreamLocalBindUnlink": "yes",
    }
    return [
        "ssh",
        "-T",
        *(word for name, value in options.items() for word in ("-o", f"{name}={value}")),
        *("-L", f"{socket}:{parts.path.rstrip('/') or _SOCKET}"),
        *(("-p", str(parts.port)) if parts.port else ()),
        *(("-l", parts.username) if parts.username else ()),
        *("--", parts.hostname or "", _STAYS),
    ]


def _end(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
