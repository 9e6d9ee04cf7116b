"""samlocal's own files, as a sandbox mounts them from where samlocal is installed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from samlocal.artifact.cache import Cache
from samlocal.artifact.code.packaged import packaged
from samlocal.artifact.code.packaging import PackagingError
from samlocal.artifact.code.private_folders import PrivateFolders
from samlocal.engine import Mount
from samlocal.errors import ConfigurationError


def readable(folder: Path, cache: Cache) -> Path:
    """The folder, or a copy where only its owner can read it: git and pip make it so under a umask of 077.

    Raises ConfigurationError.
    """
    try:
        return packaged(folder, cache, mounted_at="/.samlocal", private=PrivateFolders(allowed=True)).folder
    except (OSError, PackagingError) as error:
        raise ConfigurationError(
            f"samlocal's own files in {folder} cannot be given to functions: {error}.",
            tip="Install samlocal anew, where you can read its files.",
        ) from error


def readable_mounts(mounts: Iterable[Mount], cache: Cache) -> tuple[Mount, ...]:
    """The same mounts, of what the function's user can read. Raises ConfigurationError."""
    return tuple(
        replace(mount, source=readable(mount.source, cache))
        if mount.source.is_dir()
        else replace(mount, source=readable(mount.source.parent, cache) / mount.source.name)
        for mount in mounts
    )
