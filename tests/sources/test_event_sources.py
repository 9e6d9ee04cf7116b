"""Which sources are read, and what becomes of one that cannot be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from sources_kit import Told, of_queue, run, until

from samlocal.aws import Aws
from samlocal.errors import AwsError, SamlocalError
from samlocal.sources.event_sources import EventSources, Reader
from samlocal.sources.happening import Interrupted
from samlocal.sources.mapping import Mapping
from samlocal.sources.pace import Pace

AWS = Aws(region="us-east-1")


class Readers:
    """Reads nothing, and says who would read what."""

    def __init__(self, *failures: SamlocalError, expires: float | None = None) -> None:
        self._failures = list(failures)
        self._expires = expires
        self.reading: list[str] = []
        self.log: list[str] = []
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def reader(self, _: Mapping) -> Reader:
        return Reader(aws=AWS, expires=self._expires)

    def poller(self, mapping: Mapping, _: Reader, pace: Pace) -> _Polls:
        return _Polls(self, mapping, pace)

    def failure(self) -> SamlocalError | None:
        return self._failures.pop(0) if self._failures else None


class _Polls:
    def __init__(self, readers: Readers, mapping: Mapping, pace: Pace) -> None:
        self._readers = readers
        self._mapping = mapping
        self._pace = pace

    async def poll(self) -> None:
        name = f"{self._mapping.source_name}/{self._mapping.batch_size}"
        if (failure := self._readers.failure()) is not None:
            raise failure
        self._readers.reading.append(name)
        self._readers.log.append(f"begins {name}")
        await self._pace.wait()
        await self._readers.may_end.wait()
        self._readers.reading.remove(name)
        self._readers.log.append(f"ends {name}")


class Sleep:
    """Remembers, and does not sleep; or, for long, sleeps for good."""

    def __init__(self, *, longest: float = 1000.0) -> None:
        self.seconds: list[float] = []
        self._longest = longest

    async def __call__(self, seconds: float) -> None:
        if seconds > self._longest:
            await asyncio.Event().wait()
        self.seconds.append(seconds)
        await asyncio.sleep(0)


def unforeseen(error: BaseException) -> None:
    raise error


def test_sources_are_read_as_mappings_come_and_go() -> None:
    async def test() -> None:
        readers, told = Readers(), Told()
        async with EventSources(readers, told=told.append, failed=unforeseen) as sources:
            sources.use([of_queue("a"), of_queue("b")])
            await until(lambda: sorted(readers.reading) == ["a/10", "b/10"])
            sources.use([of_queue("a"), of_queue("c")])
            await until(lambda: sorted(readers.reading) == ["a/10", "c/10"])
            # The same again is no news.
            assert readers.log.count("begins a/10") == 1
        assert readers.reading == []
        assert told == []

    run(test)


def test_a_mapping_that_has_changed_is_read_anew_once_what_it_has_begun_is_over() -> None:
    async def test() -> None:
        readers, told = Readers(), Told()
        async with EventSources(readers, told=told.append, failed=unforeseen) as sources:
            sources.use([of_queue("a")])
            await until(lambda: readers.reading == ["a/10"])
            readers.may_end.clear()
            sources.use([of_queue("a", batch_size=5)])
            sources.use([of_queue("a", batch_size=7)])
            await asyncio.sleep(0)
            assert readers.reading == ["a/10"]
            readers.may_end.set()
            await until(lambda: readers.reading == ["a/7"])
        assert readers.log[:2] == ["begins a/10", "ends a/10"]
        assert "begins a/5" not in readers.log

    run(test)


def test_a_source_that_cannot_be_read_is_told_and_tried_again_later_each_time() -> None:
    async def test() -> None:
        failures = [AwsError(f"away {number}") for number in range(3)]
        readers, told, sleep = Readers(*failures), Told(), Sleep()
        async with EventSources(readers, told=told.append, failed=unforeseen, sleep=sleep) as sources:
            sources.use([of_queue("a")])
            await until(lambda: readers.reading == ["a/10"])
        assert [(each.error.message, each.seconds) for each in told.of(Interrupted)] == [
            ("away 0", 1.0),
            ("away 1", 2.0),
            ("away 2", 4.0),
        ]
        assert sleep.seconds == [1.0, 2.0, 4.0]

    run(test)


def test_the_same_failure_again_is_told_once() -> None:
    async def test() -> None:
        failures = [AwsError(text) for text in ("away", "away", "gone", "gone", "away")]
        readers, told = Readers(*failures), Told()
        async with EventSources(readers, told=told.append, failed=unforeseen, sleep=Sleep()) as sources:
            sources.use([of_queue("a")])
            await until(lambda: readers.reading == ["a/10"])
        assert [each.error.message for each in told.of(Interrupted)] == ["away", "gone", "away"]

    run(test)


def test_a_source_that_could_not_be_read_is_tried_again_as_soon_as_there_is_news() -> None:
    async def test() -> None:
        # Nobody would wait for the pause to end.
        readers, told, sleep = Readers(AwsError("no such function")), Told(), Sleep(longest=0)
        async with EventSources(readers, told=told.append, failed=unforeseen, sleep=sleep) as sources:
            sources.use([of_queue("a")])
            await until(lambda: told.of(Interrupted))
            sources.use([of_queue("a")])
            await until(lambda: readers.reading == ["a/10"])

    run(test)


def test_who_reads_by_keys_that_end_gets_new_ones_before() -> None:
    async def test() -> None:
        readers, told, sleep = Readers(expires=3600.0), Told(), Sleep(longest=4000)
        async with EventSources(
            readers, told=told.append, failed=unforeseen, sleep=sleep, clock=lambda: 0.0
        ) as sources:
            sources.use([of_queue("a")])
            await until(lambda: readers.log.count("begins a/10") >= 2)
        assert sleep.seconds[0] == 3540.0
        assert told == []

    run(test)


def test_the_end_waits_for_what_runs_and_nothing_is_read_from_then_on() -> None:
    async def test() -> None:
        readers, told = Readers(), Told()
        sources = EventSources(readers, told=told.append, failed=unforeseen)
        await sources.__aenter__()
        sources.use([of_queue("a")])
        await until(lambda: readers.reading == ["a/10"])
        readers.may_end.clear()
        sources.stop()
        sources.use([of_queue("b")])
        ending: Awaitable[None] = asyncio.ensure_future(sources.__aexit__(None, None, None))
        await asyncio.sleep(0)
        assert readers.reading == ["a/10"]
        readers.may_end.set()
        await ending
        assert readers.log == ["begins a/10", "ends a/10"]

    run(test)
