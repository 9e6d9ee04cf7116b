"""A terminal with a shell in it, as a reader of the documentation has one."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import shlex
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping
from pathlib import Path

COLUMNS = 100
_MARK = "\x1e"
"""Written round the exit status behind each command: no program writes it."""


class Terminal:
    """bash reads what is typed from a pipe, so that nothing of it is echoed; all that runs has the terminal."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._near, far = pty.openpty()
        fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
        self._shell = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            cwd=folder,
            env={**environ, "TERM": "dumb", "NO_COLOR": "1"},
            stdin=subprocess.PIPE,
            stdout=far,
            stderr=far,
            pass_fds=[far],
            start_new_session=True,
        )
        # A shell that is told to interrupt passes it on to what runs, and stays.
        self._far = far
        self._type("trap : INT")
        self._seen = ""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._shell.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._shell.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._shell.pid, signal.SIGKILL)
        self._shell.wait()
        os.close(self._near)
        os.close(self._far)

    def types(self, command: str, *, environ: Mapping[str, str]) -> None:
        """``environ`` is for this command alone; folders and variables of its own stay with the shell."""
        self._seen = ""
        given = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environ.items())
        taken = "".join(f"unset {name}\n" for name in environ)
        ended = f"ended=$?\n{taken}printf '{_MARK}%s{_MARK}' $ended\n(exit $ended)"
        # `echo $?` is of the command before.
        self._type(f"{given}(exit ${{ended:-0}})\n{{\n{command}\n}} <&{self._far}\n{ended}")

    def interrupts(self) -> None:
        os.killpg(self._shell.pid, signal.SIGINT)

    @property
    def seen(self) -> str:
        """What the command has written so far."""
        return self._seen.partition(_MARK)[0]

    @property
    def status(self) -> int | None:
        """The command's exit status, None while it runs."""
        _, found, status = self._seen.partition(_MARK)
        return int(status.rstrip(_MARK)) if found and status.endswith(_MARK) else None

    def reads(self, *, until: float) -> None:
        """The next that is written there. Raises AssertionError at ``until``, of the monotonic clock."""
        waits = max(0.0, until - time.monotonic())
        assert select.select([self._near], [], [], waits)[0], f"it neither ends nor writes:\n{self._seen}"
        self._seen += os.read(self._near, 1 << 16).decode(errors="replace").replace("\r\n", "\n").replace("\xa0", " ")

    def _type(self, text: str) -> None:
        assert self._shell.stdin is not None
        self._shell.stdin.write(f"{text}\n".encode())
        self._shell.stdin.flush()
