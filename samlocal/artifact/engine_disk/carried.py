"""A container's mounts as its engine finds them: folders of this machine that it sees, else copies on its disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec.structs import replace

from samlocal.artifact.engine_disk.standpoint import Side, Standpoint
from samlocal.artifact.engine_disk.volumes import Owner, Volumes
from samlocal.engine import Engine, Mount
from samlocal.errors import CodeError, ConfigurationError, system_reason


def carried(
    mounts: Iterable[Mount],
    standpoint: Standpoint | None,
    engine: Engine,
    *,
    image: str,
    owner: Owner,
    kept: Callable[[Path], str | None],
    sent: Callable[[int], None] = lambda _: None,
) -> tuple[Mount, ...]:
    """The same mounts, each with the place that its engine has for it; what is not there is put there.

    ``kept`` gives the key of a folder that is there for functions to write to and holds nothing else; ``sent`` hears
    how many bytes are sent. Raises EngineError, ConfigurationError, CodeError where a file cannot be read.
    """
    given = tuple(mounts)
    if standpoint is None or standpoint.side is Side.BESIDE:
        return given
    places = {mount.source: standpoint.place(mount.source) for mount in given}
    absent = [mount for mount in given if places[mount.source] is None]
    volumes = Volumes(engine, standpoint, image=image, owner=owner, sent=sent)
    beside: dict[Path, dict[str, Path]] = {}
    for mount in absent:
        if mount.writable:
            key = kept(mount.source)
            if key is None:
                raise ConfigurationError(
                    f"The engine does not see {mount.source}, which is to be written to at {mount.target}.",
                    tip=f"{mount.target}=FOLDER:ro mounts a copy.",
                )
            places[mount.source] = volumes.shared(key)
        elif mount.source.is_dir():
            places[mount.source] = _place(volumes, {"": mount.source})
        else:
            beside.setdefault(mount.source.parent, {})[mount.source.name] = mount.source
    for files in beside.values():
        place = _place(volumes, files)
        places |= {file: f"{place}/{name}" for name, file in files.items()}
    return tuple(replace(mount, seen_as=places[mount.source]) for mount in given)


def _place(volumes: Volumes, sources: dict[str, Path]) -> str:
    try:
        return volumes.place(sources)
    except OSError as error:
        raise CodeError(f"What a function mounts cannot be read: {system_reason(error)}.") from error
