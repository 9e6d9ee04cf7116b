"""All event sources of a project: those of the template's mappings are read, as it is now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Protocol, Self

from msgspec import Struct

from samlocal.aws import Aws
from samlocal.errors import ConfigurationError, SamlocalError
from samlocal.sandbox.tasks import Tasks
from samlocal.sources.event_source import EventSource
from samlocal.sources.happening import Interrupted, Told
from samlocal.sources.pace import Pace, Sleep, backoff

# A source that has been read for so long is read anew at once where it is interrupted.
_STEADY_SECONDS = 60.0

# How often is looked whether a source that somebody else reads is free.
_ELSEWHERE_SECONDS = 1.0

# Keys are exchanged for new ones so long before they end.
_BEFORE_EXPIRY_SECONDS = 60.0


class ReadElsewhereError(ConfigurationError):
    """Another samlocal reads it, as long as it runs."""


class Reader(Struct, frozen=True, kw_only=True):
    """Who reads a function's sources: ``aws`` by its rights until ``expires``, in epoch seconds; None is for ever.

    ``role`` is its execution role's ARN, ``concurrency`` how many of its events may run at once, ``timeout`` its own.
    """

    aws: Aws
    role: str | None = None
    expires: float | None = None
    concurrency: int | None = None
    timeout: int = 0


class Polls(Protocol):
    """Reads one source until it is stopped."""

    async def poll(self) -> None:
        """Raises SamlocalError where it cannot be read."""


class Readers(Protocol):
    """Says who reads, and what reads."""

    async def reader(self, mapping: EventSource) -> Reader:
        """Once the function can be run. Raises ReadElsewhereError, SamlocalError."""

    def poller(self, mapping: EventSource, reader: Reader, pace: Pace) -> Polls:
        """What reads a source until ``pace`` is stopped."""


class _Read(Struct, frozen=True, kw_only=True):
    """A mapping whose source is read."""

    mapping: EventSource
    pace: Pace
    task: asyncio.Task[None]


class EventSources:
    """Use it as a context manager, on an event loop; its end waits for the batches that run then.

    ``failed`` gets faults of samlocal's own.
    """

    def __init__(
        self,
        readers: Readers,
        *,
        told: Told,
        failed: Callable[[BaseException], None],
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._readers = readers
        self._told = told
        self._sleep = sleep
        self._clock = clock
        self._read: dict[str, _Read] = {}
        self._tasks = Tasks(failed)
        self._stopped = False
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.stop()
        try:
            await self._tasks.done()
        finally:
            await self._tasks.end()

    def stop(self) -> None:
        """Nothing more is read; what runs goes on."""
        self._stopped = True
        for read in self._read.values():
            read.pace.stop()

    def use(self, mappings: Iterable[EventSource]) -> None:
        """These are read from now on, and no others; one that is the same goes on as it is.

        What could not be read is tried again at once: what was in its way may be mended.
        """
        if self._stopped:
            return
        wanted = {each.id: each for each in mappings}
        for name, read in list(self._read.items()):
            if wanted.get(name) != read.mapping:
                read.pace.stop()
                if name not in wanted:
                    del self._read[name]
        for name, mapping in wanted.items():
            before = self._read.get(name)
            if before is None or before.mapping != mapping:
                self._start(mapping, after=None if before is None else before.task)
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _start(self, mapping: EventSource, *, after: asyncio.Task[None] | None) -> None:
        pace = Pace(sleep=self._sleep)
        task = self._tasks.start(self._keep(mapping, pace, after))
        self._read[mapping.id] = _Read(mapping=mapping, pace=pace, task=task)

    async def _keep(self, mapping: EventSource, pace: Pace, after: asyncio.Task[None] | None) -> None:
        """Reads it, again and again where that is interrupted."""
        if after is not None:
            # What it has begun comes to its end first: records of a stream are to stay in order.
            await asyncio.wait({after})
        failures, told = 0, None
        while not pace.stopped:
            began = self._clock()
            try:
                await self._once(mapping, pace)
                failures, told = 0, None
            except SamlocalError as error:
                steady = self._clock() - began > _STEADY_SECONDS
                failures = 1 if steady else failures + 1
                # The other one may end at any moment.
                seconds = _ELSEWHERE_SECONDS if isinstance(error, ReadElsewhereError) else backoff(failures)
                if steady or error.message != told:
                    # The same again is no news.
                    told = error.message
                    self._told(Interrupted(mapping=mapping, error=error, seconds=seconds))
                await self._pause(pace, seconds)

    async def _pause(self, pace: Pace, seconds: float) -> None:
        """Until then, or until there is news."""
        waits = {asyncio.ensure_future(pace.pause(seconds)), asyncio.ensure_future(self._news.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    async def _once(self, mapping: EventSource, pace: Pace) -> None:
        """As long as its reader's keys are good."""
        reader = await self._readers.reader(mapping)
        if pace.stopped:
            return
        own = Pace(sleep=self._sleep)
        ends = asyncio.create_task(self._end_with(pace, own, reader))
        try:
            await self._readers.poller(mapping, reader, own).poll()
        finally:
            ends.cancel()

    async def _end_with(self, pace: Pace, own: Pace, reader: Reader) -> None:
        if reader.expires is None:
            await pace.wait()
        else:
            await pace.pause(max(0.0, reader.expires - self._clock() - _BEFORE_EXPIRY_SECONDS))
        own.stop()
