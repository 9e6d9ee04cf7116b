"""The files that a template is made of, as they were when they were looked at first."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path


class Files:
    """What reading a template asks of the disk, each question once.

    Whoever holds on to it sees the project as it was then, whatever has been written since.
    """

    def __init__(self, *, translations: Path | None = None) -> None:
        """``translations`` is the folder for what the SAM translator makes of them, None where nobody keeps that."""
        self._translations = translations
        self._content: dict[str, bytes] = {}
        self._kinds: dict[str, str] = {}
        self._states: dict[str, str] = {}
        self.may_be_recorded = True
        """False where a secret has a part in what is made of them, or what samlocal does not see being read."""

    def read(self, path: Path) -> bytes:
        """Raises OSError."""
        self._states[str(path)] = self._state(str(path), read=True)
        return self._content[str(path)]

    def is_file(self, path: Path) -> bool:
        return self._looked_at(path).startswith("file ")

    def is_folder(self, path: Path) -> bool:
        return self._looked_at(path).startswith("folder ")

    def translation(self, *whose: str) -> Path | None:
        """The file for what the translator makes of one of them, by names that tell it from the others."""
        if self._translations is None:
            return None
        return self._translations / f"{hashlib.sha256(os.fsencode(chr(0).join(whose))).hexdigest()[:32]}.json"

    @property
    def states(self) -> dict[str, str]:
        """What was found under each path."""
        return dict(self._states)

    def hold(self, states: Mapping[str, str]) -> bool:
        """Whether all that was found then is found now; then it counts as looked at."""
        try:
            same = all(self._state(path, read=was.startswith("content ")) == was for path, was in states.items())
        except OSError:
            return False
        if same:
            self._states.update(states)
        return same

    def _looked_at(self, path: Path) -> str:
        state = self._state(str(path), read=False)
        # What has been read tells more.
        self._states.setdefault(str(path), state)
        return state

    def _state(self, path: str, *, read: bool) -> str:
        if read:
            if path not in self._content:
                self._content[path] = Path(path).read_bytes()
            return f"content {hashlib.sha256(self._content[path]).hexdigest()} {os.path.realpath(path)}"
        if path not in self._kinds:
            kind = "file" if Path(path).is_file() else "folder" if Path(path).is_dir() else None
            self._kinds[path] = f"{kind} {os.path.realpath(path)}" if kind else "nothing"
        return self._kinds[path]
