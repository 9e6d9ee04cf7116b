"""Watches what plans are made from, whatever comes and goes there, and tells of it in batches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from samlocal.reload.notifier import Notifier, WatchLimitError
from samlocal.reload.remote import is_remote

_FEW = 20
"""So many changes are somebody's saves, which are told at once; more are a tool's, who is not done yet."""

_QUIET_SECONDS = 0.1
_LONGEST_SECONDS = 5.0

_ON_ITS_HEELS_SECONDS = 0.25
"""What comes so soon behind another change is a tool's too: of a build that writes file after file."""

_Inode: TypeAlias = tuple[int, int]


class Watch:
    """Belongs to one event loop; what takes long is done in threads.

    ``remark`` hears, once, of what keeps it from being told by the system. ``polls`` says that it is to look itself.
    """

    def __init__(self, *, remark: Callable[[str], None], polls: bool = False) -> None:
        self._remark = remark
        self._polls = polls
        self._loop = asyncio.get_running_loop()
        self._folders = _LookOut(self, recursive=True)
        self._files = _LookOut(self, recursive=False)
        self._paths: set[Path] = set()
        self._heard = asyncio.Event()
        self._times_heard = 0
        self._gave_at = -_ON_ITS_HEELS_SECONDS

    async def follow(self, trees: Collection[Path], files: Collection[Path]) -> frozenset[Path]:
        """Watches folders with all that is in them, and files, of which any may come later.

        To be called again after changes: what was made anew is looked for then. Gives the places that are newly
        watched.
        """
        wanted, flat = await asyncio.to_thread(_places, frozenset(trees), frozenset(files))
        new = await self._folders.follow(wanted)
        return new | await self._files.follow(flat)

    async def changes(self) -> frozenset[Path]:
        """Waits for changes, the first at once; those of a tool until they pause.

        None at all where somebody has called ``wake``.
        """
        await self._heard.wait()
        began = self._loop.time()
        soon = began - self._gave_at < _ON_ITS_HEELS_SECONDS
        while (len(self._paths) > _FEW or (soon and self._paths)) and self._loop.time() - began < _LONGEST_SECONDS:
            if not await self.more(_QUIET_SECONDS):
                break
        self._heard.clear()
        paths, self._paths = frozenset(self._paths), set()
        if paths:
            self._gave_at = self._loop.time()
        return paths

    async def more(self, seconds: float) -> bool:
        """Whether within a time something more changes."""
        before = self._times_heard
        await asyncio.sleep(seconds)
        return self._times_heard != before

    def wake(self) -> None:
        """Has ``changes`` return."""
        self._heard.set()

    async def close(self) -> None:
        await self._folders.close()
        await self._files.close()

    def hear(self, paths: frozenset[Path]) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(self._take, paths)

    def _take(self, paths: frozenset[Path]) -> None:
        self._paths |= paths
        self._folders.doubt(paths)
        self._files.doubt(paths)
        self._times_heard += 1
        self._heard.set()

    def make(self, places: Collection[Path], *, recursive: bool) -> Notifier | None:
        """Looks out for places, from a thread; None where one of them has just gone."""
        polls = self._polls or any(map(is_remote, places))
        try:
            try:
                return Notifier(places, recursive=recursive, polls=polls, hear=self.hear)
            except WatchLimitError as error:
                if polls:
                    raise
                self._remark(f"changes are looked for every half second: {error}.")
                self._polls = True
                return Notifier(places, recursive=recursive, polls=True, hear=self.hear)
        except OSError:
            return None


class _LookOut:
    """One kind of places, which change now and then. The next notifier is there before the one before goes."""

    def __init__(self, watch: Watch, *, recursive: bool) -> None:
        self._watch = watch
        self._recursive = recursive
        self._places: dict[Path, _Inode] = {}
        self._notifier: Notifier | None = None
        # Those that may be others than they were, whatever their inodes say: numbers are given out again.
        self._doubted: set[Path] = set()

    def doubt(self, paths: frozenset[Path]) -> None:
        """Something has become of these."""
        self._doubted |= {place for place in self._places if any(above in paths for above in (place, *place.parents))}

    async def follow(self, places: dict[Path, _Inode]) -> frozenset[Path]:
        works = self._notifier is not None and self._notifier.works
        doubted, self._doubted = self._doubted, set()
        if places == self._places and not doubted and (works or not places):
            return frozenset()
        before = self._notifier
        made = await asyncio.to_thread(self._watch.make, tuple(places), recursive=self._recursive) if places else None
        if places and made is None:
            # Something has just gone: the change that tells of it is yet to come.
            self._doubted = doubted
            return frozenset()
        known = {place: inode for place, inode in self._places.items() if place not in doubted}
        new = frozenset(place for place, inode in places.items() if known.get(place) != inode)
        self._places, self._notifier = places, made
        if before is not None:
            await asyncio.to_thread(before.stop)
        return new

    async def close(self) -> None:
        notifier, self._notifier = self._notifier, None
        if notifier is not None:
            await asyncio.to_thread(notifier.stop)


def _places(trees: frozenset[Path], files: frozenset[Path]) -> tuple[dict[Path, _Inode], dict[Path, _Inode]]:
    """The folders to watch with all that is in them, and those of which only the children count."""
    wanted = {tree for tree in trees if _is_folder(tree)}
    outermost = {tree for tree in wanted if not any(above in wanted for above in tree.parents)}
    flat = {_there(path.parent) for path in (*trees, *files)}
    inside = {folder for folder in flat if any(place in outermost for place in (folder, *folder.parents))}
    return dict(_inodes(outermost)), dict(_inodes(flat - inside))


def _there(folder: Path) -> Path:
    """The folder, or the next one above that is there."""
    return next((place for place in (folder, *folder.parents) if _is_folder(place)), Path("/"))


def _is_folder(path: Path) -> bool:
    """Whether it is one that can be watched: its name has to be text for that."""
    try:
        str(path).encode()
        return path.is_dir()
    except (OSError, UnicodeError):
        return False


def _inodes(places: Iterable[Path]) -> Iterator[tuple[Path, _Inode]]:
    for place in sorted(places):
        try:
            status = place.stat()
        except OSError:
            continue
        yield place, (status.st_dev, status.st_ino)
