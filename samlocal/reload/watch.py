"""Watches what plans are made from, whatever comes and goes there, and tells of it in batches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Protocol, TypeAlias

from samlocal.reload.notifier import Notifier, UnwatchedError
from samlocal.reload.remote import is_remote
from samlocal.reload.written_here import WrittenHere

_FEW = 20
"""So many changes are somebody's saves, which are told at once; more are a tool's, who is not done yet."""

_QUIET_SECONDS = 0.1
_LONGEST_SECONDS = 5.0

_ON_ITS_HEELS_SECONDS = 0.25
"""What comes so soon behind another change is a tool's too: of a build that writes file after file."""

_AGAIN_SECONDS = 0.3
"""What went while it was to be watched is looked for again so soon: nobody need tell of it."""

_Inode: TypeAlias = tuple[int, int]


class LooksOut(Protocol):
    """What hears of changes: a ``Notifier``."""

    @property
    def works(self) -> bool: ...

    def stop(self) -> None: ...

    def retire(self, *, but: Collection[Path]) -> None: ...


class MakesLookOuts(Protocol):
    def __call__(
        self, places: Collection[Path], *, recursive: bool, polls: bool, hear: Callable[[frozenset[Path]], None]
    ) -> LooksOut:
        """As a ``Notifier`` is made, and raising what that does."""


class Watch:
    """Belongs to one event loop; what takes long is done in threads.

    ``remark`` hears, once, of what keeps it from being told by the system. ``polls`` says that it is to look itself.
    """

    def __init__(
        self, *, remark: Callable[[str], None], polls: bool = False, look_out: MakesLookOuts = Notifier
    ) -> None:
        self._remark = remark
        self._polls = polls
        self._look_out = look_out
        self._written_here = WrittenHere()
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
        watched. Raises UnwatchedError where nobody tells of changes, and looking for them is not possible either.
        """
        wanted, flat = await asyncio.to_thread(_places, frozenset(trees), frozenset(files))
        new: frozenset[Path] = frozenset()
        failure: UnwatchedError | None = None
        for look_out, places in ((self._folders, wanted), (self._files, flat)):
            try:
                new |= await look_out.follow(places)
            except UnwatchedError as error:
                failure = error
        if failure is not None:
            raise failure
        if not self.whole:
            self._loop.call_later(_AGAIN_SECONDS, self.wake)
        return new

    @property
    def whole(self) -> bool:
        """Whether all is watched that is followed; else something has just gone, and ``changes`` soon returns."""
        return self._folders.whole and self._files.whole

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

    async def goes_on(self, seconds: float) -> bool:
        """Whether something has changed since the last batch, or does within a time."""
        return bool(self._paths) or await self.more(seconds)

    def wake(self) -> None:
        """Has ``changes`` return."""
        self._heard.set()

    async def close(self) -> None:
        await self._folders.close()
        await self._files.close()

    def hear(self, paths: frozenset[Path]) -> None:
        """From any thread."""
        saved = frozenset(path for path in paths if path not in self._written_here)
        if saved:
            self._loop.call_soon_threadsafe(self._take, saved)

    def _take(self, paths: frozenset[Path]) -> None:
        self._paths |= paths
        self._folders.doubt(paths)
        self._files.doubt(paths)
        self._times_heard += 1
        self._heard.set()

    def make(self, places: Collection[Path], *, recursive: bool) -> LooksOut | None:
        """Looks out for places, from a thread; None where one of them has just gone. Raises UnwatchedError."""
        polls = self._polls or any(map(is_remote, places))
        try:
            return self._look_out(places, recursive=recursive, polls=polls, hear=self.hear)
        except FileNotFoundError:
            return None
        except UnwatchedError as error:
            if polls:
                raise
            self._remark(f"changes are looked for every half second: {error}.")
            self._polls = True
            return self.make(places, recursive=recursive)


class _LookOut:
    """One kind of places, which change now and then. The next notifier is there before the one before goes.

    ``whole`` says whether it watches what it was last to follow.
    """

    def __init__(self, watch: Watch, *, recursive: bool) -> None:
        self._watch = watch
        self._recursive = recursive
        self._places: dict[Path, _Inode] = {}
        self._wanted: dict[Path, _Inode] = {}
        self._notifier: LooksOut | None = None
        self._changing: asyncio.Future[frozenset[Path]] | None = None
        # Those that may be others than they were, whatever their inodes say: numbers are given out again.
        self._doubted: set[Path] = set()
        self.whole = True

    def doubt(self, paths: frozenset[Path]) -> None:
        """Something has become of these."""
        places = self._places.keys() | self._wanted.keys()
        self._doubted |= {place for place in places if any(above in paths for above in (place, *place.parents))}

    async def follow(self, places: dict[Path, _Inode]) -> frozenset[Path]:
        self._wanted = places
        works = self._notifier is not None and self._notifier.works
        if places == self._places and not self._doubted and (works or not places):
            self.whole = True
            return frozenset()
        # What its caller is cancelled at goes on, and is waited for by ``close``.
        self._changing = asyncio.ensure_future(self._change(places))
        return await asyncio.shield(self._changing)

    async def _change(self, places: dict[Path, _Inode]) -> frozenset[Path]:
        self.whole = False
        doubted, self._doubted = self._doubted, set()
        made = None
        try:
            if places:
                made = await asyncio.to_thread(self._watch.make, tuple(places), recursive=self._recursive)
            self.whole = made is not None or not places
        finally:
            if not self.whole:
                self._doubted |= doubted
        if not self.whole:
            return frozenset()
        known = {place: inode for place, inode in self._places.items() if place not in doubted}
        new = frozenset(place for place, inode in places.items() if known.get(place) != inode)
        before, self._notifier, self._places = self._notifier, made, places
        if before is not None:
            # What it has seen it has yet to tell, and the new one may not have seen it.
            await asyncio.to_thread(before.retire, but=doubted)
        return new

    async def close(self) -> None:
        if self._changing is not None:
            await asyncio.gather(self._changing, return_exceptions=True)
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
