"""The clock of the schedules of the environment on this machine: it ticks as long as somebody runs functions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from samlocal.errors import SamlocalError
from samlocal.local.runner import Runner
from samlocal.local.schedule import Schedule
from samlocal.local.server import LocalServer
from samlocal.sandbox.tasks import Tasks
from samlocal.sources.pace import Pace, Sleep
from samlocal.sources.schedule_expression import At, ExpressionError, is_due, schedule_expression
from samlocal.sources.threads import Threads

_MINUTE = 60.0


class Hears(Protocol):
    """What there is to tell."""

    def remarked(self, text: str) -> None:
        """Something that is to be known."""

    def failed(self, error: BaseException) -> None:
        """A fault of samlocal's own."""


class Clockwork(Protocol):
    """The schedules of an environment. Both raise SamlocalError."""

    def schedules(self) -> tuple[Schedule, ...]:
        """Those that are enabled."""

    def fire(self, name: str, *, at: float) -> object:
        """One is due."""


class Schedules:
    """Use it as a context manager, on an event loop. ``server`` is the environment as it is, called in a thread.

    Nothing is due while ``passes_over``: of two who run functions one alone has the schedules.
    """

    def __init__(
        self,
        server: Callable[[], LocalServer],
        threads: Threads,
        *,
        hears: Hears,
        passes_over: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.time,
        sleep: Sleep = asyncio.sleep,
        clockwork: Callable[[LocalServer], Clockwork] = Runner,
    ) -> None:
        self._server = server
        self._threads = threads
        self._hears = hears
        self._passes_over = passes_over
        self._clock = clock
        self._clockwork = clockwork
        self._pace = Pace(sleep=sleep)
        self._ticks = Tasks(hears.failed)
        # When each was seen first: rates count from there.
        self._began: dict[tuple[str, str], float] = {}
        self._refused: set[str] = set()
        # The latest that the clock has said.
        self._reached = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.stop()
        await self._ticks.done()

    def begin(self) -> None:
        """Functions can be run now."""
        self._ticks.start(self._tick())

    def stop(self) -> None:
        """Nothing more is due."""
        self._pace.stop()

    async def _tick(self) -> None:
        """With each minute, which is as exact as AWS's clocks are."""
        since = self._clock()
        await self._turn(since, since)
        while await self._pace.pause(_MINUTE - self._clock() % _MINUTE):
            now = self._clock()
            await self._turn(since, now)
            self._reached = max(self._reached, now)
            since = now

    async def _turn(self, since: float, now: float) -> None:
        try:
            clockwork = await self._threads(lambda: self._clockwork(self._server()))
            for each in await self._threads(clockwork.schedules):
                if self._is_due(each, since, now) and not self._passes_over():
                    due = now - now % _MINUTE
                    await self._threads(lambda name=each.arn, at=due: clockwork.fire(name, at=at))  # type: ignore[misc]
        except SamlocalError as error:
            # The next minute may be better.
            if str(error) not in self._refused:
                self._refused.add(str(error))
                self._hears.remarked(f"no schedule is due for now: {error}")

    def _is_due(self, schedule: Schedule, since: float, now: float) -> bool:
        # A clock that is set back lets no rate wait until it is there again.
        began = min(self._began.get(key := (schedule.arn, schedule.expression), now), now)
        self._began[key] = began
        if (schedule.start is not None and now < schedule.start) or (schedule.end is not None and now > schedule.end):
            return False
        try:
            expression = schedule_expression(schedule.expression, schedule.timezone, of_rule=schedule.of_rule)
        except ExpressionError as error:
            if schedule.arn not in self._refused:
                self._refused.add(schedule.arn)
                self._hears.remarked(f"{schedule.name} is never due: {error}.")
            return False
        if isinstance(expression, At):
            # What is due once is so the first time that the clock is there.
            return is_due(expression, since=max(since, self._reached), until=now, began=began)
        # A rate begins with the minute in which it was seen.
        return is_due(expression, since=since, until=now, began=began - began % _MINUTE)
