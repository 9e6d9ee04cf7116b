"""The way to an engine behind ssh, by the user's own ssh program with its own configuration and keys.

Docker's SDK would need a second implementation of SSH, which knows the user's configuration in part.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
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


class Tunnel:
    """``address`` is a Unix socket of this machine that leads to the one there."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self._process = process
        self._folder = folder
        self.address = f"unix://{folder / 'engine'}"

    @classmethod
    def open(cls, host: str, environ: Mapping[str, str]) -> Tunnel:
        """To ``ssh://[user@]machine[:port][/path/of/the/socket]``. Raises EngineError."""
        parts = urlsplit(host)
        # A folder of its owner's alone, and a short path: Unix sockets have room for 107 bytes.
        folder = Path(tempfile.mkdtemp(prefix="samlocal-"))
        options = {"BatchMode": "yes", "ExitOnForwardFailure": "yes", "ConnectTimeout": str(_CONNECT_SECONDS)}
        command = [
            "ssh",
            "-T",
            *(word for name, value in options.items() for word in ("-o", f"{name}={value}")),
            *("-L", f"{folder / 'engine'}:{parts.path.rstrip('/') or _SOCKET}"),
            *(("-p", str(parts.port)) if parts.port else ()),
            *(("-l", parts.username) if parts.username else ()),
            *("--", parts.hostname or "", _STAYS),
        ]
        log = folder / "log"
        try:
            with log.open("wb") as said:
                # Of a group of its own: Ctrl-C is samlocal's, which still has something to clear up there.
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=said,
                    env=dict(environ),
                    start_new_session=True,
                )
            tunnel = cls(process, folder)
            tunnel._await(host, log)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return tunnel

    def close(self) -> None:
        """Ends it; what still goes through has arrived, or does not."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _await(self, host: str, log: Path) -> None:
        """Waits until the other machine says that it is there, which it does behind all that ssh has set up."""
        late = threading.Timer(_CONNECT_SECONDS * 2, self._process.kill)
        late.start()
        try:
            # A shell there may greet first.
            ready = self._process.stdout is not None and any(_READY in line for line in self._process.stdout)
        finally:
            late.cancel()
        if ready:
            return
        self._process.wait()
        last = log.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2].strip()
        self.close()
        raise EngineError(
            f"{host} cannot be reached: {last or 'ssh says nothing'}",
            tip=f"`ssh {urlsplit(host).netloc}` has to work without a question: load the key into an agent, and log "
            "in once by hand where the machine is not known yet.",
        )
