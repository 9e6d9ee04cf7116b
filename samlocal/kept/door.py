"""A door to a command that stays: `samlocal invoke` runs in its pool what it would run the same.

``async with door("start-lambda", service, overheard): …`` is all that such a command calls.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

from samlocal.engine.context import address_of
from samlocal.errors import EngineError, KeptError, SamlocalError
from samlocal.function.tenancy import check_tenant
from samlocal.kept import messages
from samlocal.kept.connection import serve
from samlocal.kept.fault import place as place_in_code
from samlocal.kept.folder import Folder
from samlocal.kept.listener import LISTENER, Listener, message_of
from samlocal.kept.planned import planned
from samlocal.kept.program import this_samlocal
from samlocal.kept.surroundings import Place, place_of
from samlocal.kept.wanted import wanted
from samlocal.pool.throttle import Throttled
from samlocal.sandbox.invocation import Invocation, Request
from samlocal.sandbox.journal import Log, Record, Remark
from samlocal.service.hears import HearsEvents
from samlocal.service.service import Service

# The log of an invocation ends a moment behind its answer; an engine that hangs is not waited for.
_LAST_SECONDS = 1.0


class Overheard:
    """Stands between sandboxes and a command's own log, and lets those who wait for an event hear of it, too."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._waiting: dict[str, tuple[Listener | None, asyncio.Event]] = {}

    @contextmanager
    def event(self, request_id: str, listener: Listener | None = None) -> Iterator[Callable[[], Awaitable[None]]]:
        """Begins before the invocation does. What it gives waits, a little, until the event's log is whole."""
        whole = asyncio.Event()

        async def logged() -> None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST_SECONDS):
                    await whole.wait()

        self._waiting[request_id] = listener, whole
        try:
            yield logged
        finally:
            del self._waiting[request_id]

    def put(self, item: Record | Remark) -> None:
        self._log.put(item)
        if not self._waiting:
            return
        whole = None
        if isinstance(item, Record) and item.request_id is not None:
            listener, whole = self._waiting.get(item.request_id, (None, None))
        else:
            # What a sandbox says before its event is said in the context of whoever it was started for.
            listener = LISTENER.get(None)
        if listener is not None and (message := message_of(item)) is not None:
            listener.say(message)
        if whole is not None and isinstance(item, Record) and item.type == "platform.report":
            whole.set()

    async def room(self) -> None:
        await self._log.room()


@asynccontextmanager
async def door(by: str, service: Service, overheard: Overheard, *, told: HearsEvents | None) -> AsyncIterator[None]:
    """Open until the end of the block, at the socket of the service's template. ``by`` is the command's name.

    The end waits for the events that run then; where nobody is ``told``, and could say so, they end with it.
    Where there can be no door that is said, and nothing else.
    """
    settings = service.project.settings
    world = settings.world
    folder = Folder.of(world.cache_folder, world.cwd / settings.template)
    name = f"{by}-{uuid.uuid4().hex[:8]}.sock"
    try:
        # Who is behind it comes first: where nobody answers, nobody is let wait.
        host = _Host(by, service, overheard, place=place_of(world), told=told)
        with folder.starting():
            listening = folder.listen(name)
    except (KeptError, EngineError, OSError) as error:
        why = error.in_a_line if isinstance(error, SamlocalError) else f"{error.strerror}."
        service.project.teller.warning(f"`samlocal invoke` will run in sandboxes of its own: {why}")
        yield
        return
    async with AsyncExitStack() as closing:
        closing.enter_context(listening)
        closing.callback(folder.remove, name)
        await closing.enter_async_context(_answering(host, listening))
        try:
            yield
        finally:
            # Who comes from now on finds none; those who have come are answered.
            folder.remove(name)


@asynccontextmanager
async def _answering(host: _Host, listening: socket.socket) -> AsyncIterator[None]:
    """Until the end of the block, which waits for the events that run then."""
    connections: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.ensure_future(serve(host, reader, writer, failed=host.failed))
        connections.add(connection)
        connection.add_done_callback(connections.discard)

    server = await asyncio.start_unix_server(connected, sock=listening)
    try:
        yield
    finally:
        server.close()
        try:
            await host.end()
        finally:
            for connection in connections:
                connection.cancel()
            if connections:
                await asyncio.wait(connections)


