"""A project's functions, run in sandboxes that stay."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias

from msgspec import Struct

from samlocal.artifact.cache import Cache
from samlocal.engine import Engine
from samlocal.engine.engines import Engines, wanted
from samlocal.errors import EngineError
from samlocal.pool.options import PoolOptions
from samlocal.pool.plan import Plan, in_thread
from samlocal.pool.pool import Pool
from samlocal.pool.pooled import Make
from samlocal.project.announced import tell_of_image
from samlocal.project.last_events import LastEvents
from samlocal.project.project import Project
from samlocal.project.run_options import RunOptions
from samlocal.project.settings import Settings
from samlocal.project.sources import Sources, configuration_files
from samlocal.reload.told import NotReloaded, Reloaded, Told
from samlocal.sandbox.journal import Log
from samlocal.sandbox.layout import SandboxSpec
from samlocal.sandbox.sandbox import Sandbox
from samlocal.sandbox.session import Session
from samlocal.service.debugged import Debugged, Debugging
from samlocal.service.functions import Functions
from samlocal.service.remembering import RememberingPool

if TYPE_CHECKING:
    # watchfiles is for those alone who reload.
    from samlocal.reload.reloader import Changed, Reloader

# How long the engine may take to say what is left of the session.
_CLEAR_SECONDS = 5.0

Reread: TypeAlias = Callable[[], tuple[Settings, RunOptions]]


def _silent(_: Reloaded | NotReloaded) -> None:
    return


async def _nobody() -> bool:
    return False


class Reloading(Struct, frozen=True, kw_only=True):
    """How a service takes up what is saved: ``told`` hears of it.

    ``reread`` gives the settings and the options as the configuration file says them now, in a thread, and may raise
    SamlocalError.
    """

    told: Told = _silent
    reread: Reread | None = None


class Service:
    """One project's, by one choice of how its functions run. Use it as a context manager, on an event loop.

    Sandboxes write to ``log``; what there is to say of plans goes to the project's teller. ``shaped`` has the last
    word on what a sandbox is made of, in a thread. The project and the session are the caller's, and outlive it.
    What is saved is taken up, but where ``reload`` is None. ``debug`` lets a debugger into one function,
    which has a sandbox from the beginning.
    """

    def __init__(
        self,
        project: Project,
        options: RunOptions | None = None,
        pool_options: PoolOptions | None = None,
        *,
        session: Session,
        log: Log,
        shaped: Callable[[SandboxSpec], SandboxSpec] = lambda spec: spec,
        reload: Reloading | None = Reloading(),  # noqa: B008 - a value
        debug: Debugging | None = None,
    ) -> None:
        self.project = project
        self.options = options or RunOptions()
        self.functions = Functions(lambda: project.with_current_values(lambda application: application)[0])
        self._pool_options = pool_options
        self._session = session
        self._log = log
        self._shaped = shaped
        self._reload = reload
        self._live = Cache(project.settings.world.cache_folder) if reload else None
        self._changed: list[Callable[[], object]] = [self.functions.forget]
        self._debug = debug
        self._ending: asyncio.Task[None] | None = None
        self.debugged: Debugged | None = None
        self._reloader: Reloader | None = None
        self._pool: Pool | None = None
        self._closing = AsyncExitStack()

    @property
    def pool(self) -> Pool:
        """Within the service's block."""
        if self._pool is None:
            raise RuntimeError("a service that is not entered has no pool")
        return self._pool

    async def __aenter__(self) -> Self:
        """Raises EngineError, and where a function is debugged what finding, planning and starting it raises."""
        try:
            await self._enter()
        except BaseException:
            await self._closing.aclose()
            raise
        return self

    async def _enter(self) -> None:
        engines = await asyncio.to_thread(self._first_engine)
        self._closing.push_async_callback(self._clear)
        debugged = self.debugged = await Debugged.of(self._debug, self.functions) if self._debug else None
        self._pool = await self._closing.enter_async_context(
            self._made_pool(
                # Its plan has connected it.
                lambda spec: Sandbox(
                    engines.at(spec.engine_at), spec, session=self._session, log=self._log, live=self._live
                )
            )
        )
        if self._reload is not None:
            # It goes first: what is saved then is nobody's any more.
            self._reloader = await self._closing.enter_async_context(self._reloading(self._pool, self._reload))
        if debugged is not None:
            await self._closing.enter_async_context(debugged.port)
            await self._pool.warm(debugged.id, 1)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        if self._ending is not None:
            self._ending.cancel()
        # Nobody waits for a plan any more.
        stopping = asyncio.create_task(asyncio.to_thread(self.project.stop_builds))
        try:
            await self._closing.aclose()
        finally:
            await stopping

    def _made_pool(self, make: Make) -> Pool:
        last_events = LastEvents(self.project.settings)
        if not last_events.is_on:
            return Pool(self._planned, make, options=self._pool_options)
        return RememberingPool(self._planned, make, options=self._pool_options, last_events=last_events)

    def ends(self) -> None:
        """Somebody has ended the command, which waits for what runs.

        That is nothing for ever: debuggers hear of it, and from now on the debugged function's own timeout holds;
        what is built is ended, and what waits for that does not run.
        """
        threading.Thread(target=self.project.stop_builds, name="samlocal-stop-builds", daemon=True).start()
        if self.debugged is not None and self._ending is None:
            self._ending = asyncio.create_task(self._end_debugging(self.debugged))

    async def _end_debugging(self, debugged: Debugged) -> None:
        await debugged.port.close()
        await asyncio.sleep(debugged.timeout)
        self.pool.cut_short(debugged.id)

    def _first_engine(self) -> Engines:
        """The engines; where all functions are one's, it is connected. Raises EngineError."""
        choice = self.options.sandbox.engines
        if len(choice.places) == 1:
            named = choice.of((), "")
            with wanted(named, by="every function"):
                self.project.engines.of(named)
        return self.project.engines

    async def _clear(self) -> None:
        """Removes what engines that were restarted meanwhile have left."""
        await asyncio.gather(*map(self._clear_one, self.project.engines.connected))

    async def _clear_one(self, engine: Engine) -> None:
        # Whoever comes next to an engine that is away, or says nothing, finds it there.
        with suppress(EngineError, TimeoutError):
            async with asyncio.timeout(_CLEAR_SECONDS):
                await engine.ask(self._session.clear, engine)

    async def plan(self, function_id: str) -> SandboxSpec:
        """What a sandbox of the function would be made of now. Raises as ``Project.plan`` does."""
        return await asyncio.to_thread(self._plan, function_id)

    def watch(self, paths: Iterable[Path], changed: Changed) -> None:
        """Watches other files too, where anything is reloaded."""
        if self._reloader is not None:
            self._reloader.also(paths, changed)

    def change(self, function_id: str | None = None) -> None:
        """A function, or every one, may be made from something else now."""
        self._forget()
        self.pool.change(function_id)

    def when_changed(self, call: Callable[[], object]) -> None:
        """Has it called where the template may be another."""
        self._changed.append(call)

    def _forget(self) -> None:
        for call in self._changed:
            call()

    def _reloading(self, pool: Pool, reload: Reloading) -> Reloader:
        from samlocal.reload.reloader import Reloader
        from samlocal.reload.watch import Watch

        world, teller = self.project.settings.world, self.project.teller
        # watchfiles' own variable.
        watch = Watch(remark=teller.notice, polls=bool(world.environ.get("WATCHFILES_FORCE_POLLING")))
        reloader = Reloader(
            pool,
            lambda function_id, sources: self._made(function_id, sources, falls_back=False),
            watch=watch,
            told=reload.told,
            changed=self._forget,
            own=world.cache_folder,
            shown=lambda path: str(path.relative_to(world.cwd)) if path.is_relative_to(world.cwd) else str(path),
        )
        # Functions are called by its names before any of them is planned.
        reloader.also([self.project.settings.template], _nobody)
        if reload.reread is not None:
            reloader.also(configuration_files(self.project.settings), partial(self._configure, reload.reread))
        return reloader

    async def _configure(self, reread: Reread) -> bool:
        """Goes on with what the configuration file says now."""
        settings, options = await asyncio.to_thread(reread)
        if (settings, options) == (self.project.settings, self.options):
            return False
        await asyncio.to_thread(self.project.settle, settings)
        self.options = options
        return True

    async def _planned(self, function_id: str) -> Plan:
        """A plan that an event needs; from then on what it is made from is watched."""
        sources, began, plan = Sources(), time.time(), None
        try:
            plan = await self._made(function_id, sources, falls_back=True)
            return plan
        finally:
            if self._reloader is not None:
                self._reloader.planned(function_id, sources, plan, began=began)

    async def _made(self, function_id: str, sources: Sources, *, falls_back: bool) -> Plan:
        return await in_thread(partial(self._plan, sources=sources, falls_back=falls_back))(function_id)

    def _plan(self, function_id: str, *, sources: Sources | None = None, falls_back: bool = True) -> SandboxSpec:
        options = self.options if self.debugged is None else self.debugged.options_of(function_id, self.options)
        spec = self.project.plan(function_id, options, sources=sources, falls_back=falls_back)
        if self.debugged is not None:
            self.debugged.planned(function_id, spec)
        tell_of_image(spec.image, self.project.teller)
        return self._shaped(spec)
