"""One shard of a stream that is read for a function.

Source: Lambda developer guide, "Polling and batching streams": a batch is sent when it is whole, when its window is
over, or at 6 MB; with a parallelization factor so many batches of a shard run at once, and records of the same key
stay in their order.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import OrderedDict, deque
from collections.abc import Coroutine, Sequence
from itertools import islice, takewhile
from typing import Any

from samlocal.aws import AwsCallError
from samlocal.sources.event_source import EventSource
from samlocal.sources.filters import passes
from samlocal.sources.happening import Filtered
from samlocal.sources.mapping import AtTimestamp, Latest, StreamOptions, TrimHorizon
from samlocal.sources.means import Means
from samlocal.sources.positions import Positions
from samlocal.sources.queue_event import within_limit
from samlocal.sources.stream import After, Position, Shard, Stream, StreamRecord
from samlocal.sources.stream_batches import StreamBatches
from samlocal.sources.tumbling_window import OpenWindow, TumblingWindow, window_start

_EXPIRED = "ExpiredIteratorException"


class _Order:
    """Which records have been read, and up to which all are done with."""

    def __init__(self, shard: str, positions: Positions) -> None:
        self._shard = shard
        self._positions = positions
        self._open: OrderedDict[str, bool] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def add(self, record: StreamRecord) -> None:
        self._open[record.sequence] = False

    def done(self, records: Sequence[StreamRecord]) -> None:
        for each in records:
            self._open[each.sequence] = True
        last = None
        while self._open and self._open[next(iter(self._open))]:
            last, _ = self._open.popitem(last=False)
        if last is not None:
            self._positions.done(self._shard, last)


class _Lane:
    """Records whose order is kept among one another, the batch of them that runs, and its tumbling window."""

    def __init__(self, mapping: EventSource) -> None:
        self._mapping = mapping
        self._waiting: deque[tuple[StreamRecord, float]] = deque()
        self.running: asyncio.Task[None] | None = None
        self.window: TumblingWindow | None = None

    @property
    def first(self) -> StreamRecord | None:
        """The one that waits longest."""
        return self._waiting[0][0] if self._waiting else None

    def add(self, record: StreamRecord, now: float) -> None:
        self._waiting.append((record, now))

    def due(self, now: float) -> float | None:
        """When its next batch is sent, on the clock; None where there is nothing to send."""
        if not self._waiting:
            return None
        size, window = self._mapping.batch_size, self._mapping.window
        if not window or len(self._waiting) >= size:
            return now
        first = self._waiting[0][1]
        whole = next(within_limit([each.record for each, _ in self._waiting]))
        return now if len(whole) < len(self._waiting) else first + window

    def batch(self) -> list[StreamRecord]:
        some = [each for each, _ in islice(self._waiting, self._mapping.batch_size)]
        if self.window is not None:
            some = list(takewhile(self.window.has, some))
        whole = next(within_limit([each.record for each in some]))
        for _ in whole:
            self._waiting.popleft()
        return some[: len(whole)]


class ShardReader:
    """Reads until its end, or until its pace is stopped. ``rest`` is how long it waits for more, in seconds."""

    def __init__(
        self,
        mapping: EventSource,
        options: StreamOptions,
        stream: Stream,
        shard: Shard,
        positions: Positions,
        batches: StreamBatches,
        *,
        is_new: bool,
        rest: float,
        means: Means,
    ) -> None:
        """``is_new`` says that the shard has come while the stream was read."""
        self._mapping = mapping
        self._stream = stream
        self._shard = shard
        self._closed = shard.closed
        self._positions = positions
        self._batches = batches
        self._is_new = is_new
        self._rest = rest
        self._told = means.told
        self._pace = means.pace
        self._in_thread = means.in_thread
        self._clock = means.clock
        self._lanes = [_Lane(mapping) for _ in range(options.lanes)]
        self._tumbling = options.tumbling
        # Until when all records are known that came, in epoch seconds.
        self._seen_until = 0.0
        # So many records are read ahead.
        self._most = 2 * mapping.batch_size * options.lanes
        self._order = _Order(shard.id, positions)
        self._last: str | None = None
        self._iterator: str | None = None
        self._since = 0.0

    def close(self) -> None:
        """Nothing is added to the shard any more."""
        self._closed = True

    async def read(self) -> None:
        """Raises SamlocalError where the stream is away. What runs comes to its end before."""
        try:
            await self._begin()
            while not self._pace.stopped:
                more = self._iterator is not None and len(self._order) < self._most and await self._fetched()
                self._start()
                if self._iterator is None and not len(self._order) and not any(each.window for each in self._lanes):
                    return
                if not more:
                    await self._waited()
        except asyncio.CancelledError:
            for each in self._running:
                each.cancel()
            raise
        finally:
            # What has not been done with then is read again.
            if running := self._running:
                await asyncio.wait(running)

    async def _begin(self) -> None:
        position = self._positions.of(self._shard.id)
        if self._is_new and isinstance(position, Latest):
            position = TrimHorizon()
        self._iterator = await self._iterator_at(position)
        if self._iterator is None and isinstance(position, After):
            # The stream keeps it no longer.
            self._positions.forget(self._shard.id)
            self._iterator = await self._iterator_at(TrimHorizon())
        elif isinstance(position, AtTimestamp):
            self._since = position.timestamp
        opened = self._positions.window(self._shard.id) if self._tumbling else None
        if opened is not None:
            self._lanes[0].window = self._window(opened)

    async def _iterator_at(self, position: Position) -> str | None:
        return await self._in_thread(lambda: self._stream.iterator(self._shard.id, position))

    async def _fetched(self) -> bool:
        """Reads the next records; says whether there may be more at once."""
        iterator, limit = self._iterator, self._most - len(self._order)
        # What was closed before it was asked has all that it will ever have.
        closed, asked = self._closed, self._clock.epoch()
        if iterator is None:
            return False
        try:
            page = await self._in_thread(lambda: self._stream.page(self._shard.id, iterator, limit))
        except AwsCallError as error:
            if error.code != _EXPIRED:
                raise
            self._iterator = await self._iterator_at(
                After(sequence=self._last) if self._last else self._positions.of(self._shard.id)
            )
            return True
        self._take(page.records)
        self._seen_until = page.records[-1].arrived if page.records else asked
        at_end = page.following is None or (closed and not page.records)
        self._iterator = None if at_end else page.following
        return len(page.records) >= limit

    def _take(self, records: Sequence[StreamRecord]) -> None:
        now = self._clock.now()
        older: list[StreamRecord] = []
        filtered: list[StreamRecord] = []
        for each in records:
            self._last = each.sequence
            self._order.add(each)
            if each.arrived < self._since:
                older.append(each)
            elif passes(each.record, self._mapping.filters, kind=self._mapping.kind):
                self._lanes[zlib.crc32(each.key.encode()) % len(self._lanes)].add(each, now)
            else:
                filtered.append(each)
        self._order.done([*older, *filtered])
        if filtered:
            self._told(Filtered(mapping=self._mapping, records=len(filtered)))

    def _start(self) -> None:
        now = self._clock.now()
        for lane in self._lanes:
            if lane.running is not None and lane.running.done():
                running, lane.running = lane.running, None
                # A fault of samlocal's own.
                running.result()
            if lane.running is None and (work := self._next(lane, now)) is not None:
                lane.running = asyncio.create_task(work)

    def _next(self, lane: _Lane, now: float) -> Coroutine[Any, Any, None] | None:
        """What a lane is to do now."""
        if lane.window is not None and self._is_over(lane, lane.window):
            return self._close(lane, lane.window)
        due, first = lane.due(now), lane.first
        if due is None or first is None or (due > now and self._iterator is not None):
            return None
        if self._tumbling and lane.window is None:
            lane.window = self._window(OpenWindow(start=window_start(first, self._tumbling), state={}))
        return self._batches.run(self._shard.id, lane.batch(), self._order.done, lane.window)

    def _window(self, opened: OpenWindow) -> TumblingWindow:
        return TumblingWindow(
            opened,
            seconds=self._tumbling,
            shard=self._shard.id,
            source=self._mapping.source,
            kept=lambda window: self._positions.keep_window(self._shard.id, window),
        )

    def _is_over(self, lane: _Lane, window: TumblingWindow) -> bool:
        """Whether nothing more comes of it: AWS waits up to two minutes for that, which sees less of its streams."""
        if window.is_full:
            return True
        if lane.first is not None:
            return not window.has(lane.first)
        return self._iterator is None or self._seen_until >= window.end

    async def _close(self, lane: _Lane, window: TumblingWindow) -> None:
        early = window.is_full or (lane.first is None and self._clock.epoch() < window.end)
        if await self._batches.close(window, early=early):
            window.over()
            lane.window = None

    async def _waited(self) -> None:
        """Until a batch is over, or there may be more to read or to send."""
        pausing = asyncio.ensure_future(self._pace.pause(self._rest))
        try:
            await asyncio.wait({pausing, *self._running}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            pausing.cancel()

    @property
    def _running(self) -> set[asyncio.Task[None]]:
        return {lane.running for lane in self._lanes if lane.running is not None}
