"""What packaging makes of a folder: links out of it followed, everything readable, files and nothing else.

A deployed function has its code and its layers from an archive. ``sam package`` makes it so: it follows links, lets
everybody read every file, and keeps no modes of folders (aws-sam-cli, ``samcli/lib/package/utils.py``).
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from msgspec import Struct, field

from samlocal.artifact.cache import file_state, hash_of
from samlocal.artifact.code.private_folders import PrivateFolders

_READ, _READ_AND_ENTER, _EXECUTE = 0o004, 0o005, 0o111

# No part of what runs, and full of links to this machine's own programs.
_TOOLS = frozenset({".git", ".hg", ".svn", ".aws-sam", ".venv", "venv", ".tox", ".nox"})
_LEFT_OUT = frozenset({".git", ".hg", ".svn", ".aws-sam"})

# What a link may bring in; Lambda takes a quarter of it, with everything else.
_FOLLOWED_BYTES = 1_000_000_000
_FOLLOWED_FILES = 200_000


class PackagingError(Exception):
    """A folder that is refused. Its text is a clause about the folder: ``is the home folder``."""


class SourceFile(Struct, frozen=True, kw_only=True):
    """A file to be copied. ``state`` changes whenever it does."""

    source: str
    mode: int
    state: str


class Contents(Struct, kw_only=True):
    """What is to be there, by its path below the folder; ``remarks`` are clauses about what is not.

    ``size`` is in bytes.
    """

    folders: list[str] = field(default_factory=list)
    files: dict[str, SourceFile] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    size: int = 0

    @property
    def key(self) -> str:
        """Changes with what is there."""
        return hash_of(
            *self.folders,
            *(f"{place}\0{file.state}" for place, file in self.files.items()),
            *(f"{place}\0{target}" for place, target in self.links.items()),
        )


def is_as_packaged(folder: Path, *, mounted_at: str) -> bool:
    """Whether a folder can be mounted as it lies there. Raises OSError where it cannot be read."""
    if not _is_text(str(folder)) or not _lets_in(folder.stat().st_mode):
        return False
    waiting = [(str(folder), "")]
    while waiting:
        path, below = waiting.pop()
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.name in _TOOLS:
                    continue
                if entry.is_symlink():
                    if not _stays(str(Path(entry.path).readlink()), below, path=entry.path, mounted_at=mounted_at):
                        return False
                    continue
                mode = entry.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode) and _lets_in(mode):
                    waiting.append((entry.path, f"{below}{entry.name}/"))
                elif not (stat.S_ISREG(mode) and mode & _READ):
                    return False
    return True


def packaging(folder: Path, *, mounted_at: str, private: PrivateFolders) -> Contents:
    """What the folder is to be copied as. Raises PackagingError, and OSError where something cannot be read."""
    contents = Contents()
    _Walk(contents, mounted_at, private).take(str(folder), "", ((os.path.realpath(folder), ""),))
    return contents


class _Walk:
    """Goes through a folder and what its links lead to, once each on the way down, so never in circles.

    The ways are given as (real path, place below the folder), the innermost last.
    """

    def __init__(self, contents: Contents, mounted_at: str, private: PrivateFolders) -> None:
        self._contents = contents
        self._mounted_at = mounted_at
        self._private = private

    def take(
        self, path: str, place: str, ways: tuple[tuple[str, str], ...], *, below: str = "", tools: bool = False
    ) -> None:
        """A folder at its place; ``below`` is its path below the innermost of the ways, with a slash at its end."""
        with os.scandir(path) as scanned:
            entries = sorted(scanned, key=lambda entry: entry.name)
        for entry in entries:
            own = f"{place}{entry.name}"
            if entry.name in _LEFT_OUT:
                continue
            if entry.is_symlink():
                self._link(entry.path, own, ways, below, tools=tools)
                continue
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                self._contents.folders.append(own)
                inside = f"{below}{entry.name}/"
                self.take(entry.path, f"{own}/", ways, below=inside, tools=tools or entry.name in _TOOLS)
            elif stat.S_ISREG(status.st_mode):
                self._file(entry.path, own, status)
            else:
                self._contents.remarks.append(f"{own} is neither file nor folder and is left out")

    def _link(self, path: str, place: str, ways: tuple[tuple[str, str], ...], below: str, *, tools: bool) -> None:
        text = str(Path(path).readlink())
        if tools or _stays(text, below, path=path, mounted_at=self._mounted_at):
            self._contents.links[place] = text
            return
        real = os.path.realpath(path)
        try:
            status = Path(real).stat()
        except OSError:
            self._contents.links[place] = text
            self._contents.remarks.append(f"the link {place} leads to {text}, which is not there")
            return
        for root, at in reversed(ways):
            if real == root or real.startswith(f"{root}/"):
                target = Path("/", at, real.removeprefix(root).lstrip("/"))
                self._contents.links[place] = os.path.relpath(target, Path("/", place).parent)
                return
        if stat.S_ISREG(status.st_mode):
            self._file(real, place, status)
        elif stat.S_ISDIR(status.st_mode):
            self._follow(real, place, text, ways)
        else:
            self._contents.remarks.append(f"{place} is neither file nor folder and is left out")

    def _follow(self, real: str, place: str, text: str, ways: tuple[tuple[str, str], ...]) -> None:
        reason = self._private.reason(Path(real))
        if reason is not None:
            raise PackagingError(f"holds the link {place} to {text}, which {reason}")
        if _is_too_much(real):
            self._contents.links[place] = text
            self._contents.remarks.append(
                f"the link {place} leads to {text}, which holds more than {_FOLLOWED_BYTES // 1_000_000:,} MB or "
                f"{_FOLLOWED_FILES:,} files, so it is not followed"
            )
            return
        self._contents.folders.append(place)
        self.take(real, f"{place}/", (*ways, (real, f"{place}/")))

    def _file(self, path: str, place: str, status: os.stat_result) -> None:
        mode = stat.S_IMODE(status.st_mode) & 0o777
        # Who works with a narrow umask has 0700 where others have 0755.
        readable = mode | 0o444 | (_EXECUTE if mode & 0o100 and not mode & 0o077 else 0)
        self._contents.files[place] = SourceFile(source=path, mode=readable, state=file_state(status))
        self._contents.size += status.st_size


def _stays(text: str, below: str, *, path: str, mounted_at: str) -> bool:
    """Whether a link leads to the same inside of a container as here; ``below`` is its folder, below the root."""
    if text.startswith("/"):
        # Written for where it will be mounted; here it leads nowhere, or to something else of that name.
        return text.startswith(f"{mounted_at}/") and not Path(path).exists()
    at = os.path.normpath(below + text)
    return at != ".." and not at.startswith("../")


def _lets_in(mode: int) -> bool:
    return mode & _READ_AND_ENTER == _READ_AND_ENTER


def _is_text(path: str) -> bool:
    """Whether the engine can be told of a path: its API is JSON."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_too_much(folder: str) -> bool:
    size = count = 0
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _LEFT_OUT]
        count += len(names)
        for name in names:
            size += Path(root, name).lstat().st_size
        if size > _FOLLOWED_BYTES or count > _FOLLOWED_FILES:
            return True
    return False
