"""The last build of each function and layer that succeeded: what runs when nothing is built anew."""

from __future__ import annotations

import time
from pathlib import Path

from msgspec import Struct

from samlocal.artifact.cache import hash_of
from samlocal.function.build_target import BuildTarget
from samlocal.records import put_record, read_record


class LastBuild(Struct, frozen=True, kw_only=True):
    """A built folder, the hash of what it was built from, when (seconds since 1970), and by what: a builder's key."""

    folder: Path
    basis: str
    time: float
    builder: str

    @property
    def age(self) -> float:
        """Seconds."""
        return max(0.0, time.time() - self.time)


class LastBuilds:
    """One small file for each function or layer."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, target: BuildTarget) -> LastBuild | None:
        last = read_record(self._path(target), LastBuild)
        return last if last is not None and last.folder.is_dir() else None

    def folders(self) -> set[Path]:
        """Every folder that is some function's or layer's last build."""
        kept = (read_record(path, LastBuild) for path in self._folder.glob("*.json"))
        return {last.folder for last in kept if last is not None}

    def keep(self, target: BuildTarget, folder: Path, basis: str, *, builder: str) -> None:
        """Raises OSError."""
        put_record(self._path(target), LastBuild(folder=folder, basis=basis, time=time.time(), builder=builder))

    def _path(self, target: BuildTarget) -> Path:
        template = str(target.metadata.template.resolve())
        return self._folder / f"{hash_of(template, target.logical_id)}.json"
