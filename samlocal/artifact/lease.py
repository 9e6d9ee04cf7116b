"""Who uses a folder of the cache: it is not removed before the last one is done.

A lease is a shared lock on the folder itself. It stays with the folder when this is renamed, and the kernel lets go
of it however the process ends.
"""

from __future__ import annotations

import errno
import fcntl
import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# What flock says of a lock that somebody else holds (flock(2)).
_HELD = (errno.EWOULDBLOCK, errno.EAGAIN)


class Lease:
    """One use of a folder. It ends when nobody refers to it any more, or with ``end``."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._finalizer = weakref.finalize(self, os.close, handle)

    def is_of(self, folder: Path) -> bool:
        """Whether the folder of this name is the one that is used, and not another in its place."""
        try:
            return self._finalizer.alive and os.path.samestat(os.fstat(self._handle), folder.stat())
        except OSError:
            return False

    def end(self) -> None:
        self._finalizer()


def lease(folder: Path) -> Lease | None:
    """A lease of the folder of this name; None where it is not there, or is about to go."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    taken = Lease(handle)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            taken.end()
            return None
        # A disk without such locks has no leases: nothing is waited for there.
    with suppress(OSError):
        if os.path.samestat(os.fstat(handle), folder.stat()):
            return taken
    taken.end()
    return None


@contextmanager
def unused(folder: Path) -> Iterator[bool]:
    """Whether nobody uses the folder. Where it is so nobody can begin to, within the block."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield True
        return
    try:
        yield _taken_alone(handle)
    finally:
        os.close(handle)


def _taken_alone(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _HELD
    return True
