"""Folders of this machine in a sandbox: those that the user names, and what stands in for a file system of AWS."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from samlocal.artifact.cache import Cache, hash_of
from samlocal.artifact.engine_disk.standpoint import Standpoint
from samlocal.engine import Mount
from samlocal.errors import ConfigurationError
from samlocal.function.file_systems import FileSystem
from samlocal.function.spec import FunctionSpec
from samlocal.own_folder import own_folder
from samlocal.sandbox.folder_mount import FolderMount

_KIND = "mounts"

_UID = 993


def mounts_of(
    function: FunctionSpec,
    named: Sequence[FolderMount],
    *,
    cache: Cache,
    standpoint: Standpoint,
    notice: Callable[[str], None],
) -> tuple[Mount, ...]:
    """The mounts of a function's sandbox. Raises ConfigurationError."""
    mounts: dict[str, Mount] = {}
    for mount in named:
        if not mount.folder.is_dir():
            raise ConfigurationError(f"--mount {mount.target}: there is no folder {mount.folder}.")
        if mount.target in mounts:
            raise ConfigurationError(f"--mount {mount.target} stands there twice.")
        mounts[mount.target] = Mount(source=mount.folder.resolve(), target=mount.target, writable=mount.writable)
        if mount.writable and not _can_write(mount.folder):
            notice(
                f"{mount.folder} cannot be written by the function, whose user is {_UID} as on Lambda. "
                f"`chmod a+rwx {mount.folder}` lets it, {mount.target}=FOLDER:ro says that it need not."
            )
    for system in function.file_systems:
        if system.path not in mounts:
            folder = _own_folder(cache, system)
            mounts[system.path] = Mount(source=folder, target=system.path, writable=True)
            if standpoint.place(folder) is None:
                said = "a volume of the engine's here, which does not see this disk."
            else:
                said = f"the folder {folder} here. --mount {system.path}=FOLDER names another."
            notice(f"{function.logical_id}: {system.path} is {said}")
    return tuple(mounts.values())


def _own_folder(cache: Cache, system: FileSystem) -> Path:
    key = hash_of(str(system.project.resolve()), system.access_point)
    try:
        folder = own_folder(cache.root / _KIND / key)
        # Nobody but the function comes as far: the folder above is its owner's alone.
        folder.chmod(0o777)
    except OSError as error:
        raise ConfigurationError(
            f"The cache folder {cache.root} cannot be written: {error}.", tip="Name another with SAMLOCAL_CACHE_DIR."
        ) from error
    return folder


def key_of_own(folder: Path, cache_folder: Path) -> str | None:
    """What tells a folder that stands in for a file system from others; None for any other folder."""
    return folder.name if folder.parent == cache_folder / _KIND else None


def groups_for(mounts: Sequence[Mount]) -> tuple[int, ...]:
    """The groups that may write where everybody may not: with them the function may, too."""
    groups = []
    for mount in mounts:
        if mount.writable:
            status = mount.source.stat()
            if not status.st_mode & stat.S_IWOTH and status.st_mode & stat.S_IWGRP and status.st_gid != 0:
                groups.append(status.st_gid)
    return tuple(dict.fromkeys(groups))


def _can_write(folder: Path) -> bool:
    """On Linux, where a mounted folder keeps its owner; an engine in a virtual machine lets everybody."""
    status = folder.stat()
    return (
        not sys.platform.startswith("linux")
        or bool(status.st_mode & stat.S_IWOTH)
        # Root's own group is lent to nobody.
        or (bool(status.st_mode & stat.S_IWGRP) and status.st_gid != 0)
        or status.st_uid == _UID
    )
