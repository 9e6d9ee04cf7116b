"""Events that a project keeps by name, in files that can be committed: ``events/NAME.json``.

Beside it ``NAME.answer`` holds what the function answered then, as it stood on standard output. It is no ``*.json``,
which ``--event events/`` would run.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from samlocal.errors import ConfigurationError, EventError
from samlocal.function.limits import REQUEST_BYTES
from samlocal.project.settings import Settings

_FOLDER = "events"

# What the console takes for the name of a test event, but its length; a file that begins with a dot is hidden.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")


class SavedEvent(Struct, frozen=True, kw_only=True):
    """``answer`` is None where none was kept."""

    name: str
    file: Path
    answer: Path | None


class SavedEvents:
    """Those in one folder, which need not be there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of(cls, settings: Settings) -> SavedEvents:
        """In ``events/`` beside the configuration file, or beside the template where there is none."""
        beside = settings.file.path or settings.template
        return cls(beside.parent / _FOLDER)

    def __iter__(self) -> Iterator[SavedEvent]:
        """In order of their names; a folder that cannot be read has none."""
        files: list[Path] = []
        with contextlib.suppress(OSError):
            files = sorted(self.folder.glob("*.json"))
        return (self._at(file.stem) for file in files if is_name(file.stem) and file.is_file())

    def find(self, name: str) -> SavedEvent | None:
        return self._at(name) if is_name(name) and (self.folder / f"{name}.json").is_file() else None

    def save(self, name: str, event: bytes, answer: bytes | None, *, replaces: bool) -> SavedEvent:
        """Writes both, for their owner alone where they are new; an answer that is None takes away the one before.

        Raises EventError where the name is taken and ``replaces`` is not given, ConfigurationError where the folder
        cannot be written.
        """
        file, beside = self.folder / f"{name}.json", self.folder / f"{name}.answer"
        if file.exists() and not replaces:
            raise EventError(f"{file} is there already.", tip="Take another name, or replace it with --replace.")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            put_file(file, readable(event))
            if answer is None:
                beside.unlink(missing_ok=True)
            else:
                put_file(beside, answer)
        except OSError as error:
            raise ConfigurationError(
                f"{file} cannot be written: {error.strerror}.", tip=f"Give yourself the right to write {self.folder}."
            ) from error
        return self._at(name)

    def _at(self, name: str) -> SavedEvent:
        answer = self.folder / f"{name}.answer"
        return SavedEvent(name=name, file=self.folder / f"{name}.json", answer=answer if answer.is_file() else None)


def is_name(text: str) -> bool:
    """Whether an event can be called that."""
    return _NAME.fullmatch(text) is not None


def readable(event: bytes) -> bytes:
    """The event in lines, every digit as it was; as it is where it would be too long for Lambda then."""
    try:
        lines = msgspec.json.format(event, indent=2) + b"\n"
    except (msgspec.DecodeError, RecursionError):
        return event
    return lines if len(lines) <= REQUEST_BYTES else event


def put_file(file: Path, content: bytes) -> None:
    """Replaces a file whole. A new one is its owner's alone, another one keeps who may read it. Raises OSError."""
    from samlocal.records import put_private

    before = file.stat().st_mode & 0o777 if file.exists() else None
    put_private(file, content)
    if before is not None:
        file.chmod(before)
