"""What the function's processes write, line by line."""

from __future__ import annotations

import codecs
from collections.abc import Callable


class Lines:
    """Cuts a stream of bytes into lines. The runtime clients put ``\\r`` between the lines of one entry.

    With ``whole_entries`` those are left together.
    """

    def __init__(self, write: Callable[[str], None], *, whole_entries: bool = False) -> None:
        self._write = write
        self._whole_entries = whole_entries
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rest = ""

    def feed(self, data: bytes) -> None:
        # A Windows program's `\r\n` is one end of line, not two.
        text = (self._rest + self._decoder.decode(data)).replace("\r\n", "\n")
        *whole, self._rest = text.split("\n")
        for line in whole:
            self._entry(line)

    def end(self) -> None:
        """Writes what stands behind the last end of line."""
        rest, self._rest = self._rest + self._decoder.decode(b"", final=True), ""
        if rest:
            self._entry(rest)

    def _entry(self, line: str) -> None:
        for part in (line,) if self._whole_entries else entries(line):
            self._write(part)


def entries(line: str) -> list[str]:
    """The lines of one entry."""
    return line.rstrip("\r").split("\r")
