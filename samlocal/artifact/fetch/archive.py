"""Archives of code and layers, unpacked as Lambda unpacks them: into their own folder and nowhere else."""

from __future__ import annotations

import calendar
import errno
import lzma
import os
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from samlocal.artifact.fetch.archive_error import (
    AbsolutePathError,
    BrokenArchiveError,
    EncryptedArchiveError,
    LeavingLinkError,
    NameClashError,
    ParentPathError,
    SpecialFileError,
    ThroughLinkError,
    TooLargeError,
    UnusableNameError,
)
from samlocal.function import limits

# Linux, limits.h: NAME_MAX and PATH_MAX.
_NAME_BYTES = 255
_TARGET_BYTES = 4096

# Linux follows as many links before it gives up (path_resolution(7)).
_HOPS = 40

# What zipfile and the decompressors raise over damaged archives, and over ways of packing that they do not know.
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    ValueError,
)

_PIECE = 1024 * 1024
_FILE_MODE = 0o644
_FOLDER_MODE = 0o755

_Path = tuple[str, ...]


class Contents(Struct, frozen=True, kw_only=True):
    """What was unpacked: its bytes, and the files that others than their owner cannot read, as paths."""

    size: int
    unreadable: tuple[str, ...]


class _Entry(Struct, frozen=True, kw_only=True):
    """A file, folder or link to be made; ``target`` is a link's."""

    info: zipfile.ZipInfo
    mode: int
    folder: bool = False
    target: str | None = None


def unpack(archive: Path, into: Path, *, mounted_at: str) -> Contents:
    """Unpacks a zip or jar into an empty folder.

    Mode bits but for set-user-id and its like, symbolic links, empty folders and dates are kept. ``mounted_at`` is
    where the folder will stand, since absolute links into it are links into the folder. Raises ArchiveError before
    anything is written, BrokenArchiveError also half-way, and OSError where the disk refuses.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = _plan(opened, mounted_at)
            _check_size(entries)
            _write(opened, entries, into)
    except _UNREADABLE as error:
        raise BrokenArchiveError(f"is no zip file that can be read: {error}") from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise UnusableNameError(f"holds a path too long for this disk: {error.filename!r}") from error
        if error.errno == errno.EINVAL and error.filename is None:
            # What zipfile asks of the file where a damaged archive points nowhere.
            raise BrokenArchiveError(f"is no zip file that can be read: {error}") from error
        raise
    return Contents(
        size=sum(entry.info.file_size for entry in entries.values()),
        unreadable=tuple(
            "/".join(path)
            for path, entry in entries.items()
            if entry.target is None and not entry.mode & stat.S_IROTH
        ),
    )


# what is to be made


def _plan(opened: zipfile.ZipFile, mounted_at: str) -> Mapping[_Path, _Entry]:
    """Every entry by its path, checked alone and beside the others; of a name that stands twice the last counts."""
    entries: dict[_Path, _Entry] = {}
    for info in opened.infolist():
        path = _parts(info)
        if path:
            entries[path] = _entry(opened, info)
    _check_places(entries)
    links = {path: entry.target for path, entry in entries.items() if entry.target is not None}
    folded = {_folded(path): target for path, target in links.items()}
    for path, target in links.items():
        # The cache may lie on either kind of disk.
        if _leads_out(path, links, mounted_at, tuple) or _leads_out(_folded(path), folded, mounted_at, _folded):
            raise LeavingLinkError(f"holds the link {_shown(path)} to {target!r}, which leads out of its folder")
    return entries


def _parts(info: zipfile.ZipInfo) -> _Path:
    """An entry's path below the folder, empty for the folder itself."""
    name = info.orig_filename
    if "\0" in name or not name:
        raise UnusableNameError(f"holds the name {name!r}")
    # A backslash is a letter of a name here; it is a separator to whoever made the archive on Windows.
    spread = name.replace("\\", "/")
    if spread.startswith("/") or (len(name) > 1 and name[1] == ":" and name[0].isalpha()):
        raise AbsolutePathError(f"holds the absolute path {name!r}")
    if ".." in spread.split("/"):
        raise ParentPathError(f"holds the path {name!r}, which goes up")
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    for part in parts:
        if len(os.fsencode(part)) > _NAME_BYTES:
            raise UnusableNameError(f"holds a name of {len(os.fsencode(part))} bytes, {part[:40]!r}…: 255 at most")
    return parts


