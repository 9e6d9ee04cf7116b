"""Trees of files on the engine's own disk, each put into a volume once for its content.

A volume holds a tree and those that came after it, of which only what had changed was sent. It is mounted by its
place on the engine's disk and not by its name: an engine makes a volume that somebody has removed anew, and empty,
where a place that is not there is refused.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from samlocal.artifact.cache import hash_of
from samlocal.artifact.engine_disk.standpoint import Standpoint
from samlocal.artifact.engine_disk.trees import COMPLETE, CONTENT, Items, archive, empty_archive, items_of, key_of
from samlocal.engine import Carrier, Engine
from samlocal.errors import EngineError
from samlocal.records import read_record, write_record

_VOLUMES = "samlocal-tree-"
_SHARED = "samlocal-files-"
_CARRIERS = "samlocal-fills"

# How long one process may take over a volume that another waits for.
_WAIT_SECONDS = 900.0
_LOOK_AGAIN_SECONDS = 0.1

# So many trees share a volume before the next one begins a new one: each has all its names.
_TREES = 50

_UNUSED_SECONDS = 7 * 86_400.0


class Owner(Protocol):
    """Who containers belong to: a session."""

    @property
    def labels(self) -> Mapping[str, str]: ...


class _Tree(Struct, frozen=True, kw_only=True):
    """What has been put last for a slot: in which volume, under which name, where that is, and what is in it."""

    volume: str
    folder: str
    name: str
    number: int
    items: Items

    @property
    def content(self) -> str:
        return f"{self.folder}/{self.name}/{CONTENT}"


class _NotNowError(Exception):
    """Somebody else is at the volume, or at the files."""


class Volumes:
    """Those of one engine. ``image`` is one that it has, and ``sent`` hears how many bytes go there."""

    def __init__(
        self,
        engine: Engine,
        standpoint: Standpoint,
        *,
        image: str,
        owner: Owner,
        sent: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._engine = engine
        self._records = standpoint.remembered
        self._image = image
        self._owner = owner
        self._sent = sent

    def place(self, sources: Mapping[str, Path]) -> str:
        """The folder on the engine's disk that has what ``items_of`` finds at the sources, put there if need be.

        Raises EngineError, OSError.
        """
        record = self._records / f"{hash_of(*(f'{name}={source}' for name, source in sorted(sources.items())))}.json"
        until = time.monotonic() + _WAIT_SECONDS
        while True:
            last = read_record(record, _Tree)
            items = items_of(sources, last.items if last else {})
            if last is not None and last.items == items:
                with suppress(OSError):
                    # Its date is that of its last use.
                    record.touch()
                return last.content
            with suppress(_NotNowError):
                put = self._put(sources, items, last)
                write_record(record, put)
                return put.content
            if time.monotonic() > until:
                raise EngineError(
                    f"Another samlocal has been filling a volume for {_WAIT_SECONDS / 60:.0f} minutes.",
                    tip=f"Remove its container where that is left over: `docker ps -a --filter name={_CARRIERS}`.",
                )
            time.sleep(_LOOK_AGAIN_SECONDS)

    def shared(self, key: str) -> str:
        """A folder on the engine's disk that keeps what functions write, and that everybody may write to.

        Raises EngineError.
        """
        name = f"{_SHARED}{key}"
        folder = self._engine.make_volume(name)
        with self._carrier(name) as carrier:
            # Another who is at it makes the same.
            if carrier is not None and not carrier.has(CONTENT):
                with tempfile.TemporaryFile() as file:
                    empty_archive(file)
                    file.seek(0)
                    carrier.put(file)
        return f"{folder}/{CONTENT}"

    def _put(self, sources: Mapping[str, Path], items: Items, last: _Tree | None) -> _Tree:
        """Raises _NotNowError."""
        key = key_of(items)
        if last is not None and last.number < _TREES:
            folder = self._engine.make_volume(last.volume)
            with self._carrier(last.volume) as carrier:
                if carrier is None:
                    raise _NotNowError
                # What it is to be linked to may have been removed, and the volume made anew.
                if carrier.has(f"{last.name}/{COMPLETE}"):
                    self._send(carrier, key, sources, items, last)
                    return replace(last, folder=folder, name=key, number=last.number + 1, items=items)
        volume = f"{_VOLUMES}{key}"
        folder = self._engine.make_volume(volume)
        with self._carrier(volume) as carrier:
            if carrier is None:
                raise _NotNowError
            self._send(carrier, key, sources, items, None)
        self._sweep(keep=volume)
        return _Tree(volume=volume, folder=folder, name=key, number=1, items=items)

    def _carrier(self, volume: str) -> AbstractContextManager[Carrier | None]:
        return self._engine.carrier(
            f"{_CARRIERS}-{volume}", image=self._image, volume=volume, labels=self._owner.labels
        )

    def _send(
        self, carrier: Carrier, name: str, sources: Mapping[str, Path], items: Items, before: _Tree | None
    ) -> None:
        """Raises _NotNowError where somebody has written to a file meanwhile."""
        if carrier.has(f"{name}/{COMPLETE}"):
            return
        with tempfile.TemporaryFile() as file:
            archive(file, sources, items, tree=name, before=(before.name, before.items) if before else None)
            if items_of(sources, items) != items:
                raise _NotNowError
            size = file.tell()
            file.seek(0)
            carrier.put(file)
        self._sent(size)

    def _sweep(self, *, keep: str) -> None:
        """Removes volumes that nobody has used for long, as far as can be told from here.

        Whoever still remembers one of them puts it there again.
        """
        used = {keep}
        now = time.time()
        for record in list(self._records.iterdir()) if self._records.is_dir() else ():
            with suppress(OSError):
                if now - record.stat().st_mtime > _UNUSED_SECONDS:
                    record.unlink()
                elif (tree := read_record(record, _Tree)) is not None:
                    used.add(tree.volume)
        old = [
            volume
            for volume in self._engine.volumes()
            if volume.name.startswith(_VOLUMES) and volume.name not in used and now - volume.made > _UNUSED_SECONDS
        ]
        if old:
            mounted = self._engine.mounted()
            for volume in old:
                if not any(Path(place).is_relative_to(volume.folder) for place in mounted):
                    self._engine.remove_volume(volume.name)
