"""What the environment on this machine has for functions: topics, buckets, rules and whoever calls them there.

Its process runs nothing and connects to nobody. It is asked for its invocations, and what came of them goes back:
of an event that nobody waits for only that it is over, so that one that is not is there for whoever runs functions
next.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Protocol, Self

from samlocal.endpoint.answer import Answer
from samlocal.endpoint.api_error import ApiError
from samlocal.endpoint.application import refusal
from samlocal.endpoint.directory import Callee
from samlocal.errors import SamlocalError
from samlocal.local.invocation import Answered, Invocation
from samlocal.local.runner import Runner
from samlocal.local.server import LocalServer
from samlocal.sandbox.tasks import Tasks
from samlocal.sources.pace import Pace, backoff
from samlocal.sources.threads import Threads

# How often one that is not alone looks whether it is.
_ALONE_SECONDS = 1.0


class Invokes(Protocol):
    """Runs functions as Lambda's Invoke does. Both raise ApiError."""

    async def invoke(
        self, name: str, qualifier: str | None, headers: Mapping[str, str], body: bytes, *, request_id: str
    ) -> Answer:
        """Gives what came of it."""

    async def event(
        self,
        name: str,
        qualifier: str | None,
        headers: Mapping[str, str],
        body: bytes,
        *,
        request_id: str,
        over: Callable[[], None],
    ) -> Callee:
        """The function that has it; ``over`` hears when it has come to its end."""


class Hears(Protocol):
    """What there is to tell."""

    def pushed(self, request_id: str, function: str, source: str) -> None:
        """A function gets an event of ``source``, which is an ARN where it has one."""

    def remarked(self, text: str) -> None:
        """Something that is to be known."""

    def failed(self, error: BaseException) -> None:
        """A fault of samlocal's own."""


class PushedEvents:
    """Use it as a context manager, on an event loop, around what runs functions: some are over when that ends.

    ``server`` is the environment as it is now, called in a thread. ``interrupted`` hears each time that
    it does not answer.
    """

    def __init__(
        self,
        invokes: Invokes,
        server: Callable[[], LocalServer],
        threads: Threads,
        *,
        hears: Hears,
        interrupted: Callable[[], None] = lambda: None,
    ) -> None:
        self._invokes = invokes
        self._server = server
        self._threads = threads
        self._hears = hears
        self._pace = Pace()
        self._interrupted = interrupted
        self._tasks = Tasks(hears.failed)
        self._fetches = Tasks(hears.failed)
        self._runner: Runner | None = None
        self.is_replaced = False
        """Whether somebody else runs functions now."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.stop()
        await self._tasks.done()
        if self._runner is not None:
            # Where the environment is gone nobody waits for it any more.
            with contextlib.suppress(SamlocalError):
                await self._threads(self._runner.leave)
        await self._fetches.end()

    def begin(self) -> None:
        """Functions can be run now."""
        self._fetches.start(self._fetch())

    def stop(self) -> None:
        """Nothing more is fetched; what runs goes on."""
        self._pace.stop()

    def _is_stopped(self) -> bool:
        return self._pace.stopped

    async def _fetch(self) -> None:
        failures, first = 0, True
        while not self._is_stopped():
            try:
                runner = await self._threads(self._current)
                if first:
                    waiting = await self._threads(runner.waiting)
                    if waiting.is_run:
                        await self._alone(runner)
                        continue
                    self._tell_waiting(waiting.events)
                    first = False
                fetched = await self._threads(runner.fetch)
            except SamlocalError as error:
                failures += 1
                if failures == 1:
                    self._hears.remarked(f"what topics, buckets and rules send is not fetched now: {error.message}")
                # Each time: its process may not be wholly gone yet.
                self._interrupted()
                await self._pace.pause(backoff(failures))
                continue
            failures = 0
            if fetched.replaced:
                # Both have come at once, or this one has stood still.
                await self._alone(runner)
                first = True
                continue
            for remark in fetched.remarks:
                self._hears.remarked(f"local environment: {remark.rstrip('.')}.")
            if self._is_stopped():
                # They stay there for whoever comes next.
                return
            for each in fetched.invocations:
                self._tasks.start(self._run(runner, each))

    def _tell_waiting(self, count: int) -> None:
        if count:
            events = "event has" if count == 1 else "events have"
            self._hears.remarked(f"{count} {events} come while nobody ran functions: run now.")

    async def _alone(self, runner: Runner) -> None:
        """Until nobody else runs functions, or the environment is gone; it comes as another one then."""
        self.is_replaced = True
        self._hears.remarked(
            "another `samlocal up` runs functions for what topics, buckets, rules and schedules send now; this one "
            "does once that one has ended."
        )
        with contextlib.suppress(SamlocalError):
            while await self._pace.pause(_ALONE_SECONDS) and (await self._threads(runner.waiting)).is_run:
                pass
        self._runner, self.is_replaced = None, False
        if not self._is_stopped():
            self._hears.remarked("the other `samlocal up` has ended: this one runs functions for all that now.")

    def _current(self) -> Runner:
        server = self._server()
        if self._runner is None or self._runner.server != server:
            self._runner = Runner(server)
        return self._runner

    async def _run(self, runner: Runner, invocation: Invocation) -> None:
        request = invocation.function, invocation.qualifier, invocation.headers, invocation.payload
        if invocation.waits:
            try:
                answer = await self._invokes.invoke(*request, request_id=invocation.id)
            except ApiError as error:
                answer = refusal(error)
            said = Answered(status=answer.status, headers=answer.headers, payload=answer.body)
            await self._say(runner, invocation.id, said)
            return

        def over() -> None:
            self._tasks.start(self._say(runner, invocation.id, Answered()))

        try:
            callee = await self._invokes.event(*request, request_id=invocation.id, over=over)
        except ApiError as error:
            self._hears.remarked(
                f"an event of {invocation.source} for {invocation.function} is not run: {error.message}"
            )
            over()
            return
        self._hears.pushed(invocation.id, callee.path, invocation.source)

    async def _say(self, runner: Runner, invocation_id: str, said: Answered) -> None:
        with contextlib.suppress(SamlocalError):
            await self._threads(lambda: runner.over(invocation_id, said))
