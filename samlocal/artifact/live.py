"""A folder that stays mounted while what is in it is exchanged.

A bind mount follows a folder and not its name, so another folder in its place would not be seen: the folder stays,
and its children are exchanged, by renaming. Code that is new, or another list of layers, needs no new container then.
"""

from __future__ import annotations

import os
import stat
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from samlocal.artifact.cache import Cache
from samlocal.artifact.cache_entry import remove_tree
from samlocal.artifact.layers.merge import merge
from samlocal.artifact.lease import Lease, lease, unused
from samlocal.own_folder import own_folder

KIND = "live"

# A folder that is not leased yet is swept, should somebody look in that moment.
_ATTEMPTS = 10

_SHOWN, _NEXT, _GONE = "shown", "next", "gone-"


# A folder by its path and its inode: another may have taken its place.
_Content: TypeAlias = tuple[Path | None, int]
_NOTHING: _Content = (None, 0)


class LiveFolder:
    """``shown`` is what is mounted; it begins empty.

    It lies beside the cache's entries, so that what it shows costs no room: it links to their files, and copies them
    where it cannot. It is leased as long as it is used, and goes with ``close``, or with the next one that is made
    after its owner was killed.
    """

    def __init__(self, cache: Cache) -> None:
        """Raises ConfigurationError where the cache cannot be written."""
        self._cache = cache
        with cache.translated():
            root = own_folder(cache.root / KIND)
            self._folder, self._lease = _leased(root)
            _sweep(root, own=self._folder)
            self.shown = self._folder / _SHOWN
            self.shown.mkdir()
            self.shown.chmod(0o755)
        self._showing: _Content | None = _NOTHING
        self._staged: _Content | None = None
        self._gone: list[Path] = []

    def stage(self, content: Path | None) -> None:
        """Makes ready what is to be shown next: a folder in the cache, which never changes; None is an empty one.

        What is shown stays as it is, also where this fails. Raises ConfigurationError.
        """
        self._staged = None
        with self._cache.translated():
            wanted = _content(content)
            if wanted == self._showing:
                return
            staged = self._folder / _NEXT
            remove_tree(staged)
            staged.mkdir()
            # Whatever the umask has taken away.
            staged.chmod(0o700)
            if content is not None:
                merge([(content, True)], staged)
        self._staged = wanted

    def show(self) -> None:
        """Shows what was made ready: a rename for each child, so nobody should look meanwhile.

        Without anything new nothing is done. Files that are open stay readable. What was shown is kept until
        ``forget``: removing many files takes long.
        Where this raises, a ConfigurationError, it shows nothing of any use until it has shown something else.
        """
        staged, self._staged = self._staged, None
        if staged is None:
            return
        self._showing = None
        with self._cache.translated():
            gone = self._folder / f"{_GONE}{uuid.uuid4().hex}"
            gone.mkdir()
            gone.chmod(0o700)
            _move_children(self.shown, gone)
            self._gone.append(gone)
            _move_children(self._folder / _NEXT, self.shown)
        self._showing = staged

    def forget(self) -> None:
        """Removes what was shown before, from any thread. Raises ConfigurationError."""
        with self._cache.translated():
            while self._gone:
                remove_tree(self._gone.pop())

    def close(self) -> None:
        """Removes it, mounted or not."""
        with suppress(OSError):
            remove_tree(self._folder)
        self._lease.end()


def _content(folder: Path | None) -> _Content:
    return _NOTHING if folder is None else (folder, folder.stat().st_ino)


def _leased(root: Path) -> tuple[Path, Lease]:
    """A new folder that is its maker's from the first moment."""
    for _ in range(_ATTEMPTS):
        with suppress(FileNotFoundError):
            folder = own_folder(root / uuid.uuid4().hex)
            own = lease(folder)
            if own is not None:
                return folder, own
    raise OSError(f"{root} cannot be used")


def _sweep(root: Path, *, own: Path) -> None:
    """Removes what the dead have left."""
    with unused(own) as told:
        if told:
            # A disk without locks does not tell the dead from the living.
            return
    for left in list(root.iterdir()):
        with unused(left) as free:
            if free:
                # Another sweep may be at it.
                with suppress(OSError):
                    remove_tree(left)


def _move_children(folder: Path, into: Path) -> None:
    with os.scandir(folder) as entries:
        children = list(entries)
    for child in children:
        mode = stat.S_IMODE(child.stat(follow_symlinks=False).st_mode)
        # Its `..` is written, which its owner may be forbidden (rename(2)).
        closed = child.is_dir(follow_symlinks=False) and not mode & stat.S_IWUSR
        if closed:
            Path(child.path).chmod(mode | stat.S_IWUSR)
        moved = Path(child.path).rename(into / child.name)
        if closed:
            moved.chmod(mode)
