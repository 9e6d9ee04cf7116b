"""A stream that is read for a function: all its shards at once, each behind those that it was made of.

Source: Amazon Kinesis Data Streams developer guide, "Strategies for resharding" and Amazon DynamoDB developer guide,
"DynamoDB Streams": a shard's parents are read before it, so that records of a key stay in their order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from samlocal.sources.discards import Discards
from samlocal.sources.event_source import EventSource
from samlocal.sources.mapping import StreamOptions
from samlocal.sources.means import Means
from samlocal.sources.positions import Positions
from samlocal.sources.running import Runs
from samlocal.sources.shard_reader import ShardReader
from samlocal.sources.stream import Shard, Stream
from samlocal.sources.stream_batches import StreamBatches

_SHARDS_SECONDS = 5.0


class StreamPoller:
    """Reads until its pace is stopped.

    ``opened`` gives the positions in a stream of this identity. ``rest`` is how long a shard that has nothing is left
    alone, in seconds.
    """

    def __init__(
        self,
        mapping: EventSource,
        options: StreamOptions,
        stream: Stream,
        runs: Runs,
        discards: Discards,
        *,
        opened: Callable[[str], Positions],
        rest: float,
        means: Means,
    ) -> None:
        self._mapping = mapping
        self._options = options
        self._stream = stream
        self._opened = opened
        self._rest = rest
        self._means = means
        self._pace = means.pace
        self._in_thread = means.in_thread
        self._batches = StreamBatches(mapping, options, runs, discards, means=means)
        self._reading: dict[str, tuple[ShardReader, asyncio.Task[None]]] = {}
        self._over: set[str] = set()
        self._first: set[str] | None = None

    async def poll(self) -> None:
        """Returns when it is stopped, and nothing runs any more. Raises SamlocalError where the stream is away."""
        positions = self._opened(await self._in_thread(self._stream.identity))
        try:
            while not self._pace.stopped:
                self._begin(await self._in_thread(self._stream.shards), positions)
                await self._waited()
                self._ended()
        except asyncio.CancelledError:
            for task in self._tasks:
                task.cancel()
            raise
        finally:
            # Where one shard cannot be read the others begin anew with it.
            self._pace.stop()
            if tasks := self._tasks:
                await asyncio.wait(tasks)
                for task in tasks:
                    # It is raised below, or another one was before.
                    _ = task.cancelled() or task.exception()
        self._ended()

    def _begin(self, shards: Sequence[Shard], positions: Positions) -> None:
        there = {each.id for each in shards}
        if self._first is None:
            self._first = there
        for shard in shards:
            if shard.closed and shard.id in self._reading:
                self._reading[shard.id][0].close()
            waits = any(parent in there and parent not in self._over for parent in shard.parents)
            if shard.id in self._reading or shard.id in self._over or waits:
                continue
            reader = ShardReader(
                self._mapping,
                self._options,
                self._stream,
                shard,
                positions,
                self._batches,
                is_new=shard.id not in self._first,
                rest=self._rest,
                means=self._means,
            )
            self._reading[shard.id] = reader, asyncio.create_task(reader.read())

    async def _waited(self) -> None:
        """Until a shard is at its end, or there may be others."""
        pausing = asyncio.ensure_future(self._pace.pause(_SHARDS_SECONDS))
        try:
            await asyncio.wait({pausing, *self._tasks}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            pausing.cancel()

    def _ended(self) -> None:
        """Raises what a reader has ended with."""
        for name, (_, task) in list(self._reading.items()):
            if task.done():
                del self._reading[name]
                task.result()
                self._over.add(name)

    @property
    def _tasks(self) -> set[asyncio.Task[None]]:
        return {task for _, task in self._reading.values()}
