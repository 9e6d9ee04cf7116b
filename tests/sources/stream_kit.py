"""A batch of a stream, run by a function that a test gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sources_kit import ANSWERS, FUNCTION, NOW, PLACE, RAISES, Clock, Function, Told, failures, run

from samlocal.errors import AwsError
from samlocal.sandbox.result import Result
from samlocal.sources.discards import Discard
from samlocal.sources.mapping import Destination, Latest, Mapping, SourceKind, StreamOptions
from samlocal.sources.means import Means
from samlocal.sources.pace import Pace
from samlocal.sources.stream import StreamRecord
from samlocal.sources.stream_batches import StreamBatches
from samlocal.sources.threads import Threads

QUEUE = f"arn:aws:sqs:{PLACE}:discarded"


class Kept:
    """Takes what is told of discarded records, or cannot."""

    def __init__(self, error: AwsError | None = None) -> None:
        self.sent: list[tuple[str, Discard]] = []
        self._error = error

    def send(self, arn: str, discard: Discard) -> None:
        if self._error is not None:
            raise self._error
        self.sent.append((arn, discard))


class Batch:
    """Records 1 to ``count`` of a stream, run by a function, and what came of it."""

    def __init__(
        self,
        answer: Callable[[list[str]], Result | None],
        *,
        count: int = 4,
        reports: bool = False,
        kind: SourceKind = SourceKind.STREAM,
        ages: dict[int, float] | None = None,
        discards: Kept | None = None,
        **options: Any,
    ) -> None:
        self.done: list[str] = []
        self.told = Told()
        self.clock = Clock()
        self.discards = discards or Kept()
        self.function = Function(lambda event: answer([each["n"] for each in event["Records"]]))
        service = "kinesis" if kind is SourceKind.STREAM else "dynamodb"
        self.mapping = Mapping(
            id="FnStream",
            uuid="the-uuid",
            callee=FUNCTION,
            kind=kind,
            source=f"arn:aws:{service}:{PLACE}:stream/clicks",
            batch_size=100,
            reports_failures=reports,
        )
        records = [
            StreamRecord(sequence=str(n), key="k", arrived=NOW - (ages or {}).get(n, 0.0), record={"n": str(n)})
            for n in range(1, count + 1)
        ]
        given = StreamOptions(start=Latest(), on_failure=Destination(arn=QUEUE), **options)

        async def test() -> None:
            with Threads() as threads:
                means = Means(
                    told=self.told.append,
                    pace=Pace(sleep=self.clock.sleep),
                    in_thread=threads,
                    clock=self.clock,
                )
                batches = StreamBatches(self.mapping, given, self.function, self.discards, means=means)
                await batches.run("shard-1", records, lambda some: self.done.extend(each.sequence for each in some))

        run(test)

    @property
    def runs(self) -> list[str]:
        """The records of each event."""
        return ["".join(each["n"] for each in event["Records"]) for event in self.function.events]

    @property
    def discarded(self) -> list[tuple[str, str]]:
        """The records that were given up, and why."""
        return [
            ("".join(each.sequence for each in discard.records), discard.condition.value)
            for _, discard in self.discards.sent
        ]


def fails_at(*bad: str) -> Callable[[list[str]], Result | None]:
    return lambda records: RAISES if set(bad) & set(records) else ANSWERS


def reports(*bad: str) -> Callable[[list[str]], Result | None]:
    return lambda records: failures(*(each for each in records if each in bad))
