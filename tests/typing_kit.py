"""A program at a terminal of its own, with somebody who types."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from kit import STARTUP_SECONDS

_CONTROL = re.compile(rb"\x1b\[[0-9;?<>=]*[a-zA-Z]|\x1b[\]P][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]|\x1b[=>]")


class Terminal:
    """``seen`` is all that the terminal has got, without what only moves and colours."""

    def __init__(self, process: subprocess.Popen[bytes], near: int) -> None:
        self.process = process
        self._near = near
        self._got = b""
        self._mark = 0

    @property
    def seen(self) -> str:
        return _CONTROL.sub(b"", self._got).decode(errors="replace").replace("\r", "")

    def types(self, keys: str) -> Terminal:
        """What is shown from now on is what ``shows`` looks at."""
        self._read(0.0)
        self._mark = len(self.seen)
        os.write(self._near, keys.encode())
        return self

    def shows(self, *texts: str, within: float = STARTUP_SECONDS) -> str:
        """Waits until all of them have been shown since something was typed; what has been shown since."""
        until = time.monotonic() + within
        is_open = True
        while not all(text in self.seen[self._mark :] for text in texts):
            assert is_open, f"ended without {texts}\n{self.seen}"
            assert time.monotonic() < until, f"not shown: {texts}\n{self.seen}"
            is_open = self._read(0.1)
        return self.seen[self._mark :]

    def ended(self, *, within: float = STARTUP_SECONDS) -> int:
        """Waits for its end, and gives its exit status."""
        until = time.monotonic() + within
        while self._read(0.1):
            assert time.monotonic() < until, f"it goes on\n{self.seen}"
        return self.process.wait(timeout=within)

    def _read(self, seconds: float) -> bool:
        """Whether the terminal is open still."""
        while select.select([self._near], [], [], seconds)[0]:
            try:
                data = os.read(self._near, 1 << 16)
            except OSError:
                # EIO: the last one has closed it.
                return False
            self._got += data
            if b"\x1b[6n" in data or b"\x1b[c" in data:
                # Shells ask a terminal where its cursor is and what it can do.
                os.write(self._near, b"\x1b[1;1R" if b"\x1b[6n" in data else b"\x1b[?6c")
            seconds = 0.0
        return True


@contextlib.contextmanager
def terminal(
    command: Sequence[str], *, cwd: Path, environ: Mapping[str, str], columns: int = 100
) -> Iterator[Terminal]:
    """Its keys for signals work: it has the terminal to itself."""
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    # setsid(1) makes the terminal that it is given its own.
    process = subprocess.Popen(
        ["setsid", "--ctty", "--wait", *command],
        cwd=cwd,
        env={"TERM": "xterm", **environ},
        stdin=far,
        stdout=far,
        stderr=far,
    )
    os.close(far)
    try:
        yield Terminal(process, near)
    finally:
        process.kill()
        process.wait()
        os.close(near)
