"""samlocal's cache folder: content by its hash, made once, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from samlocal.artifact.cache_entry import BETWEEN, FULL, MAKING, OLD, PART, is_stale, make_entry, mend, remove_tree
from samlocal.artifact.lease import Lease, lease, unused
from samlocal.errors import ConfigurationError
from samlocal.own_folder import own_folder
from samlocal.records import read_record, write_record

# How long one process may take over an entry that another waits for.
_WAIT_SECONDS = 900.0
_SAY_AFTER_SECONDS = 1.0

_LOCKS = ".locks"

_SETTLED_SECONDS = 1.0

_PIECE = 1024 * 1024


def _silent(_: str) -> None:
    return


class Cache:
    """A folder of folders. An entry is never half there, and changes only by being replaced whole.

    Of several processes that want the same entry one makes it and the others wait. An entry that has been asked for
    is not removed as long as ``leases``, which everybody who mounts it keeps, are there. ``named_by`` is how the user
    names another folder; ``notice`` gets a sentence where waiting takes long.
    """

    def __init__(
        self, root: Path, *, named_by: str = "SAMLOCAL_CACHE_DIR", notice: Callable[[str], None] = _silent
    ) -> None:
        self.root = root
        self._named_by = named_by
        self._notice = notice
        self.leases: dict[Path, Lease] = {}

    def leasing(self) -> Cache:
        """The same folder, with leases of its own: those of what is asked for through it."""
        return Cache(self.root, named_by=self._named_by, notice=self._notice)

    def entry(self, kind: str, key: str, make: Callable[[Path], None], *, renew: bool = False) -> Path:
        """The folder of that kind and key; ``make`` fills it the first time, and with ``renew`` again.

        It is filled under another name and renamed, so that neither a crash nor a second process can leave or see
        half of it. Where ``make`` fails, an entry that was there stays.
        """
        final = self.root / kind / key
        if not renew and self._leased(final):
            # Its date is that of its last use.
            with suppress(OSError):
                os.utime(final)
            return final
        with self.translated():
            own_folder(final.parent)
            with self._locked(final):
                self._sweep(final.parent, key)
                if renew or not final.is_dir():
                    self.leases.pop(final, None)
                    make_entry(final, make)
                self._leased(final)
        return final

    def find(self, kind: str, key: str) -> Path | None:
        """An entry that is there."""
        final = self.root / kind / key
        return final if self._leased(final) else None

    def hold(self, folder: Path) -> None:
        """Takes a lease of the entry that a folder is or lies in; other folders are nothing of the cache's."""
        if folder.is_relative_to(self.root):
            kind, key, *_ = (*folder.relative_to(self.root).parts, "", "")
            if kind and key:
                self._leased(self.root / kind / key)

    def _leased(self, final: Path) -> bool:
        """Whether there is such an entry; it is leased then."""
        held = self.leases.get(final)
        if held is not None and held.is_of(final):
            return True
        taken = lease(final)
        if taken is None:
            return False
        self.leases[final] = taken
        return True

    def entries(self, kind: str) -> Iterator[Path]:
        folder = self.root / kind
        if folder.is_dir():
            yield from sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.is_dir())

    def part(self, kind: str, key: str) -> Path:
        """A file for what is being brought in for an entry; it outlives its maker, so that the next one goes on."""
        return self.root / kind / f"{PART}{key}"

    def remove(self, kind: str, key: str) -> bool:
        """Removes an entry, and what a maker of it has left. Whether it could be: one that is in use stays."""
        final = self.root / kind / key
        with self.translated():
            own_folder(final.parent)
            with self._locked(final):
                self.leases.pop(final, None)
                self._sweep(final.parent, key)
                going = final.with_name(f"{MAKING}{key}")
                with unused(final) as free:
                    if free and final.is_dir():
                        # A crash leaves it under a name that nobody takes for an entry.
                        final.rename(going)
                        remove_tree(going)
                if free:
                    self.part(kind, key).unlink(missing_ok=True)
                return free

    def clear(self, kind: str) -> int:
        """Removes every entry of a kind that nobody uses, with all leftovers; the number of entries."""
        removed = sum(self.remove(kind, path.name) for path in list(self.entries(kind)))
        with self.translated():
            self._sweep(self.root / kind, "", parts=True)
        return removed

    def _sweep(self, folder: Path, own: str, *, parts: bool = False) -> None:
        """Clears up after makers that were killed; ``own`` is the key whose lock is held."""
        if not folder.is_dir():
            return
        for left in list(folder.iterdir()):
            mark = next((mark for mark in (MAKING, OLD, PART) if left.name.startswith(mark)), None)
            if mark is None or (mark == PART and not parts and not is_stale(left)):
                continue
            key = left.name.removeprefix(mark).partition(BETWEEN)[0]
            if key == own:
                mend(left, mark, folder / key)
                continue
            with self._lock_if_free(folder / key) as held:
                if held:
                    mend(left, mark, folder / key)

    @contextmanager
    def _locked(self, final: Path) -> Iterator[None]:
        """Holds the entry's lock, which the kernel takes from a process that ends however it ends."""
        from filelock import FileLock, Timeout

        lock = FileLock(self._lock_file(final))
        until = time.monotonic() + _WAIT_SECONDS
        try:
            lock.acquire(timeout=_SAY_AFTER_SECONDS)
        except Timeout:
            self._notice("waiting for another samlocal that is filling the cache …")
            try:
                lock.acquire(timeout=until - time.monotonic())
            except Timeout:
                raise ConfigurationError(
                    f"Another samlocal has held {lock.lock_file} for {_WAIT_SECONDS / 60:.0f} minutes.",
                    tip=f"End that process (`fuser {lock.lock_file}` names it), or name another cache folder with "
                    f"{self._named_by}.",
                ) from None
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _lock_if_free(self, final: Path) -> Iterator[bool]:
        from filelock import FileLock, Timeout

        lock = FileLock(self._lock_file(final))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Says of a disk that refuses what to do about it. Raises ConfigurationError."""
        try:
            yield
        except OSError as error:
            # What it was to be filled with may be what cannot be read: whoever knows what that is says so. Of a disk
            # that is full the file that was read may be named, too.
            named = error.filename if error.errno not in FULL else None
            if isinstance(named, str) and not self._is_on_the_way(Path(named).absolute()):
                raise
            if error.errno in FULL:
                raise ConfigurationError(
                    f"The disk of the cache folder {self.root} is full{self._free()}. What is in it is still good.",
                    tip="Make room (`samlocal layers clean` removes the layers kept), or name a folder on another "
                    f"disk with {self._named_by}.",
                ) from error
            raise ConfigurationError(
                f"The cache folder {self.root} cannot be written: {error}.",
                tip=f"Name another with {self._named_by}.",
            ) from error

    def _is_on_the_way(self, path: Path) -> bool:
        """Whether it lies in the cache folder, or is a folder that this one was to be made in."""
        root = self.root.absolute()
        return path.is_relative_to(root) or root.is_relative_to(path)

    def _lock_file(self, final: Path) -> Path:
        # filelock follows no link there (since 3.20.1).
        folder = own_folder(self.root / _LOCKS)
        return folder / f"{final.parent.name}-{final.name}"

    def _free(self) -> str:
        try:
            return f": {shutil.disk_usage(self.root).free // 1_000_000:,} MB are free"
        except OSError:
            return ""


def hash_of(*parts: str) -> str:
    """A key of what an entry is made from."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode(errors="surrogateescape"))
        digest.update(b"\0")
    return digest.hexdigest()[:32]


