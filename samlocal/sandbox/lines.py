"""What the function's processes write, line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterator

ENTRY_BYTES = 256 * 1024
"""The largest entry of a log (CloudWatch Logs user guide, "CloudWatch Logs quotas"); longer lines become several."""

WHOLE_BYTES = 64 * 1024 * 1024
"""The longest line that is kept whole, where it must be looked through before it is cut."""


class Lines:
    """Cuts a stream of bytes into lines. The runtime clients put ``\\r`` between the lines of one entry.

    With ``whole_entries`` those are left together.
    """

    def __init__(self, write: Callable[[str], None], *, whole_entries: bool = False) -> None:
        self._write = write
        self._whole_entries = whole_entries
        self._limit = WHOLE_BYTES if whole_entries else ENTRY_BYTES
        self._rest = bytearray()

    def feed(self, data: bytes) -> None:
        *ends, rest = data.split(b"\n")
        for end in ends:
            self._rest += end
            line, self._rest = self._rest, bytearray()
            # A Windows program's `\r\n` is one end of line, not two.
            self._entry(line.removesuffix(b"\r"))
        self._rest += rest
        while len(self._rest) > self._limit:
            cut = _cut(self._rest, self._limit)
            self._entry(self._rest[:cut])
            del self._rest[:cut]

    def end(self) -> None:
        """Writes what stands behind the last end of line."""
        rest, self._rest = self._rest, bytearray()
        if rest:
            self._entry(rest)

    def _entry(self, line: bytearray) -> None:
        for piece in _pieces(line, self._limit):
            text = piece.decode(errors="replace")
            for part in (text,) if self._whole_entries else _parts(text):
                self._write(part)


def entries(line: str) -> Iterator[str]:
    """The lines of one entry, none larger than an entry of a log may be."""
    for part in _parts(line):
        if len(part) * 4 <= ENTRY_BYTES:
            yield part
            continue
        for piece in _pieces(part.encode(), ENTRY_BYTES):
            yield piece.decode(errors="replace")


def _parts(entry: str) -> list[str]:
    return entry.rstrip("\r").split("\r")


def _pieces(line: bytes | bytearray, limit: int) -> Iterator[bytes | bytearray]:
    begin = 0
    while len(line) - begin > limit:
        end = begin + _cut(memoryview(line)[begin : begin + limit + 1], limit)
        yield line[begin:end]
        begin = end
    yield line[begin:]


def _cut(data: bytearray | memoryview, limit: int) -> int:
    """Where to cut so that no letter of several bytes is cut in two; text that is none is cut at the limit."""
    for cut in range(limit, limit - 4, -1):
        if data[cut] & 0xC0 != 0x80:
            return cut
    return limit
