"""One entry of the cache: filled, replaced and removed so that nobody ever sees half of it."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from samlocal.artifact.lease import unused

# A download that was broken off is kept so long, to be gone on with.
_PART_SECONDS = 24 * 3600.0

MAKING, OLD, PART = ".making-", ".old-", ".part-"
# Behind the key of an entry that was replaced: several may wait for the end of their leases.
BETWEEN = "~"

FULL = (errno.ENOSPC, errno.EDQUOT)
"""A disk without room."""


def make_entry(final: Path, make: Callable[[Path], None]) -> None:
    """Fills an entry whose lock is held."""
    key = final.name
    building = final.with_name(f"{MAKING}{key}")
    old = final.with_name(f"{OLD}{key}{BETWEEN}{uuid.uuid4().hex[:8]}")
    try:
        building.mkdir()
        # Whatever the umask has taken away.
        building.chmod(0o700)
        make(building)
        building.chmod(0o755)
        if final.is_dir():
            final.rename(old)
        building.rename(final)
    except OSError as error:
        if error.errno in FULL:
            # Room for others.
            final.with_name(f"{PART}{key}").unlink(missing_ok=True)
        raise
    finally:
        remove_tree(building)
        mend(old, OLD, final)


def mend(left: Path, mark: str, final: Path) -> None:
    """Removes what a maker has left; but where it was about to replace an entry, that one comes back.

    One that was replaced and is still in use stays until it is not.
    """
    if mark == OLD and not final.exists() and left.exists():
        left.rename(final)
        return
    with unused(left) as free:
        if free:
            remove_tree(left)


def is_stale(part: Path) -> bool:
    try:
        return time.time() - part.stat().st_mtime > _PART_SECONDS
    except OSError:
        return False


def remove_tree(path: Path) -> None:
    """Removes a file or a folder, folders that their owner may not write included; one that is gone is no error."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    for root, folders, _ in os.walk(path):
        for name in folders:
            folder = Path(root) / name
            if not folder.is_symlink() and folder.stat().st_mode & stat.S_IRWXU != stat.S_IRWXU:
                folder.chmod(0o700)
    shutil.rmtree(path)