def file_state(status: os.stat_result) -> str:
    """What changes whenever a file does, without reading it: dates can be set back, but not the date of a change."""
    return f"{status.st_mode} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def tree_hash(folder: Path) -> str:
    """A key of a folder's files as they are now: their names and states."""
    parts: list[str] = []

    def add(path: str, name: str) -> None:
        with os.scandir(path) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                own = f"{name}/{entry.name}"
                status = entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    # A folder's own dates change with what is made and removed in it, which is seen by itself.
                    parts.append(f"{own} {status.st_mode}")
                    add(entry.path, own)
                else:
                    parts.append(f"{own} {file_state(status)}")

    add(str(folder), "")
    return hash_of(*parts)


class _FileHash(Struct, frozen=True, kw_only=True):
    """A file's hash while it was in this state."""

    path: str
    state: str
    sha256: str


def file_hash(path: Path, cache: Cache) -> str:
    """The SHA-256 of a file in hexadecimal, read again only when the file has changed."""
    memo = cache.root / "hashes" / f"{hash_of(str(path))}.json"
    state = file_state(path.lstat())
    known = read_record(memo, _FileHash)
    if known is not None and known.state == state:
        return known.sha256
    found = sha256_of(path)
    if time.time() - path.stat().st_mtime < _SETTLED_SECONDS:
        # It could change again within the grain of the disk's clock.
        return found
    write_record(memo, _FileHash(path=str(path), state=state, sha256=found))
    return found


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
