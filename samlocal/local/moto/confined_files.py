"""The files of the local endpoint's process: its program's, its own folder's, and those that it has made itself.

Documents that callers send can name files, and moto's libraries follow: a ``$ref`` of an OpenAPI document is read and
quoted in the error that it gives.
"""

from __future__ import annotations

import mimetypes
import os
import sys
import sysconfig
import tempfile
import zoneinfo
from pathlib import Path
from typing import Any

_WRITTEN = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_NEW = os.O_CREAT | os.O_EXCL

# Python's audit events that name files, by how many of their first arguments do.
_NAMING = {
    "os.chflags": 1,
    "os.chmod": 1,
    "os.chown": 1,
    "os.getxattr": 1,
    "os.link": 2,
    "os.listdir": 1,
    "os.listxattr": 1,
    "os.lockf": 1,
    "os.mkdir": 1,
    "os.remove": 1,
    "os.removexattr": 1,
    "os.rename": 2,
    "os.rmdir": 1,
    "os.scandir": 1,
    "os.setxattr": 1,
    "os.symlink": 2,
    "os.truncate": 1,
    "os.utime": 1,
    "sqlite3.connect": 1,
}
_LOOKING = frozenset({"os.listdir", "os.scandir"})


class Files:
    """Judges audit events. ``own`` is the process's folder, None for one that has none."""

    events = frozenset({"open", *_NAMING})

    def __init__(self, own: Path | None) -> None:
        self._temporary = os.path.realpath(tempfile.gettempdir())
        self._own = own and os.path.realpath(own)
        # Everything that imports and their data are read from.
        program = {*filter(None, sys.path), *sysconfig.get_paths().values(), sys.prefix, sys.base_prefix}
        machine = {*mimetypes.knownfiles, *zoneinfo.TZPATH, "/etc/localtime", os.devnull}
        self._program = {os.path.realpath(path) for path in program} - {os.sep}
        self._readable = self._program | {os.path.realpath(path) for path in machine}
        self._made: set[str] = set()

    def refused(self, event: str, arguments: tuple[Any, ...]) -> str | None:
        """The file that an event is refused for, None where it may be."""
        if event == "open":
            opened, mode, flags = arguments
            written = bool(flags & _WRITTEN) or any(letter in (mode or "") for letter in "wax+")
            return None if self._may(opened, write=written, new=flags & _NEW == _NEW) else str(opened)
        for path in arguments[: _NAMING.get(event, 0)]:
            if not self._may(path, write=event not in _LOOKING, new=False):
                return str(path)
        return None

    def _may(self, given: object, *, write: bool, new: bool) -> bool:
        if isinstance(given, int) or given is None:
            # It is open already.
            return True
        path = os.path.realpath(os.fsdecode(os.fspath(given)))  # type: ignore[call-overload]
        if path == os.devnull or path in self._made or (self._own and _is_below(path, {self._own})):
            return True
        if path == self._temporary:
            # Where a file without a name is made (O_TMPFILE).
            return True
        if new and os.path.dirname(path) == self._temporary:  # noqa: PTH120 - called for each file that is opened
            self._made.add(path)
            return True
        if write:
            # What Python has compiled is kept beside its source.
            return f"{os.sep}__pycache__{os.sep}" in path and ".pyc" in path and _is_below(path, self._program)
        return _is_below(path, self._readable)


def _is_below(path: str, folders: set[str]) -> bool:
    return any(path == folder or path.startswith(folder + os.sep) for folder in folders)
