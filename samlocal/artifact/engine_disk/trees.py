"""Files and folders of this machine as a tree that can be put elsewhere: its items, and the archive that makes it."""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import IO

from msgspec import Struct

from samlocal.artifact.cache import file_state, hash_of, sha256_of

COMPLETE = "complete"
"""The last file of an archive, beside the content: a tree that has it is whole."""

CONTENT = "content"

# Most of the time goes into sending; more would cost more than it saves.
_COMPRESSION = 1


class Kind(StrEnum):
    FOLDER = "folder"
    FILE = "file"
    LINK = "link"


class Item(Struct, frozen=True, kw_only=True):
    """One of a tree. ``mode`` are its permission bits, ``content`` a file's SHA-256 or a link's text, ``state`` what
    changes whenever a file does."""

    kind: Kind
    mode: int
    content: str = ""
    state: str = ""


Items = dict[str, Item]


def items_of(sources: Mapping[str, Path], before: Mapping[str, Item]) -> Items:
    """The items of a tree by their names in it; ``sources`` says what is there under which name, "" for a whole tree.

    A file that is as it was ``before`` is not read. Raises OSError.
    """
    found: Items = {}
    for name, source in sources.items():
        _add(found, name, str(source), source.stat(), before)
    return found


def _add(found: Items, name: str, path: str, status: os.stat_result, before: Mapping[str, Item]) -> None:
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISDIR(status.st_mode):
        if name:
            found[name] = Item(kind=Kind.FOLDER, mode=mode)
        with os.scandir(path) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                inside = f"{name}/{entry.name}" if name else entry.name
                _add(found, inside, entry.path, entry.stat(follow_symlinks=False), before)
    elif stat.S_ISLNK(status.st_mode):
        found[name] = Item(kind=Kind.LINK, mode=mode, content=os.readlink(path))  # noqa: PTH115
    elif stat.S_ISREG(status.st_mode):
        state = file_state(status)
        known = before.get(name)
        same = known is not None and known.state == state
        content = known.content if known is not None and same else sha256_of(Path(path))
        found[name] = Item(kind=Kind.FILE, mode=mode, content=content, state=state)


def key_of(items: Mapping[str, Item]) -> str:
    """The same for the same content, on every machine."""
    return hash_of(
        *(part for name, item in sorted(items.items()) for part in (name, item.kind, f"{item.mode:o}", item.content))
    )


def archive(
    out: IO[bytes],
    sources: Mapping[str, Path],
    items: Mapping[str, Item],
    *,
    tree: str,
    before: tuple[str, Mapping[str, Item]] | None,
) -> None:
    """Writes the archive that unpacks as the tree of a name. Raises OSError.

    What a tree ``before`` it, at the same place, has of the same content is linked to and not sent again.
    """
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=_COMPRESSION) as tar:
        for name in (tree, f"{tree}/{CONTENT}"):
            tar.addfile(_head(name, tarfile.DIRTYPE, 0o755))
        for name, item in items.items():
            target = f"{tree}/{CONTENT}/{name}"
            match item.kind:
                case Kind.FOLDER:
                    tar.addfile(_head(target, tarfile.DIRTYPE, item.mode))
                case Kind.LINK:
                    tar.addfile(_head(target, tarfile.SYMTYPE, item.mode, link=item.content))
                case Kind.FILE:
                    old = before[1].get(name) if before else None
                    if before and old and (old.kind, old.mode, old.content) == (item.kind, item.mode, item.content):
                        link = f"{before[0]}/{CONTENT}/{name}"
                        tar.addfile(_head(target, tarfile.LNKTYPE, item.mode, link=link))
                    else:
                        _add_file(tar, target, item, _source(sources, name))
        tar.addfile(_head(f"{tree}/{COMPLETE}", tarfile.REGTYPE, 0o644))


def empty_archive(out: IO[bytes]) -> None:
    """Writes the archive that unpacks as content in which everybody may write."""
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.addfile(_head(CONTENT, tarfile.DIRTYPE, 0o777))


def _head(name: str, kind: bytes, mode: int, *, link: str = "") -> tarfile.TarInfo:
    head = tarfile.TarInfo(name)
    head.type, head.mode, head.linkname = kind, mode, link
    return head


def _add_file(tar: tarfile.TarFile, name: str, item: Item, source: Path) -> None:
    with source.open("rb") as file:
        status = os.fstat(file.fileno())
        head = _head(name, tarfile.REGTYPE, item.mode)
        head.size, head.mtime = status.st_size, int(status.st_mtime)
        tar.addfile(head, file)


def _source(sources: Mapping[str, Path], name: str) -> Path:
    whole = sources.get("")
    return sources[name] if whole is None else whole / name
