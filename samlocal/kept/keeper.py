"""The process that keeps a project's sandboxes between commands: serves them, and ends with the last one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import weakref
from collections.abc import Callable, Mapping
from functools import partial

from samlocal.artifact.cache import Cache
from samlocal.engine.engines import Engines
from samlocal.errors import EngineError
from samlocal.kept import messages
from samlocal.kept.composition import Composition
from samlocal.kept.connection import serve
from samlocal.kept.fault import log_fault
from samlocal.kept.folder import KEEPER, Folder
from samlocal.kept.listener import Listener
from samlocal.kept.surroundings import Place, are_keys, as_text
from samlocal.kept.wanted import Wanted
from samlocal.sandbox.invocation import Invocation
from samlocal.sandbox.session import SWEEP_SECONDS, Session, swept, swept_now

# How long it stays with nothing to keep: whoever asks again at once need not start another one.
_LINGER_SECONDS = 1.0

# How often it looks whether it is still found, and whether what waits still lives.
_LOOK_SECONDS = 1.0

# In how many ways, of options and values, one function is kept: a loop over values leaves no container for each.
_WAYS = 4


class Keeper:
    """Serves at one socket of a folder. ``place`` is what its process runs in, ``samlocal`` which one it is."""

    def __init__(self, folder: Folder, name: str, *, place: Place, samlocal: str, session: Session) -> None:
        self._folder = folder
        self._name = name
        self._place = place
        self._samlocal = samlocal
        self._session = session
        self._compositions: list[Composition] = []
        self._making = asyncio.Lock()
        self._connections: set[asyncio.Task[None]] = set()
        self._listeners: weakref.WeakSet[Listener] = weakref.WeakSet()
        self._changed = asyncio.Event()
        self._ended = False
        # Runs nothing new, and ends when what runs is done.
        self._leaving = False
        self._template = ""
        self._sweeping: dict[str, asyncio.Task[int]] = {}

    async def serve(self, listening: socket.socket) -> None:
        """Until nothing is left to keep, or it is ended."""
        own = self._socket_file()
        server = await asyncio.start_unix_server(self._connected, sock=listening)
        try:
            await self._until_nothing_is_left(own)
        finally:
            # Who comes from now on finds none; who is in between is not answered, and starts another one.
            if own is not None and self._is_found(own):
                self._folder.remove(self._name)
            server.close()
            await self._close()

    def end(self) -> None:
        """At once, whatever runs."""
        self._ended = True
        self._changed.set()

    async def _until_nothing_is_left(self, own: os.stat_result | None) -> None:
        clock = asyncio.get_running_loop().time
        last_use = clock()
        while not self._ended:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._changed.wait()
            self._changed.clear()
            if own is None or not self._is_found(own):
                # Somebody has emptied the cache.
                self._leaving = True
            for composition in self._compositions:
                composition.tidy()
            self._end_ways_of_before()
            if self._leaving:
                self._let_go()
            if self._connections:
                last_use = clock()
                continue
            await self._close_unused()
            if self._compositions:
                last_use = clock()
            elif self._leaving or clock() - last_use >= _LINGER_SECONDS:
                return

    async def _close_unused(self) -> None:
        for composition in [each for each in self._compositions if not each.in_use]:
            self._compositions.remove(composition)
            await composition.close()

    def _end_ways_of_before(self) -> None:
        ways: dict[str, list[tuple[float, Composition]]] = {}
        for composition in self._compositions:
            for function, used in composition.last_uses().items():
                ways.setdefault(function, []).append((used, composition))
        for function, of_one in ways.items():
            for _, composition in sorted(of_one, key=lambda way: way[0])[:-_WAYS]:
                composition.end(function)

    def _let_go(self) -> set[str]:
        return {function for composition in self._compositions for function in composition.let_go()}

    def _socket_file(self) -> os.stat_result | None:
        try:
            return (self._folder.path / self._name).lstat()
        except OSError:
            return None

    def _is_found(self, own: os.stat_result) -> bool:
        """Whether others still find it."""
        now = self._socket_file()
        return now is not None and os.path.samestat(now, own)

    async def _close(self) -> None:
        for connection in list(self._connections):
            connection.cancel()
        if self._connections:
            await asyncio.wait(self._connections)
        for composition in self._compositions:
            await composition.close()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.ensure_future(serve(self, reader, writer, failed=logged))
        self._connections.add(connection)
        connection.add_done_callback(self._over)

    def _over(self, connection: asyncio.Task[None]) -> None:
        self._connections.discard(connection)
        self._changed.set()

    # what is asked of it

    def is_outdated(self, hello: messages.Hello) -> bool:
        """Whether it is another samlocal that asks: this one is about to end then."""
        if hello.samlocal == self._samlocal:
            return False
        self._leaving = True
        if hello.leave:
            self.end()
        return True

    async def accept(self, opened: messages.Open, listener: Listener) -> _Run | messages.Refused:
        """Raises EngineError."""
        differing = self._place.differing(opened.place)
        if self._place.folder != opened.place.folder or are_keys(differing):
            # Of the project's folder, or the caller's keys, there are others now: nobody will ask for these again.
            self._leaving = True
            gone = tuple(sorted(self._let_go()))
            return messages.Refused(reason=messages.Refusal.SURROUNDINGS, differing=differing, let_go=gone)
        if differing:
            return messages.Refused(reason=messages.Refusal.SURROUNDINGS)
        if self._leaving:
            return messages.Refused(reason=messages.Refusal.ENDING)
        self._listeners.add(listener)
        self._template = str(opened.wanted.bare.world.cwd / opened.wanted.bare.template)
        environ = as_text(opened.environ)
        async with self._making:
            composition = await self._composition(opened.wanted, environ)
        return _Run(composition, opened, listener, sweep=partial(self._sweep, environ))

    def _sweep(self, environ: Mapping[str, str], place: str) -> asyncio.Task[int] | None:
        """Clears up an engine, once, beside the first event on it."""
        if place in self._sweeping:
            return None
        sweeping = asyncio.create_task(asyncio.to_thread(_swept, self._session, environ, place))
        self._sweeping[place] = sweeping
        return sweeping

    def listed(self) -> messages.Listed:
        kept = [each for composition in self._compositions for each in composition.kept()]
        return messages.Listed(by=KEEPER, process=os.getpid(), template=self._template, kept=tuple(kept))

    async def stop(self, asked: messages.Stop) -> messages.Stopped:
        if asked.everything:
            self._leaving = True
        meant = [each for each in self._compositions if asked.environment in (None, each.environment)]
        ended = [await composition.stop(asked.functions) for composition in meant]
        stopped = {function for each, _ in ended for function in each}
        cut_off = {function for _, each in ended for function in each}
        return messages.Stopped(functions=tuple(sorted(stopped)), cut_off=tuple(sorted(cut_off)))

    async def _composition(self, wanted: Wanted, environ: Mapping[str, str]) -> Composition:
        lasting = wanted.lasting
        for composition in self._compositions:
            if composition.lasting == lasting:
                if await asyncio.to_thread(composition.engines.hold):
                    return composition
                # Another engine is Docker's current one, or a context's.
                composition.let_go()
        engines = Engines(environ, notice=self._notice)
        live = Cache(wanted.settings(environ).world.cache_folder)
        made = Composition(wanted, engines, session=self._session, live=live)
        self._compositions.append(made)
        return made

    def _notice(self, text: str) -> None:
        """What concerns everybody who waits, told in any thread."""
        for listener in list(self._listeners):
            listener.say_from_thread(messages.Notice(text=text))


def _swept(own: Session, environ: Mapping[str, str], place: str) -> int:
    try:
        return swept_now(own, environ, place)
    except EngineError:
        # The event meets the same engine and says what is wrong with it.
        return 0


def logged(error: Exception) -> str:
    """A fault of samlocal's own, into the process's log."""
    log_fault(error)
    return "The places in the code are in its log: kept/*/*.log in the cache folder."


class _Run:
    """One command's events. ``sweep`` begins to clear up their engine where they are the first there, who hear what
    came of it.
    """

    def __init__(
        self,
        composition: Composition,
        opened: messages.Open,
        listener: Listener,
        *,
        sweep: Callable[[str], asyncio.Task[int] | None],
    ) -> None:
        self._composition = composition
        self._opened = opened
        self._listener = listener
        self._sweep = sweep
        self._sweeping: asyncio.Task[int] | None = None

    async def planned(self) -> messages.Planned:
        planned = await self._composition.open(self._opened, self._listener)
        self._sweeping = self._sweep(self._composition.engine_of(self._opened.function))
        return planned

    async def run(self, payload: bytes) -> Invocation:
        invocation = await self._composition.run(self._opened, payload, self._listener)
        sweeping, self._sweeping = self._sweeping, None
        if sweeping is not None:
            await asyncio.wait({sweeping}, timeout=SWEEP_SECONDS)
            if sweeping.done() and (removed := sweeping.result()):
                self._listener.say(messages.Notice(text=swept(removed)))
        return invocation

    async def finish(self) -> None:
        await self._composition.finish(self._listener)
