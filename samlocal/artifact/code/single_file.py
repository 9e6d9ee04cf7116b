"""Code that is one file: SAM packs what is no archive (aws-sam-cli, ``samcli/lib/package/utils.py``)."""

from __future__ import annotations

import shutil
from pathlib import Path

from samlocal.artifact.cache import Cache, file_hash, hash_of

_KIND = "single"

# Whoever names a file so means an archive, also where it is a damaged one.
_ARCHIVES = (".zip", ".jar", ".war", ".whl")


def is_single_file(path: Path) -> bool:
    """Raises OSError where it cannot be read."""
    import zipfile

    with path.open("rb") as file:
        return path.suffix.lower() not in _ARCHIVES and not zipfile.is_zipfile(file)


def single_file(path: Path, cache: Cache) -> Path:
    """A folder with the file in it."""

    def make(folder: Path) -> None:
        shutil.copy2(path, folder / path.name)
        (folder / path.name).chmod(path.stat().st_mode & 0o777 | 0o444)

    return cache.entry(_KIND, hash_of(path.name, str(path.stat().st_mode), file_hash(path, cache)), make)