class _Host:
    """What is behind the door."""

    def __init__(
        self, by: str, service: Service, overheard: Overheard, *, place: Place, told: HearsEvents | None
    ) -> None:
        self._by = by
        self._service = service
        self._overheard = overheard
        self._place = place
        self._events = _Events(told)
        self._samlocal = this_samlocal()
        for at in service.options.sandbox.engines.places:
            # A context that is none is said before anybody comes.
            address_of(at, service.project.settings.world.environ)

    def is_outdated(self, hello: messages.Hello) -> bool:
        return hello.samlocal != self._samlocal

    async def accept(self, opened: messages.Open, listener: Listener) -> _Run | messages.Refused:
        service = self._service
        settings = service.project.settings
        if self._events.ending:
            return messages.Refused(reason=messages.Refusal.OPTIONS)
        if self._place != opened.place:
            return messages.Refused(reason=messages.Refusal.SURROUNDINGS)
        same = wanted(settings, service.options).lasting == opened.wanted.lasting
        if not same or not service.project.engines.hold():
            return messages.Refused(reason=messages.Refusal.OPTIONS)
        return _Run(service, self._overheard, opened, listener, events=self._events)

    async def end(self) -> None:
        """Runs no more events, and waits for those that run."""
        await self._events.end()

    def failed(self, error: Exception) -> str:
        """A fault of samlocal's own, of which the command's user hears, too."""
        where = place_in_code(error)
        self._service.project.teller.warning(
            f"an event of `samlocal invoke` has failed by a fault of samlocal's own: {where}."
        )
        return f"The place in the code is {where}; with --cold the function has a sandbox of its own."

    def listed(self) -> messages.Listed:
        template = str(self._service.project.settings.template)
        return messages.Listed(by=self._by, process=os.getpid(), template=template, kept=())

    async def stop(self, _: messages.Stop) -> messages.Stopped:
        """What is here is the command's, which ends it."""
        return messages.Stopped(functions=(), cut_off=())


class _Events:
    """Those that run for others."""

    def __init__(self, told: HearsEvents | None) -> None:
        self.ending = False
        self._told = told
        self._running = 0
        self._none_runs = asyncio.Event()
        self._none_runs.set()

    async def end(self) -> None:
        self.ending = True
        if self._told is not None:
            await self._none_runs.wait()

    @contextmanager
    def one(self) -> Iterator[None]:
        self._running += 1
        self._none_runs.clear()
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                self._none_runs.set()

    async def told(
        self, function_id: str, request_id: str, outcome: Awaitable[Invocation | Throttled]
    ) -> Invocation | Throttled:
        """What comes of one that has an id, of which the command hears."""
        if self._told is None:
            return await outcome
        self._told.begun(function_id, request_id)
        try:
            came_of_it = await outcome
        except BaseException as error:
            self._told.ended(request_id, None, error)
            raise
        self._told.ended(request_id, came_of_it)
        return came_of_it


class _Run:
    """One command's events in the service's pool."""

    def __init__(
        self, service: Service, overheard: Overheard, opened: messages.Open, listener: Listener, *, events: _Events
    ) -> None:
        self._service = service
        self._overheard = overheard
        self._opened = opened
        self._listener = listener
        self._events = events
        self._function_id = ""

    async def planned(self) -> messages.Planned:
        service = self._service
        self._function_id = await service.functions.id_of(self._opened.function)
        spec = await service.plan(self._function_id)
        check_tenant(self._opened.tenant_id, isolated=spec.function.isolates_tenants)
        # Whoever has just saved something means that.
        service.pool.change(self._function_id)
        return planned(spec)

    async def run(self, payload: bytes) -> Invocation:
        if self._events.ending:
            # The connection's end says that it has not begun.
            await asyncio.Event().wait()
        with self._events.one():
            return await self._run(payload)

    async def _run(self, payload: bytes) -> Invocation:
        request_id = str(uuid.uuid4())
        request = Request(payload=payload, tenant_id=self._opened.tenant_id, request_id=request_id)
        LISTENER.set(self._listener)
        self._listener.say(messages.Began())
        await self._listener.heard()
        with self._overheard.event(request_id, self._listener) as logged:
            outcome = await self._events.told(
                self._function_id,
                request_id,
                self._service.pool.invoke(self._function_id, request, chunk=self._listener.chunk),
            )
            if isinstance(outcome, Throttled):
                raise KeptError(
                    f"The event was throttled: {outcome.reason.value}.",
                    tip="With --cold it has a sandbox of its own.",
                )
            await logged()
        return outcome

    async def finish(self) -> None:
        """What else its sandbox says is the command's."""
