"""An archive, unpacked into the cache once, with a note of what it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from samlocal.artifact.cache import Cache, file_hash, hash_of, sha256_of
from samlocal.artifact.fetch.archive import ArchiveError, unpack
from samlocal.deployed import shape

_CONTENT, _NOTE = "content", "about.json"


class Unpacked(Struct, frozen=True, kw_only=True):
    """``folder`` is never written to. ``sha256`` is the archive's, in hexadecimal; ``size`` is unpacked, in bytes.

    ``unreadable`` are the files that only their owner can read, which Lambda's user is not.
    """

    folder: Path
    origin: str
    sha256: str
    size: int
    unreadable: tuple[str, ...]


def unpacked(
    cache: Cache,
    kind: str,
    key: str,
    *,
    origin: str,
    obtain: Callable[[Path], Path],
    mounted_at: str,
    renew: bool = False,
) -> Unpacked:
    """The archive unpacked, from the cache or anew.

    ``obtain`` gives the archive; it may bring it into the file that it is handed, which outlives a crash and is
    removed afterwards. Raises ArchiveError, ConfigurationError of the cache, and what ``obtain`` raises.
    """

    def make(folder: Path) -> None:
        part = cache.part(kind, key)
        archive = obtain(part)
        content = folder / _CONTENT
        content.mkdir()
        try:
            contents = unpack(archive, content, mounted_at=mounted_at)
        except ArchiveError:
            # It will be no better the next time.
            part.unlink(missing_ok=True)
            raise
        content.chmod(0o755)
        note = {
            "origin": origin,
            "sha256": sha256_of(archive),
            "size": contents.size,
            "unreadable": contents.unreadable[:20],
        }
        (folder / _NOTE).write_text(json.dumps(note), encoding="utf-8")
        part.unlink(missing_ok=True)

    entry = cache.entry(kind, key, make, renew=renew)
    try:
        return read_unpacked(entry)
    except (OSError, *shape.MALFORMED):
        # A disk that lost power, or a note of another version of samlocal.
        return read_unpacked(cache.entry(kind, key, make, renew=True))


def read_unpacked(entry: Path) -> Unpacked:
    """What a folder of the cache holds."""
    note = json.loads((entry / _NOTE).read_text(encoding="utf-8"))
    return Unpacked(
        folder=entry / _CONTENT,
        origin=shape.text(note["origin"]),
        sha256=shape.text(note["sha256"]),
        size=int(shape.number(note["size"])),
        unreadable=tuple(shape.texts(note["unreadable"])),
    )


def local_archive(path: Path, cache: Cache, kind: str, *, mounted_at: str) -> Unpacked:
    """A zip or jar of this machine, unpacked by its content. Raises ArchiveError."""
    key = hash_of(file_hash(path, cache))
    return unpacked(cache, kind, key, origin=str(path), obtain=lambda _: path, mounted_at=mounted_at)


def warn_of_unreadable(name: str, found: Unpacked, notice: Callable[[str], None]) -> None:
    if found.unreadable:
        shown = ", ".join(found.unreadable[:3]) + (" and others" if len(found.unreadable) > 3 else "")
        notice(
            f"{name}: {shown} can be read by their owner only; Lambda's user is another, here as on AWS. "
            "Give them mode 644 (folders 755) before you pack them."
        )
