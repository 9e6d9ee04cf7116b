"""What a command that stays says: of its requests, of its functions' logs, of reloads, and of its own end."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Protocol, Self, TypeAlias, assert_never

from msgspec import Struct

from samlocal.cli.log_file import LogFile
from samlocal.cli.reader import noticing_its_end
from samlocal.cli.shown import said
from samlocal.cli.shown.failures import end_of, why
from samlocal.cli.shown.of_sources import happened, looped
from samlocal.endpoint.api_error import ApiError
from samlocal.endpoint.happening import Begun, Ended, Happening, Looped, Retried, Sent
from samlocal.errors import ReaderGoneError, SamlocalError
from samlocal.pool.throttle import Throttled
from samlocal.reload.told import NotReloaded, Reloaded
from samlocal.sandbox.invocation import Invocation
from samlocal.sandbox.journal import Record, Remark
from samlocal.sandbox.outlet import Outlet
from samlocal.sandbox.result import outcome
from samlocal.sources import happening as of_sources

if TYPE_CHECKING:
    # Half of what serves HTTP, which not every command does.
    from samlocal.http_api.backend import Exchanged

# How long the last words may take when nobody reads.
_LAST_SECONDS = 2.0

Item: TypeAlias = said.Said | Record | Remark


class View(Protocol):
    """How it is shown: ``Blocks`` to people, ``JsonRecords`` to machines. ``outlet`` is what it writes through."""

    outlet: Outlet[Any]

    def serves(self, serving: said.Serving) -> None:
        """The functions there are now; from the first time on they can be called."""

    def show(self, item: Item) -> None:
        """Does not wait."""

    def flush(self) -> None:
        """Shows what it has kept back."""

    def breaks(self, told: Callable[[SamlocalError], None]) -> None:
        """``told`` hears, in whatever thread, that nothing can be shown any more."""


class _Running(Struct, frozen=True, kw_only=True):
    request_id: str
    function: str
    attempt: int | None


class Requests:
    """What sandboxes write (it is their ``Log``) and what is told of events, on one event loop."""

    def __init__(
        self,
        view: View,
        *,
        read: IO[Any] | None = None,
        log_file: LogFile | None = None,
        hears: Callable[[Record], None] | None = None,
    ) -> None:
        """``read`` is the stream by which somebody follows: without a reader the command ends.

        Where there is a ``log_file``, functions' logs go there, and are not shown. ``hears`` is told each record.
        """
        self._hears = hears
        self._log_file = log_file
        self._view = view
        self._read = read
        self._running: dict[str, _Running] = {}
        self._serving: said.Serving | None = None
        self._broken: asyncio.Future[None] | None = None

    # a Log

    def put(self, item: Record | Remark) -> None:
        shown = item
        if self._log_file is not None and isinstance(item, Record):
            shown = self._log_file.take(item)
        self._view.show(shown)
        if self._hears is not None and isinstance(item, Record):
            self._hears(item)

    async def room(self) -> None:
        await self._view.outlet.room()

    # what goes on

    def serves(self, serving: said.Serving) -> None:
        """What can be called now; the same again is no news."""
        before = self._serving
        if before is None or _offer(before) != _offer(serving):
            self._serving = serving
            self._view.serves(serving)

    def told(self, happening: Happening) -> None:
        """What the endpoint tells of an event."""
        function = happening.callee.path
        request_id = happening.request.request_id or ""
        match happening:
            case Begun(attempt=attempt):
                self.begun(function, request_id, attempt=attempt)
            case Ended(outcome=outcome, failure=failure):
                self.ended(request_id, outcome, failure)
            case Retried(attempt=attempt, seconds=seconds):
                self._view.show(
                    said.EventRetried(request_id=request_id, function=function, attempt=attempt, seconds=seconds)
                )
            case Sent(condition=condition, to=to):
                self._view.show(
                    said.EventSent(request_id=request_id, function=function, condition=condition.value, to=to)
                )
            case Looped():
                self._view.show(looped(function, 1))
            case _:
                assert_never(happening)

    def of_source(self, happening: of_sources.Happening) -> None:
        """What is told of queues and streams."""
        self._view.show(happened(happening))

    def pushed(self, request_id: str, function: str, source: str) -> None:
        """An event of a topic, a bucket, a rule or the like."""
        self._view.show(said.EventPushed(request_id=request_id, function=function, source=source))

    def begun(self, function: str, request_id: str, *, attempt: int | None = None) -> None:
        """An event is on its way to a sandbox."""
        self._running[request_id] = _Running(request_id=request_id, function=function, attempt=attempt)
        self._view.show(said.RequestBegun(request_id=request_id, function=function, attempt=attempt))

    def ended(
        self, request_id: str, came_of_it: Invocation | Throttled | None, failure: BaseException | None = None
    ) -> None:
        """It is over; ``failure`` is why nothing came of it."""
        running = self._running.pop(request_id)
        about: dict[str, Any] = {
            "request_id": request_id,
            "function": running.function,
            "attempt": running.attempt,
        }
        match came_of_it:
            case Invocation(result=result, report=report):
                status, error_type = outcome(result)
                self._view.show(
                    said.RequestEnded(
                        **about,
                        status=status or "success",
                        error_type=error_type,
                        duration=round(report.duration, 2),
                        billed_duration=report.billed_duration,
                        init_duration=None if report.init_duration is None else round(report.init_duration, 2),
                        memory_size=report.memory_size,
                        max_memory_used=report.max_memory_used,
                    )
                )
            case Throttled(reason=reason):
                self._view.show(said.RequestThrottled(**about, reason=reason.value))
            case None:
                message, tip = why(failure)
                self._view.show(said.RequestFailed(**about, message=message, tip=tip))
            case _:
                assert_never(came_of_it)

    def reloaded(self, save: Reloaded | NotReloaded) -> None:
        """What has been saved is taken up, or cannot be."""
        match save:
            case Reloaded(functions=functions, paths=paths, seconds=seconds, how=how):
                self._view.show(
                    said.Reloaded(
                        functions=functions,
                        files=paths,
                        duration=round(seconds * 1000, 2),
                        how=how.name.lower(),
                        text=save.text,
                    )
                )
            case NotReloaded(functions=functions, paths=paths, error=error):
                message, tip = why(error)
                self._view.show(
                    said.NotReloaded(functions=functions, files=paths, message=message, tip=tip, text=save.text)
                )
            case _:
                assert_never(save)

    def refused(self, request: str, error: ApiError) -> None:
        """A request that ran nothing."""
        self._view.show(
            said.RequestRefused(
                request=request, status=error.status, error_type=error.error_type, message=error.message
            )
        )

    def exchanged(self, exchanged: Exchanged) -> None:
        """An HTTP request has its answer."""
        self._view.show(
            said.HttpAnswered(
                api=exchanged.api,
                method=exchanged.method,
                path=exchanged.path,
                status=exchanged.status,
                duration=round(exchanged.duration, 2),
                route=exchanged.route,
                function=exchanged.function,
            )
        )

    def remarked(self, text: str) -> None:
        """What an answer does not say."""
        self._view.show(said.Warned(text=text))

    def passed_on(self, caller: str, request: str, status: int) -> None:
        """A function's own request was AWS's to answer."""
        self._view.show(said.AwsAsked(caller=caller, request=request, status=status))

    def failed(self, error: BaseException) -> None:
        """A fault of samlocal's own, or what broke an answer off."""
        if isinstance(error, SamlocalError):
            self._view.show(said.Failed(message=error.message, tip=error.tip))
            return
        text = f"a request has failed by a fault of samlocal's own: {type(error).__name__}: {error}"
        self._view.show(said.Warned(text=text))

    # its end

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        broken = self._broken = loop.create_future()

        def set_broken(error: SamlocalError) -> None:
            if not broken.done():
                broken.set_exception(error)
                # Where it is at its end anyway nobody asks.
                broken.exception()

        def told(error: SamlocalError) -> None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(set_broken, error)

        self._view.breaks(told)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """All sandboxes are removed. Writes what is left, as long as somebody reads."""
        self._view.flush()
        if error is not None and (failed := end_of(error)) is not None:
            self._view.show(failed)
        self._view.show(said.Ended())
        try:
            async with asyncio.timeout(_LAST_SECONDS):
                await self._view.outlet.drain()
        except TimeoutError:
            pass
        finally:
            self._view.outlet.close()

    async def shown(self) -> None:
        """Waits until everybody can read what there is to read."""
        self._view.flush()
        await self._view.outlet.drain()

    async def stand(self) -> None:
        """Until somebody ends the command, who hears what is waited for.

        Raises OutputError and ReaderGoneError where what is said no longer arrives.
        """
        broken = self._broken
        if broken is None:
            raise RuntimeError("requests are shown within their block")

        def gone() -> None:
            if not broken.done():
                broken.set_exception(ReaderGoneError("Whoever read what is said here has gone."))

        with contextlib.nullcontext() if self._read is None else noticing_its_end(self._read, gone):
            try:
                await asyncio.shield(broken)
            finally:
                self.ending()

    def ending(self) -> None:
        """Whoever ended the command hears what is waited for."""
        self._view.flush()
        running = (
            said.Running(request_id=each.request_id, function=each.function) for each in self._running.values()
        )
        self._view.show(said.Ending(running=tuple(running)))


def counted(functions: Iterable[str]) -> str:
    """``getEvent, putEvent (3)``."""
    counts = Counter(functions)
    return ", ".join(name if count == 1 else f"{name} ({count})" for name, count in counts.items())


def _offer(serving: said.Serving) -> tuple[object, ...]:
    return serving.functions, serving.apis, serving.sources
