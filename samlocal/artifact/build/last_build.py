"""The last build of each function and layer that succeeded: what runs when nothing is built anew."""

from __future__ import annotations

import json
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from samlocal.artifact.cache import hash_of
from samlocal.deployed import shape
from samlocal.function.build_target import BuildTarget
from samlocal.own_folder import own_folder


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
        try:
            kept = json.loads(self._path(target).read_bytes())
            last = LastBuild(
                folder=Path(kept["folder"]),
                basis=shape.text(kept["basis"]),
                time=shape.number(kept["time"]),
                builder=shape.text(kept["builder"]),
            )
        except (OSError, *shape.MALFORMED):
            return None
        return last if last.folder.is_dir() else None

    def folders(self) -> set[Path]:
        """Every folder that is some function's or layer's last build."""
        found: set[Path] = set()
        for path in self._folder.glob("*.json"):
            with suppress(OSError, *shape.MALFORMED):
                found.add(Path(json.loads(path.read_bytes())["folder"]))
        return found

    def keep(self, target: BuildTarget, folder: Path, basis: str, *, builder: str) -> None:
        """Raises OSError."""
        path = self._path(target)
        own_folder(path.parent)
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "w") as file:
            json.dump({"folder": str(folder), "basis": basis, "time": time.time(), "builder": builder}, file)
        Path(name).replace(path)

    def _path(self, target: BuildTarget) -> Path:
        template = str(target.metadata.template.resolve())
        return self._folder / f"{hash_of(template, target.logical_id)}.json"
