"""What has come into a stream, a table's or Kinesis's: reading takes nothing from others but of what may be read."""

from __future__ import annotations

import math
import time
from collections import deque
from itertools import groupby
from operator import itemgetter

from samlocal.captured.arrivals import SECONDS, Arrivals, batches
from samlocal.sources.filters import passes
from samlocal.sources.mapping import AtTimestamp, Mapping
from samlocal.sources.stream import Shard, Stream, StreamRecord

_PAGE = 1_000

# DynamoDB gives empty pages on the way to the newest, and does not say where that is.
_EMPTY_PAGES = 5

# Readers of a shard of Kinesis share five calls a second (Kinesis API reference, GetRecords).
_REST_SECONDS = 0.2


class StreamArrivals:
    """Reading takes so many ``seconds`` at most, with a ``rest`` between two calls."""

    def __init__(
        self, stream: Stream, mapping: Mapping, *, seconds: float = SECONDS, rest: float = _REST_SECONDS
    ) -> None:
        self._stream = stream
        self._mapping = mapping
        self._until = time.monotonic() + seconds
        self._rest = rest
        self._read = self._filtered = 0

    def read(self, limit: int, *, since: float) -> Arrivals:
        """The newest records since a moment, in epoch seconds: up to so many of all shards together."""
        newest: list[tuple[str, StreamRecord]] = []
        is_whole = True
        for shard in self._stream.shards():
            records, is_read = self._shard(shard, limit, since)
            newest += [(shard.id, each) for each in records]
            is_whole = is_whole and is_read
        newest = sorted(newest, key=lambda each: each[1].arrived)[-limit:]
        # In a shard arrivals may be the same, and its numbers are not.
        newest.sort(key=lambda each: (each[0], int(each[1].sequence)))
        events = [
            event
            for _, records in groupby(newest, key=itemgetter(0))
            for event in batches([each.record for _, each in records], self._mapping)
        ]
        return Arrivals(events=events, read=self._read, filtered=self._filtered, is_whole=is_whole)

    def _shard(self, shard: Shard, limit: int, since: float) -> tuple[deque[StreamRecord], bool]:
        """The newest that the function gets of it, and whether the time sufficed."""
        newest: deque[StreamRecord] = deque(maxlen=limit)
        iterator = self._stream.iterator(shard.id, AtTimestamp(timestamp=since))
        empty = 0
        while iterator is not None and empty < _EMPTY_PAGES:
            if time.monotonic() >= self._until:
                return newest, False
            page = self._stream.page(shard.id, iterator, _PAGE)
            # A table's changes have whole seconds.
            recent = [each for each in page.records if each.arrived >= math.floor(since)]
            passing = [each for each in recent if passes(each.record, self._mapping.filters, kind=self._mapping.kind)]
            newest.extend(passing)
            self._read += len(recent)
            self._filtered += len(recent) - len(passing)
            iterator = None if page.is_newest else page.following
            empty = 0 if page.records else empty + 1
            if iterator is not None:
                time.sleep(self._rest)
        return newest, True
