"""A folder of the user's, as it lies there where a container would see the same, else as packaging makes it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from samlocal.artifact.cache import Cache, hash_of
from samlocal.artifact.code.packaging import Contents, PackagingError, is_as_packaged, packaging
from samlocal.artifact.code.private_folders import PrivateFolders
from samlocal.artifact.superseded import NOTE, Note, remove_superseded
from samlocal.records import put_record, read_record

KIND = "packaged"

_CONTENT = "content"


class _Note(Note, frozen=True, kw_only=True):
    """``files`` are the states of a copy's files, by name."""

    files: dict[str, str]


class Packaged(Struct, frozen=True, kw_only=True):
    """``key`` and ``size`` (bytes) are those of a copy, which never changes; of the user's own folder they are None.

    ``remarks`` are clauses about what a copy leaves out.
    """

    folder: Path
    key: str | None = None
    size: int | None = None
    remarks: tuple[str, ...] = ()


def packaged(folder: Path, cache: Cache, *, mounted_at: str, private: PrivateFolders) -> Packaged:
    """The folder itself, or a copy of it with links out of it followed and everything readable.

    A copy takes only what has changed since the one before. Raises PackagingError for a folder that should not be
    seen, ConfigurationError of the cache, and OSError where something cannot be read.
    """
    reason = private.reason(folder)
    if reason is not None:
        raise PackagingError(reason)
    if is_as_packaged(folder, mounted_at=mounted_at):
        return Packaged(folder=folder)
    contents = packaging(folder, mounted_at=mounted_at, private=private)
    slot = hash_of(str(folder), mounted_at)
    key = hash_of(slot, contents.key)
    fresh = cache.find(KIND, key) is None

    def make(entry: Path) -> None:
        place = entry / _CONTENT
        place.mkdir()
        _copy(contents, place, before=_last(cache, slot))
        place.chmod(0o755)
        files = {name: file.state for name, file in contents.files.items()}
        put_record(entry / NOTE, _Note(slot=slot, files=files))

    entry = cache.entry(KIND, key, make)
    if fresh:
        with suppress(OSError):
            _pointer(cache, slot).write_text(key, encoding="utf-8")
        remove_superseded(cache, KIND, slot=slot, key=key)
    return Packaged(folder=entry / _CONTENT, key=key, size=contents.size, remarks=tuple(contents.remarks))


def is_own_build(folder: Path, cache: Cache) -> bool:
    """Whether a folder is what a build has made: everybody can read it, and no link leaves it."""
    return folder.is_relative_to((cache.root / "builds").resolve())


def _pointer(cache: Cache, slot: str) -> Path:
    """Where it is kept which copy of a folder was the last one made."""
    return cache.root / KIND / f".last-{slot}"


def _last(cache: Cache, slot: str) -> tuple[Path, Mapping[str, str]]:
    """The copy made before, and its files' states."""
    try:
        entry = cache.root / KIND / _pointer(cache, slot).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return cache.root, {}
    note = read_record(entry / NOTE, _Note)
    return (entry / _CONTENT, note.files) if note is not None else (cache.root, {})


def _copy(contents: Contents, place: Path, *, before: tuple[Path, Mapping[str, str]]) -> None:
    """``before`` is a copy whose files of the same state are taken over by a hard link: neither ever changes."""
    folder, states = before
    for name in contents.folders:
        (place / name).mkdir(mode=0o755)
        (place / name).chmod(0o755)
    for name, file in contents.files.items():
        target = place / name
        if states.get(name) == file.state:
            try:
                os.link(folder / name, target)
            except OSError:
                # It has just been removed, or the disk knows no links.
                target.unlink(missing_ok=True)
            else:
                continue
        shutil.copyfile(file.source, target)
        shutil.copystat(file.source, target)
        target.chmod(file.mode)
    for name, text in contents.links.items():
        (place / name).symlink_to(text)
