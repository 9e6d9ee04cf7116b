"""A batch of a stream's records, tried until it is done with: handled, or given up.

Sources: Lambda developer guide, "Retain discarded batch records for a Kinesis Data Streams event source" (what cannot
be run is tried until it is too old; what fails also until its retries are over; to split a batch uses none of them)
and "Configuring partial batch response with Kinesis Data Streams and Lambda" (the lowest sequence number that has
failed is where it goes on, and where a batch is split).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from samlocal.errors import SamlocalError
from samlocal.sandbox.result import Result
from samlocal.sources.batch_answer import failed_items
from samlocal.sources.discards import Condition, Discard, Discards
from samlocal.sources.event_source import EventSource
from samlocal.sources.happening import BatchRun, Discarded
from samlocal.sources.mapping import StreamOptions
from samlocal.sources.means import Means
from samlocal.sources.pace import backoff
from samlocal.sources.running import Runs
from samlocal.sources.stream import StreamRecord
from samlocal.sources.tumbling_window import TumblingWindow, state_of


class _Part(Struct, frozen=True, kw_only=True):
    """Records that are run together. ``retried`` counts against the retries, ``invoked`` are all tries so far."""

    records: Sequence[StreamRecord]
    retried: int = 0
    invoked: int = 0
    request_id: str = ""
    result: Result | None = None


class StreamBatches:
    """Runs batches of one mapping. ``discards`` takes what is told of records that are given up."""

    def __init__(
        self,
        mapping: EventSource,
        options: StreamOptions,
        runs: Runs,
        discards: Discards,
        *,
        means: Means,
    ) -> None:
        self._mapping = mapping
        self._options = options
        self._runs = runs
        self._discards = discards
        self._told = means.told
        self._pace = means.pace
        self._in_thread = means.in_thread
        self._clock = means.clock

    async def run(
        self,
        shard: str,
        records: Sequence[StreamRecord],
        done: Callable[[Sequence[StreamRecord]], None],
        window: TumblingWindow | None = None,
    ) -> None:
        """Until all are done with, which ``done`` hears of in their order, or until it is stopped.

        ``window`` is the one that they belong to.
        """
        parts = [_Part(records=records)]
        failures = 0
        while parts and not self._pace.stopped:
            part = await self._young(shard, parts.pop(0), done)
            if not part.records:
                continue
            payload = (
                window.event(part.records) if window else self._mapping.event([each.record for each in part.records])
            )
            ran = await self._runs(payload)
            if ran.result is None:
                # Nobody has tried: it stays what it is, and grows older.
                parts.insert(0, part)
                failures += 1
                await self._pace.pause(backoff(failures))
                continue
            sequences = [each.sequence for each in part.records]
            failed = failed_items(ran.result, sequences, reports=self._mapping.reports_failures)
            state = state_of(ran.result) if window else None
            if window and state is None:
                failed = frozenset(sequences)
            first = next((number for number, each in enumerate(sequences) if each in failed), len(sequences))
            handled, left = part.records[:first], part.records[first:]
            self._tell(ran.request_id, part, left)
            if handled:
                if window and state is not None:
                    window.take(state)
                done(handled)
            if not left:
                failures = 0
                continue
            rest = _Part(
                records=left,
                retried=part.retried,
                invoked=part.invoked + 1,
                request_id=ran.request_id,
                result=ran.result,
            )
            if self._options.bisects and len(left) > 1:
                parts[:0] = _split(rest, whole=not handled)
                continue
            if self._options.retries is not None and part.retried >= self._options.retries:
                await self._discard(shard, rest, Condition.RETRIES_EXHAUSTED)
                done(left)
                failures = 0
                continue
            failures += 1
            parts.insert(0, msgspec.structs.replace(rest, retried=part.retried + 1))
            await self._pace.pause(backoff(failures))

    async def close(self, window: TumblingWindow, *, early: bool) -> bool:
        """The last event of a window, which has no records: tried as a batch is. Whether it has come to its end."""
        failures = retried = 0
        while not self._pace.stopped:
            ran = await self._runs(window.event((), final=True, early=early))
            if ran.result is not None:
                if state_of(ran.result) is not None:
                    return True
                if self._options.retries is not None and retried >= self._options.retries:
                    self._told(
                        Discarded(
                            mapping=self._mapping, records=0, condition=Condition.RETRIES_EXHAUSTED.value, to=None
                        )
                    )
                    return True
                retried += 1
            failures += 1
            await self._pace.pause(backoff(failures))
        return False

    async def _young(self, shard: str, part: _Part, done: Callable[[Sequence[StreamRecord]], None]) -> _Part:
        """Without the records that have become too old, which are given up."""
        if self._options.age is None:
            return part
        oldest = self._clock.epoch() - self._options.age
        count = next(
            (number for number, each in enumerate(part.records) if each.arrived >= oldest), len(part.records)
        )
        if not count:
            return part
        old = msgspec.structs.replace(part, records=part.records[:count])
        await self._discard(shard, old, Condition.TOO_OLD)
        done(old.records)
        return msgspec.structs.replace(part, records=part.records[count:])

    async def _discard(self, shard: str, part: _Part, condition: Condition) -> None:
        """What is told of it goes where the mapping says; where that fails the records are given up all the same."""
        destination = self._options.on_failure
        discard = Discard(
            mapping=self._mapping,
            shard=shard,
            records=part.records,
            condition=condition,
            request_id=part.request_id,
            invoked=part.invoked,
            result=part.result,
        )
        to = problem = None
        if destination is not None:
            try:
                await self._in_thread(lambda: self._discards.send(destination.arn, discard))
                to = destination.arn
            except SamlocalError as error:
                problem = error.message
        self._told(
            Discarded(
                mapping=self._mapping, records=len(part.records), condition=condition.value, to=to, problem=problem
            )
        )

    def _tell(self, request_id: str, part: _Part, left: Sequence[StreamRecord]) -> None:
        self._told(
            BatchRun(
                mapping=self._mapping,
                request_id=request_id,
                records=len(part.records),
                failed=len(left),
                again="from the first of them on it is tried again, or given up",
            )
        )


def _split(part: _Part, *, whole: bool) -> list[_Part]:
    """In two halves; one of which a part has been handled is split there already."""
    if not whole:
        return [part]
    middle = len(part.records) // 2
    halves = (part.records[:middle], part.records[middle:])
    return [msgspec.structs.replace(part, records=half) for half in halves]
