"""samlocal's cache folder: content by its hash, made once, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from samlocal.errors import ConfigurationError


class Cache:
    """A folder of folders. An entry is never changed once it is there, and never half there."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def entry(self, kind: str, key: str, make: Callable[[Path], None]) -> Path:
        """The folder of that kind and key; ``make`` fills it the first time.

        It is filled under another name and renamed, so that neither a crash nor a second process can leave or see
        half of it.
        """
        final = self._root / kind / key
        if final.is_dir():
            return final
        try:
            final.parent.mkdir(parents=True, exist_ok=True)
            building = Path(tempfile.mkdtemp(prefix=".making-", dir=final.parent))
        except OSError as error:
            raise ConfigurationError(
                f"The cache folder {self._root} cannot be written: {error}.",
                tip="Name another with SAMLOCAL_CACHE_DIR.",
            ) from error
        try:
            make(building)
            building.chmod(0o755)
            try:
                building.rename(final)
            except OSError:
                # Another process made the same content first.
                if not final.is_dir():
                    raise
        finally:
            shutil.rmtree(building, ignore_errors=True)
        return final


def hash_of(*parts: str) -> str:
    """A key of what an entry is made from."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()[:32]


def tree_hash(folder: Path) -> str:
    """A key of a folder's files: names, modes, sizes and times of change."""
    parts: list[str] = []
    for root, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            status = (Path(root) / name).lstat()
            parts.append(f"{root}/{name} {status.st_mode} {status.st_size} {status.st_mtime_ns}")
    return hash_of(*parts)
