"""The files that a template is made of, as they were when they were looked at first."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


class Files:
    """What reading a template has asked of the disk, each question once.

    Whoever holds on to it sees the project as it was then, whatever has been written since.
    """

    def __init__(self) -> None:
        self._content: dict[Path, bytes] = {}
        self._states: dict[str, str] = {}
        self.are_all = True
        """Whether nothing else was looked at (the SAM translator looks for itself)."""

    def read(self, path: Path) -> bytes:
        """Raises OSError."""
        if path not in self._content:
            content = path.read_bytes()
            self._states[str(path)] = _read_state(path, content)
            self._content[path] = content
        return self._content[path]

    def is_file(self, path: Path) -> bool:
        return self._kind(path) == "file"

    def is_folder(self, path: Path) -> bool:
        return self._kind(path) == "folder"

    @property
    def states(self) -> dict[str, str]:
        """What was found under each path, for ``hold``."""
        return dict(self._states)

    def _kind(self, path: Path) -> str:
        if path in self._content:
            return "file"
        return self._states.setdefault(str(path), _seen_state(path)).partition(" ")[0]


def hold(states: dict[str, str]) -> bool:
    """Whether all that was found then would be found now."""
    try:
        return all(_now(Path(path), state) == state for path, state in states.items())
    except OSError:
        return False


def _now(path: Path, state: str) -> str:
    return _read_state(path, path.read_bytes()) if state.startswith("content ") else _seen_state(path)


def _read_state(path: Path, content: bytes) -> str:
    return f"content {hashlib.sha256(content).hexdigest()} {os.path.realpath(path)}"


def _seen_state(path: Path) -> str:
    kind = "file" if path.is_file() else "folder" if path.is_dir() else "nothing"
    # A name with a NUL is no file's.
    return f"{kind} {os.path.realpath(path)}" if kind != "nothing" else kind