def _entry(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Entry:
    if info.flag_bits & 0x1:
        raise EncryptedArchiveError(f"holds {info.filename!r} encrypted")
    mode = info.external_attr >> 16
    match stat.S_IFMT(mode):
        case stat.S_IFLNK:
            return _Entry(info=info, mode=0o777, target=_target(opened, info))
        case stat.S_IFDIR:
            return _Entry(info=info, mode=_folder_mode(mode), folder=True)
        case 0 | stat.S_IFREG:
            if info.is_dir():
                return _Entry(info=info, mode=_folder_mode(mode), folder=True)
            # Archives made on Windows carry no mode bits.
            return _Entry(info=info, mode=stat.S_IMODE(mode) & 0o777 or _FILE_MODE)
    raise SpecialFileError(f"holds {info.filename!r}, which is neither file, folder nor symbolic link")


def _folder_mode(mode: int) -> int:
    """Everybody may enter: what a folder's entry says of its mode counts for nothing, as with no entry at all."""
    return stat.S_IMODE(mode) & 0o777 | 0o555 if mode else _FOLDER_MODE


def _target(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> str:
    if info.file_size > _TARGET_BYTES:
        raise LeavingLinkError(f"holds the link {info.filename!r} with a target of {info.file_size:,} bytes")
    target = os.fsdecode(opened.read(info))
    if not target or "\0" in target:
        raise LeavingLinkError(f"holds the link {info.filename!r} to {target!r}, which leads nowhere")
    return target


def _check_places(entries: Mapping[_Path, _Entry]) -> None:
    folders: set[_Path] = set()
    for path in entries:
        for length in range(1, len(path)):
            parent = path[:length]
            if parent in folders:
                continue
            folders.add(parent)
            above = entries.get(parent)
            if above is not None and above.target is not None:
                raise ThroughLinkError(f"holds {_shown(path)}, whose folder {_shown(parent)} is a symbolic link")
            if above is not None and not above.folder:
                raise NameClashError(f"holds {_shown(parent)} as a file and as a folder")


def _folded(path: _Path) -> _Path:
    """What macOS's and Windows's disks take a path for: they ignore case, and how Unicode writes a letter."""
    return tuple(unicodedata.normalize("NFC", part).casefold() for part in path)


def _leads_out(link: _Path, links: Mapping[_Path, str], mounted_at: str, name: Callable[[_Path], _Path]) -> bool:
    """Whether following a link, and the links on its way, passes outside of the folder.

    ``name`` gives what the disk takes a path for.
    """
    at = list(link[:-1])
    todo = deque([links[link]])
    hops = 0
    while todo:
        target = todo.popleft()
        if target.startswith("/"):
            if target != mounted_at and not target.startswith(f"{mounted_at}/"):
                return True
            at.clear()
            target = target.removeprefix(mounted_at).lstrip("/")
        first, _, rest = target.partition("/")
        if rest.lstrip("/"):
            todo.appendleft(rest.lstrip("/"))
        if first == "..":
            if not at:
                return True
            at.pop()
        elif first not in ("", "."):
            at.append(first)
            if (here := name(tuple(at))) in links:
                hops += 1
                if hops > _HOPS:
                    # It goes round in circles, but inside.
                    return False
                todo.appendleft(links[here])
                at.pop()
    return False


def _check_size(entries: Mapping[_Path, _Entry]) -> None:
    # zipfile gives of each entry as many bytes as it declares, and no more.
    size = sum(entry.info.file_size for entry in entries.values())
    if size > limits.UNZIPPED_BYTES:
        raise TooLargeError(
            f"unzips to {size:,} bytes; Lambda takes {limits.UNZIPPED_BYTES:,} at most, code and layers together"
        )


# making it


def _write(opened: zipfile.ZipFile, entries: Mapping[_Path, _Entry], into: Path) -> None:
    made: set[_Path] = set()
    for path, entry in entries.items():
        place = into.joinpath(*path)
        try:
            for folder in _folders(path if entry.folder else path[:-1], made):
                into.joinpath(*folder).mkdir(mode=_FOLDER_MODE)
            if entry.target is not None:
                place.symlink_to(entry.target)
            elif not entry.folder:
                _write_file(opened, entry, place)
        except FileExistsError as error:
            raise _clash(path, entries) from error
    # Last, the deepest first: a folder that its owner may not write, and dates that writing changes.
    for path in sorted(made, key=len, reverse=True):
        place = into.joinpath(*path)
        declared = entries.get(path)
        place.chmod(declared.mode if declared else _FOLDER_MODE)
        if declared is not None:
            _date(place, declared.info)


def _clash(path: _Path, entries: Mapping[_Path, _Entry]) -> NameClashError:
    """Lambda's disk tells names apart by their case, and so do most of Linux's; this one does not."""
    ways = {path[:length] for length in range(1, len(path) + 1)}
    alike = {_folded(way) for way in ways}
    others = (other[:length] for other in entries for length in range(1, len(other) + 1))
    other = next((other for other in others if other not in ways and _folded(other) in alike), path)
    return NameClashError(
        f"holds {_shown(other)} and {_shown(path)}, one name to the disk of the cache, which ignores case; on Lambda "
        "they are two"
    )


def _folders(path: _Path, made: set[_Path]) -> Iterator[_Path]:
    for length in range(1, len(path) + 1):
        if path[:length] not in made:
            made.add(path[:length])
            yield path[:length]


def _write_file(opened: zipfile.ZipFile, entry: _Entry, place: Path) -> None:
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file, opened.open(entry.info) as packed:
        while piece := packed.read(_PIECE):
            file.write(piece)
        os.fchmod(handle, entry.mode)
    _date(place, entry.info)


def _date(place: Path, info: zipfile.ZipInfo) -> None:
    """A zip has local times without a zone: taken as UTC, so that everyone unpacks the same."""
    try:
        seconds = calendar.timegm((*info.date_time, 0, 0, 0))
        os.utime(place, (seconds, seconds))
    except (ValueError, OverflowError):
        # A date that is none, such as the thirteenth month.
        return


def _shown(path: _Path) -> str:
    return repr("/".join(path))
