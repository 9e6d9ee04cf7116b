"""A shard whose records come at their time, read in tumbling windows."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sources_kit import FUNCTION, NOW, PLACE, Clock, Function, Told, run

from samlocal.sandbox.result import Result, Success
from samlocal.sources.discards import Discard
from samlocal.sources.mapping import Mapping, SourceKind, StreamOptions, TrimHorizon
from samlocal.sources.means import Means
from samlocal.sources.pace import Pace
from samlocal.sources.positions import Positions
from samlocal.sources.shard_reader import ShardReader
from samlocal.sources.stream import Page, Position, Shard, StreamRecord
from samlocal.sources.stream_batches import StreamBatches
from samlocal.sources.threads import Threads

# A multiple of each window's length here.
BEGIN = int(NOW)
SOURCE = f"arn:aws:kinesis:{PLACE}:stream/clicks"

Answer = Callable[[dict[str, Any]], Result | None]


def adds(event: dict[str, Any]) -> Result:
    """What the documentation's own example does: one more for each record."""
    state = event["state"]
    for record in event["Records"]:
        state[record["n"]] = state.get(record["n"], 0) + 1
    return Success(payload=json.dumps({"state": state}).encode())


class Arriving:
    """A shard into which records come at their time, which is at its end at ``ends``."""

    def __init__(self, clock: Clock, arrivals: Sequence[float], ends: float) -> None:
        self._clock = clock
        self._ends = NOW + ends
        self._records = [
            StreamRecord(sequence=str(n), key="k", arrived=NOW + seconds, record={"n": str(n)})
            for n, seconds in enumerate(arrivals, 1)
        ]

    def identity(self) -> str:
        return SOURCE

    def shards(self) -> Sequence[Shard]:
        return [Shard(id="shard-1")]

    def iterator(self, shard: str, position: Position) -> str:
        return getattr(position, "sequence", "0")

    def page(self, shard: str, iterator: str, limit: int) -> Page:
        first, now = int(iterator), self._clock.epoch()
        some = [each for each in self._records[first : first + limit] if each.arrived <= now]
        at_end = now >= self._ends and first + len(some) == len(self._records)
        return Page(records=some, following=None if at_end else str(first + len(some)))


class NoDiscards:
    def send(self, arn: str, discard: Discard) -> None:
        raise AssertionError("nothing is sent anywhere")


class Windows:
    """A shard that has been read to its end, or until the function was run so often."""

    def __init__(
        self,
        arrivals: Sequence[float],
        *,
        ends: float = 100.0,
        answer: Answer = adds,
        file: Path | None = None,
        stops_after: int | None = None,
        batch_size: int = 100,
        reports: bool = False,
        **options: Any,
    ) -> None:
        clock = Clock()
        pace = Pace(sleep=clock.sleep)
        self.told = Told()

        def answered(event: dict[str, Any]) -> Result | None:
            if len(self.function.events) == stops_after:
                pace.stop()
            return answer(json.loads(json.dumps(event)))

        self.function = Function(answered)
        mapping = Mapping(
            id="FnStream",
            uuid="the-uuid",
            callee=FUNCTION,
            kind=SourceKind.STREAM,
            source=SOURCE,
            batch_size=batch_size,
            reports_failures=reports,
        )
        given = StreamOptions(start=TrimHorizon(), **{"tumbling": 10, **options})

        async def test() -> None:
            with Threads() as threads:
                means = Means(told=self.told.append, pace=pace, in_thread=threads, clock=clock)
                stream = Arriving(clock, arrivals, ends)
                batches = StreamBatches(mapping, given, self.function, NoDiscards(), means=means)
                positions = Positions(SOURCE, given.start, now=NOW, file=file)
                await ShardReader(
                    mapping,
                    given,
                    stream,
                    Shard(id="shard-1"),
                    positions,
                    batches,
                    is_new=False,
                    rest=1.0,
                    means=means,
                ).read()

        run(test)

    @property
    def events(self) -> list[tuple[str, int, dict[str, Any], str]]:
        """The records of each, when its window begins, its state, and what it says of the window's end."""
        return [
            (
                "".join(record["n"] for record in event["Records"]),
                _seconds(event["window"]["start"]) - BEGIN,
                event["state"],
                " ".join(
                    word
                    for word, name in (("final", "isFinalInvokeForWindow"), ("early", "isWindowTerminatedEarly"))
                    if event[name]
                ),
            )
            for event in self.function.events
        ]


def _seconds(text: str) -> int:
    return int(datetime.datetime.fromisoformat(text).timestamp())


def at_first(*first: Result, then: Answer = adds) -> Answer:
    left = list(first)
    return lambda event: left.pop(0) if left else then(event)
