"""A queue that is read for a function.

Sources: Lambda developer guide, "Using Lambda with Amazon SQS" (a batch is sent when it is whole, when its window is
over, or at 6 MB), "Handling errors for an SQS event source in Lambda" (what failed comes back after the queue's
visibility timeout; a throttled batch is tried until then), "Using event filtering with an Amazon SQS event source"
(what no filter lets through is deleted), "Configuring scaling behavior for SQS event source mappings".
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Sequence

from msgspec import Struct

from samlocal.errors import SamlocalError
from samlocal.sandbox.tasks import Tasks
from samlocal.sources.batch_answer import failed_items
from samlocal.sources.event_source import EventSource
from samlocal.sources.filters import passes
from samlocal.sources.happening import BatchRun, Doubtful, Filtered, Stopped
from samlocal.sources.mapping import Record
from samlocal.sources.means import Means
from samlocal.sources.pace import backoff
from samlocal.sources.queue import AT_ONCE, Queue
from samlocal.sources.queue_event import queue_record, within_limit
from samlocal.sources.running import Ran, Runs

# How long one call waits for messages: the end of the command waits for it.
_WAIT_SECONDS = 1


class _Batch(Struct, frozen=True, kw_only=True):
    """``until`` is when others see its messages again, on the clock."""

    records: Sequence[Record]
    until: float


class QueuePoller:
    """Reads until its pace is stopped. ``at_once`` is how many batches run at once.

    ``timeout`` is the function's, in seconds.
    """

    def __init__(
        self,
        mapping: EventSource,
        queue: Queue,
        runs: Runs,
        *,
        timeout: int,
        at_once: int,
        means: Means,
    ) -> None:
        self._mapping = mapping
        self._queue = queue
        self._runs = runs
        self._timeout = timeout
        self._free = asyncio.Semaphore(at_once)
        self._told = means.told
        self._pace = means.pace
        self._in_thread = means.in_thread
        self._clock = means.clock
        self._visibility = 0

    async def poll(self) -> None:
        """Returns when it is stopped, and nothing runs any more. Raises SamlocalError where the queue is away."""
        self._visibility = await self._in_thread(self._queue.visibility)
        if self._visibility < self._timeout:
            reason = (
                f"Queue visibility timeout: {self._visibility} seconds is less than Function timeout: "
                f"{self._timeout} seconds"
            )
            self._told(Doubtful(mapping=self._mapping, reason=reason))
        failures: list[BaseException] = []
        batches = Tasks(failures.append)
        try:
            while not self._pace.stopped and not failures:
                await self._free.acquire()
                batch = await self._collected()
                if batch is None:
                    self._free.release()
                else:
                    batches.start(self._handled(batch))
        except asyncio.CancelledError:
            await batches.end()
            raise
        finally:
            await batches.done()
        for failure in failures:
            raise failure

    async def _collected(self) -> _Batch | None:
        """The next batch, None where nothing has come for a while, or nothing that a filter lets through."""
        mapping, wanted = self._mapping, self._mapping.batch_size
        records = await self._received(min(wanted, AT_ONCE), _WAIT_SECONDS)
        received = self._clock.now()
        ends = received + mapping.window
        while records and mapping.window and len(records) < wanted and not self._pace.stopped:
            left = ends - self._clock.now()
            if left <= 0 or len(list(within_limit(records))) > 1:
                break
            records += await self._received(min(wanted - len(records), AT_ONCE), min(_WAIT_SECONDS, math.ceil(left)))
        if not records:
            return None
        if self._pace.stopped:
            await self._hide(records, 0)
            return None
        return _Batch(records=records, until=received + self._visibility)

    async def _received(self, count: int, wait: int) -> list[Record]:
        messages = await self._in_thread(lambda: self._queue.receive(count, wait=wait))
        records = [queue_record(each, self._mapping) for each in messages]
        if self._pace.stopped:
            # They came at the last moment: whoever reads next has them.
            await self._hide(records, 0)
            return []
        kept: list[Record] = []
        dropped: list[Record] = []
        for each in records:
            (kept if passes(each, self._mapping.filters, kind=self._mapping.kind) else dropped).append(each)
        if dropped:
            await self._in_thread(lambda: self._queue.delete(_handles(dropped)))
            self._told(Filtered(mapping=self._mapping, records=len(dropped)))
        return kept

    async def _handled(self, batch: _Batch) -> None:
        try:
            for part in within_limit(self._without_loops(batch.records)):
                await self._run(part, until=batch.until)
        finally:
            self._free.release()

    def _without_loops(self, records: Sequence[Record]) -> Sequence[Record]:
        """AWS refuses to run the others: they are seen again, until their queue gives them up."""
        run = [each for each in records if not self._mapping.is_loop(_trace(each))]
        if len(run) < len(records):
            self._told(Stopped(mapping=self._mapping, records=len(records) - len(run)))
        return run

    async def _run(self, records: Sequence[Record], *, until: float) -> None:
        attempt, payload = 1, self._mapping.event(records)
        while True:
            ran, until = await self._ran(records, payload, until=until)
            if ran.result is not None:
                break
            pause = min(backoff(attempt), until - self._clock.now())
            attempt += 1
            if pause <= 0:
                # Others see them again.
                return
            if not await self._pace.pause(pause):
                await self._hide(records, 0)
                return
        ids = [each["messageId"] for each in records]
        failed = failed_items(ran.result, ids, reports=self._mapping.reports_failures)
        handled = [each for each in records if each["messageId"] not in failed]
        await self._in_thread(lambda: self._queue.delete(_handles(handled)))
        self._told(
            BatchRun(
                mapping=self._mapping,
                request_id=ran.request_id,
                records=len(records),
                failed=len(failed),
                again=f"seen again {self._visibility:g} s after they were received",
            )
        )

    async def _ran(self, records: Sequence[Record], payload: bytes, *, until: float) -> tuple[Ran, float]:
        """What comes of it, and when others see the messages again.

        On AWS a function's timeout is no longer than its queue's visibility timeout (CreateEventSourceMapping). Here
        an event may wait for a sandbox that is still being made, or a debugger holds the function: they stay hidden.
        """
        # Of the one that has come round most often, so that no loop hides behind others.
        trace = max(map(_trace, records), key=self._mapping.rounds)
        running = asyncio.ensure_future(self._runs(payload, trace=trace))
        try:
            while not running.done():
                await asyncio.wait({running}, timeout=self._visibility / 2 or None)
                if not running.done():
                    # Where the queue is away, their deletion says so.
                    with contextlib.suppress(SamlocalError):
                        await self._hide(records, self._visibility)
                    until = self._clock.now() + self._visibility
        finally:
            running.cancel()
        return running.result(), until

    async def _hide(self, records: Sequence[Record], seconds: int) -> None:
        await self._in_thread(lambda: self._queue.hide(_handles(records), seconds))


def _trace(record: Record) -> str | None:
    trace: str | None = record["attributes"].get("AWSTraceHeader")
    return trace


def _handles(records: Sequence[Record]) -> list[str]:
    return [each["receiptHandle"] for each in records]
