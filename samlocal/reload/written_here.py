"""Files that this very process writes: what it says of a save must be none itself."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

_STANDARD = (1, 2)


class WrittenHere:
    """Those that are open at its making: standard streams that lead to a file, a log.

    Each is known by its inode, which no other file has as long as this one is open.
    """

    def __init__(self) -> None:
        self._inodes = frozenset(_written())

    def __contains__(self, path: Path) -> bool:
        if not self._inodes:
            return False
        try:
            status = path.stat()
        except (OSError, ValueError):
            return False
        return (status.st_dev, status.st_ino) in self._inodes


def _written() -> Iterator[tuple[int, int]]:
    for descriptor in _open_descriptors():
        try:
            status = os.fstat(descriptor)
            writes = fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY
        except OSError:
            # The folder's own, or another thread has closed it meanwhile.
            continue
        if writes and stat.S_ISREG(status.st_mode):
            yield status.st_dev, status.st_ino


def _open_descriptors() -> Iterable[int]:
    """By the folder of them that Linux and macOS have (fd(4))."""
    try:
        return [int(entry.name) for entry in Path("/dev/fd").iterdir()]
    except OSError:
        return _STANDARD
