"""A debugger that talks to a person: jdb and dlv, by what they print and what is typed."""

from __future__ import annotations

import os
import re
import subprocess
import threading

from kit import eventually


class Terminal:
    """One debugger's process; it is killed at the end of the block if it still runs."""

    def __init__(self, *command: str) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TERM": "dumb", "NO_COLOR": "1"},
        )
        self._printed = ""
        self._seen = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()

    def type(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def prints(self, pattern: str, *, within: float = 60) -> re.Match[str]:
        """Waits for a line that has not been waited for yet."""
        found = eventually(
            lambda: re.compile(pattern).search(self._printed, self._seen),
            within=within,
            told=lambda: f"no {pattern!r} in\n{self._printed}",
        )
        assert found is not None
        self._seen = found.end()
        return found

    def ends(self) -> None:
        self._process.wait(60)

    def _read(self) -> None:
        assert self._process.stdout is not None
        while piece := os.read(self._process.stdout.fileno(), 1 << 16):
            self._printed += re.sub(r"\x1b\[[0-9;]*m", "", piece.decode(errors="replace"))
