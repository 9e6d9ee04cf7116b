"""What a build in a container reads and makes, where the engine does not see this disk: sent, and brought back."""

from __future__ import annotations

import os
import tarfile
import tempfile
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from msgspec.structs import replace

from samlocal.artifact.engine_disk.standpoint import Standpoint
from samlocal.engine import ContainerSpec, Engine, Mount
from samlocal.errors import BuildError


class Exchange:
    """Of one container. ``spec`` is the container's, which mounts only what the engine sees.

    Of what it does not see the places ``made`` are brought back, and those below ``empty`` are neither sent nor
    brought.
    """

    def __init__(
        self, wanted: ContainerSpec, standpoint: Standpoint, *, made: Collection[str], empty: PurePosixPath
    ) -> None:
        places = [(mount, standpoint.place(mount.source)) for mount in wanted.mounts]
        self.spec = replace(
            wanted, mounts=tuple(replace(mount, seen_as=place) for mount, place in places if place is not None)
        )
        self._sent = tuple(mount for mount, place in places if place is None)
        self._made = made
        self._empty = empty

    def send(self, engine: Engine, container: str) -> None:
        """Fills a container that has been made by ``spec`` and not started. Raises EngineError, OSError."""
        if not self._sent:
            return
        with tempfile.TemporaryFile() as file:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as tar:
                for mount in self._sent:
                    tar.add(
                        mount.source,
                        mount.target.lstrip("/"),
                        recursive=not PurePosixPath(mount.target).is_relative_to(self._empty),
                        filter=_as_own,
                    )
            file.seek(0)
            engine.unpack(container, "/", file)

    def bring_back(self, engine: Engine, container: str) -> None:
        """Takes what it has made out of a container that has ended. Raises EngineError, BuildError."""
        for mount in self._sent:
            if mount.target in self._made:
                self._bring(engine, container, mount)

    def _bring(self, engine: Engine, container: str, mount: Mount) -> None:
        with tempfile.TemporaryFile() as file:
            engine.pack(container, mount.target, file)
            file.seek(0)
            try:
                # It holds the folder itself, by its own name.
                with (
                    tempfile.TemporaryDirectory(dir=mount.source.parent) as beside,
                    tarfile.open(fileobj=file) as tar,
                ):
                    # Python before 3.11.4 knows no filters (its documentation, tarfile, "Extraction filters").
                    tar.extraction_filter = getattr(tarfile, "tar_filter", None)
                    tar.extractall(beside)  # noqa: S202 - filtered
                    _move(Path(beside) / PurePosixPath(mount.target).name, mount.source)
            except (tarfile.TarError, OSError) as error:
                raise BuildError(f"What the build has made cannot be brought to {mount.source}: {error}.") from error


def _as_own(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """The build runs under the user's own numbers."""
    entry.uid, entry.gid, entry.uname, entry.gname = os.getuid(), os.getgid(), "", ""
    return entry


def _move(made: Path, into: Path) -> None:
    """Puts what is in a folder in the place of what has the same name; folders that are there stay."""
    for child in list(made.iterdir()):
        target = into / child.name
        if child.is_dir() and not child.is_symlink() and target.is_dir() and not target.is_symlink():
            _move(child, target)
        else:
            child.replace(target)
