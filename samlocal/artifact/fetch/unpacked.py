"""An archive, unpacked into the cache once, with a note of what it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict

from samlocal.artifact.cache import Cache, file_hash, hash_of, sha256_of
from samlocal.artifact.fetch.archive_error import ArchiveError
from samlocal.records import MALFORMED, decoded, put_record

_CONTENT, _NOTE = "content", "about.json"


class _Note(Struct, frozen=True, kw_only=True):
    """``sha256`` is the archive's, in hexadecimal; ``size`` is unpacked, in bytes.

    ``unreadable`` are the files that only their owner can read, which Lambda's user is not.
    """

    origin: str
    sha256: str
    size: int
    unreadable: tuple[str, ...]


class Unpacked(_Note, frozen=True, kw_only=True):
    """``folder`` is never written to."""

    folder: Path


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
        # What is in the cache already needs none of it.
        from samlocal.artifact.fetch.archive import unpack

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
        note = _Note(
            origin=origin,
            sha256=sha256_of(archive),
            size=contents.size,
            unreadable=tuple(contents.unreadable[:20]),
        )
        put_record(folder / _NOTE, note)
        part.unlink(missing_ok=True)

    entry = cache.entry(kind, key, make, renew=renew)
    try:
        return read_unpacked(entry)
    except (OSError, *MALFORMED):
        # A disk that lost power, or a note of another version of samlocal.
        return read_unpacked(cache.entry(kind, key, make, renew=True))


def read_unpacked(entry: Path) -> Unpacked:
    """What a folder of the cache holds. Raises OSError, or one of MALFORMED."""
    note = decoded((entry / _NOTE).read_bytes(), _Note)
    return Unpacked(folder=entry / _CONTENT, **asdict(note))


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
