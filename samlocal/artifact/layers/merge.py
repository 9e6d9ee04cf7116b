"""Folders merged into one, a later one's file winning: what Lambda does to a function's layers."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

from samlocal.artifact.cache_entry import remove_tree

# Another file system, too many links to one file, or a file system that knows none: copying always works.
_NO_LINK = (errno.EXDEV, errno.EMLINK, errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EACCES)


def merge(folders: Iterable[tuple[Path, bool]], into: Path) -> None:
    """Merges folders into an empty one, in their order.

    With each comes whether its files never change, so that they can be linked; those of the others are copied.
    """
    modes: dict[Path, int] = {}
    for folder, immutable in folders:
        _add(folder, into, immutable, modes)
    # The deepest first: a folder may be one that its owner cannot write.
    for path, mode in sorted(modes.items(), key=lambda item: len(item[0].parts), reverse=True):
        path.chmod(mode)


def _add(folder: Path, into: Path, immutable: bool, modes: dict[Path, int]) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            place = into / entry.name
            if entry.is_dir(follow_symlinks=False):
                if place.is_symlink() or not place.is_dir():
                    place.unlink(missing_ok=True)
                    place.mkdir()
                modes[place] = stat.S_IMODE(entry.stat(follow_symlinks=False).st_mode)
                _add(Path(entry.path), place, immutable, modes)
                continue
            if os.path.lexists(place):
                for gone in [path for path in modes if path.is_relative_to(place)]:
                    del modes[gone]
                remove_tree(place)
            _put(Path(entry.path), place, immutable)


def _put(file: Path, place: Path, immutable: bool) -> None:
    if immutable:
        try:
            os.link(file, place, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise
        else:
            return
    shutil.copy2(file, place, follow_symlinks=False)
