"""How far a stream has been read for a mapping, by shard.

On AWS the mapping remembers it, whoever is up. Here that is a file beside what is known of the local endpoint, whose
streams live as long as its process does; nothing is kept of a deployed environment's streams, where each start begins
with what comes then.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Self

from msgspec import Struct, field

from samlocal.records import read_record, write_record
from samlocal.sources.mapping import AtTimestamp, Latest, Start, TrimHorizon
from samlocal.sources.stream import After, Position
from samlocal.sources.tumbling_window import OpenWindow


class _Kept(Struct, kw_only=True):
    """``since`` is from when on what had not been read yet is read, None where it is from the oldest on."""

    source: str
    since: float | None
    after: dict[str, str] = field(default_factory=dict)
    windows: dict[str, OpenWindow] = field(default_factory=dict)


def positions_file(folder: Path, function_arn: str, mapping_id: str) -> Path:
    """Of each mapping of each function its own, in the folder of what lasts as long as the environment."""
    name = hashlib.sha256(f"{function_arn} {mapping_id}".encode()).hexdigest()[:16]
    return folder / f"read-{name}.json"


class Positions:
    """Those of one mapping in a stream, by its ``identity``; in a file, or in none. ``now`` is in epoch seconds."""

    def __init__(self, identity: str, start: Start, *, now: float, file: Path | None = None) -> None:
        self.identity = identity
        self._file = file
        self._start = start
        kept = read_record(file, _Kept) if file is not None else None
        if kept is None or kept.source != identity:
            kept = _Kept(source=identity, since=None if file is None else _since(start, now))
            if file is not None:
                write_record(file, kept)
        self._kept = kept

    @classmethod
    def so_far(cls, file: Path) -> Self | None:
        """As they are kept by whoever reads, None where nobody has read yet; to be looked at."""
        kept = read_record(file, _Kept)
        if kept is None:
            return None
        # It has no file: nothing of the reader's is written.
        looked_at = cls(kept.source, TrimHorizon(), now=0.0)
        looked_at._kept = kept
        return looked_at

    def of(self, shard: str) -> Position:
        """Where the shard is read on.

        Latest is of the shards that there are at first: one that comes later is read from its beginning.
        """
        if shard in self._kept.after:
            return After(sequence=self._kept.after[shard])
        since = self._kept.since
        return self._start if since is None else AtTimestamp(timestamp=since)

    def done(self, shard: str, sequence: str) -> None:
        """All up to this record is done with."""
        self._kept.after[shard] = sequence
        self._write()

    def window(self, shard: str) -> OpenWindow | None:
        """The tumbling window that was not over."""
        return self._kept.windows.get(shard)

    def keep_window(self, shard: str, window: OpenWindow | None) -> None:
        """None where none is open."""
        if window is None:
            self._kept.windows.pop(shard, None)
        else:
            self._kept.windows[shard] = window
        self._write()

    def forget(self, shard: str) -> None:
        """The shard is another one than it was, or has gone."""
        self._kept.after.pop(shard, None)
        self._kept.windows.pop(shard, None)
        self._write()

    def _write(self) -> None:
        if self._file is not None:
            write_record(self._file, self._kept)


def _since(start: Start, now: float) -> float | None:
    match start:
        case Latest():
            # Streams know a record's moment to the millisecond.
            return int(now * 1000) / 1000
        case AtTimestamp(timestamp=timestamp):
            return timestamp
    return None
