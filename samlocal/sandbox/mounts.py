"""Folders of this machine in a sandbox: those that the user names, and what stands in for a file system of AWS."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from samlocal.artifact.cache import Cache, hash_of
from samlocal.artifact.engine_disk.standpoint import Standpoint
from samlocal.engine import Mount
from samlocal.errors import ConfigurationError, system_reason
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
    of_user: bool,
    notice: Callable[[str], None],
) -> tuple[Mount, ...]:
    """The mounts of a function's sandbox; the engine is an ordinary user's own, if it is ``of_user``.

    Raises ConfigurationError.
    """
    mounts: dict[str, Mount] = {}
    for mount in named:
        if not mount.folder.is_dir():
            raise ConfigurationError(f"--mount {mount.target}: there is no folder {mount.folder}.")
        if mount.target in mounts:
            raise ConfigurationError(f"--mount {mount.target} stands there twice.")
        mounts[mount.target] = Mount(source=mount.folder.resolve(), target=mount.target, writable=mount.writable)
        if mount.writable and not _can_write(mount.folder, of_user=of_user):
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
            f"The cache folder {cache.root} cannot be written: {system_reason(error)}.",
            tip="Name another with SAMLOCAL_CACHE_DIR.",
        ) from error
    return folder


def key_of_own(folder: Path, cache_folder: Path) -> str | None:
    """What tells a folder that stands in for a file system from others; None for any other folder."""
    return folder.name if folder.parent == cache_folder / _KIND else None


def groups_for(mounts: Sequence[Mount], *, of_user: bool) -> tuple[int, ...]:
    """The groups that may write where everybody may not, as containers have them: with them the function may, too.

    The engine is an ordinary user's own, if it is ``of_user``.
    """
    groups = (_lent_group(mount.source.stat(), of_user=of_user) for mount in mounts if mount.writable)
    return tuple(dict.fromkeys(group for group in groups if group is not None))


def _lent_group(status: os.stat_result, *, of_user: bool) -> int | None:
    if status.st_mode & stat.S_IWOTH or not status.st_mode & stat.S_IWGRP:
        return None
    if of_user:
        # user_namespaces(7): the user's own group is 0 in the containers of an engine of theirs; of others, which may
        # not be there, it knows nothing.
        return 0 if status.st_gid == os.getgid() != 0 else None
    # Root's own group is lent to nobody.
    return status.st_gid or None


def _can_write(folder: Path, *, of_user: bool) -> bool:
    """On Linux, where a mounted folder keeps its owner; an engine in a virtual machine lets everybody."""
    status = folder.stat()
    return (
        not sys.platform.startswith("linux")
        or bool(status.st_mode & stat.S_IWOTH)
        or _lent_group(status, of_user=of_user) is not None
        or (status.st_uid == _UID and not of_user)
    )
