"""A project's functions by one choice of how they run, in sandboxes that stay between commands."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING

from msgspec.structs import replace

from samlocal.artifact.cache import Cache
from samlocal.engine.engines import Engines
from samlocal.errors import KeptError
from samlocal.function.spec import FunctionSpec
from samlocal.function.tenancy import check_tenant
from samlocal.kept import messages
from samlocal.kept.changes import changes
from samlocal.kept.kept_sandbox import KeptSandbox
from samlocal.kept.listener import LISTENER, Listener, Telling
from samlocal.kept.planned import planned
from samlocal.kept.surroundings import as_text
from samlocal.pool.options import PoolOptions
from samlocal.pool.plan import Plan, in_thread
from samlocal.pool.pool import Pool
from samlocal.pool.throttle import Throttled
from samlocal.project.project import Project
from samlocal.sandbox.invocation import Invocation, Request
from samlocal.sandbox.layout import SandboxSpec
from samlocal.sandbox.sandbox import Sandbox
from samlocal.sandbox.session import Session

if TYPE_CHECKING:
    from samlocal.kept.listener import Speaking
    from samlocal.kept.wanted import Wanted

_FUNCTION: ContextVar[str] = ContextVar("_FUNCTION")
"""Of which a sandbox is started."""

# Whoever runs an event waits for no others: a command of its own would not either.
_CONCURRENCY = 1000

# How long the last of a run's log may take, and how long the end of its sandbox.
_LAST_SECONDS = 1.0
_FINISH_SECONDS = 3.0
_END_SECONDS = 10.0


class Composition:
    """Runs events of commands that want the same, each planned as the command itself would plan it.

    ``engines`` are its own, which end with it.
    """

    def __init__(self, wanted: Wanted, engines: Engines, *, session: Session, live: Cache) -> None:
        self.lasting = wanted.lasting
        self.engines = engines
        self.sandboxes: list[KeptSandbox] = []
        self._session = session
        self._live = live
        self._opened: dict[str, tuple[messages.Open, Listener]] = {}
        self._plans: dict[str, Plan] = {}
        self._keep: dict[str, float] = {}
        self._runs: dict[asyncio.Task[Invocation], str] = {}
        # As long as sandboxes of it may live: what it holds open is theirs, too.
        self._project: Project | None = None
        self._pool = Pool(self._plan_of, self._made, options=PoolOptions(concurrency=_CONCURRENCY))

    async def close(self) -> None:
        await self._pool.close()
        await self._session.relays.end(self.engines.connected)
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        if self._project is not None:
            self._project.close()
        self.engines.close()

    @property
    def environment(self) -> str | None:
        """What the user calls it."""
        return self.lasting.bare.environment

    @property
    def in_use(self) -> bool:
        return bool(self.sandboxes or self._runs)

    async def open(self, opened: messages.Open, listener: Listener) -> messages.Planned:
        """Plans a function for the events that come. Raises what a command of its own would."""
        name = opened.function
        LISTENER.set(listener)
        _FUNCTION.set(name)
        plan = await self._planned(opened, listener)
        before = self._plans.get(name)
        there = any(each.function == name for each in self.sandboxes)
        self._opened[name], self._plans[name] = (opened, listener), plan
        if opened.keep is not None:
            self._keep[name] = opened.keep
            self._pool.keep(name, opened.keep)
        self._pool.change(name)
        changed = changes(before, plan) if before is not None and there else ()
        return planned(plan.spec, changed=changed)

    async def run(self, opened: messages.Open, payload: bytes, listener: Listener) -> Invocation:
        """Raises EngineError, and KeptError where somebody stops it; a caller who is cancelled ends its sandbox."""
        request = Request(payload=payload, tenant_id=opened.tenant_id)
        running = asyncio.ensure_future(self._run(opened.function, request, listener))
        self._runs[running] = opened.function
        running.add_done_callback(lambda done: self._runs.pop(done))
        try:
            return await running
        except asyncio.CancelledError:
            running.cancel()
            # The last that it says is heard; nobody need wait for the end of one that takes its time.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST_SECONDS):
                    for sandbox in [each for each in self.sandboxes if each.is_of(listener)]:
                        await sandbox.ended.wait()
            caller = asyncio.current_task()
            if caller is None or caller.cancelling():
                raise
            raise KeptError(f"The sandbox of {opened.function} was stopped (`samlocal kept --stop`).") from None

    async def finish(self, listener: Listener) -> None:
        """Waits, a little, for what a sandbox that is spent has yet to say."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FINISH_SECONDS):
                for sandbox in [each for each in self.sandboxes if each.listener is listener]:
                    await sandbox.cleared()

    async def _run(self, function: str, request: Request, listener: Listener) -> Invocation:
        LISTENER.set(listener)
        _FUNCTION.set(function)
        invocation = await self._pool.invoke(function, request, chunk=listener.chunk)
        if isinstance(invocation, Throttled):
            raise KeptError(f"More than {_CONCURRENCY} events run at once.", tip="Wait for them, or give --cold.")
        return invocation

    async def stop(self, functions: tuple[str, ...]) -> tuple[set[str], set[str]]:
        """Ends the sandboxes of these functions, of all where none is named: which, and which ran an event."""
        ending = [each for each in self.sandboxes if not functions or self._is_one(each.function, functions)]
        stopped = {each.function for each in ending}
        cut_off = set(self._runs.values()) & stopped
        for running, function in list(self._runs.items()):
            if function in stopped:
                running.cancel()
        for function in stopped:
            self._pool.end(function)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                for each in ending:
                    await each.ended.wait()
        return stopped, cut_off

    def last_uses(self) -> dict[str, float]:
        """When each function has run last (seconds since 1970); one that runs is later than any."""
        uses: dict[str, float] = {}
        for each in self.sandboxes:
            used = math.inf if each.idle_since is None else each.idle_since
            uses[each.function] = max(used, uses.get(each.function, 0.0))
        return uses

    def engine_of(self, function: str) -> str:
        """Where it runs by its last plan: a NamedEngine's ``at``."""
        return self._plans[function].spec.engine_at

    def end(self, function: str) -> None:
        """Ends those of the function's sandboxes that wait."""
        self._pool.end(function)

    def tidy(self) -> None:
        """Ends what waits and has died, with its engine or by itself."""
        self._pool.tidy()

    def let_go(self) -> set[str]:
        """Ends the sandboxes that wait."""
        waiting = {each.function for each in self.sandboxes if each.idle_since is not None}
        for function in waiting:
            self._pool.end(function)
        return waiting

    def kept(self) -> list[messages.Kept]:
        return [
            messages.Kept(
                function=each.function,
                environment=self.environment,
                state=each.state,
                since=each.since,
                ends=self._ends(each),
                container=each.container,
            )
            for each in self.sandboxes
        ]

    def _ends(self, sandbox: KeptSandbox) -> float | None:
        keep = self._keep.get(sandbox.function)
        return None if keep is None or sandbox.idle_since is None else sandbox.idle_since + keep

    def _is_one(self, function: str, names: tuple[str, ...]) -> bool:
        """Whether it is meant by one of these names: as somebody has called it, a logical id, or a deployed name."""
        plan = self._plans.get(function)
        own = {plan.spec.function.logical_id, plan.spec.function.function_name} if plan is not None else set()
        return not {function, *own}.isdisjoint(names)

    def _made(self, spec: SandboxSpec) -> KeptSandbox:
        def make(log: Speaking) -> Sandbox:
            engine = self.engines.at(spec.engine_at)
            return Sandbox(engine, spec, session=self._session, log=log, live=self._live)

        return KeptSandbox(_FUNCTION.get(spec.function.logical_id), make, there=self.sandboxes)

    # plans

    async def _plan_of(self, function: str) -> Plan:
        """The plan that has just been made, or another one when its credentials have come near their end."""
        plan = self._plans[function]
        if plan.outlived(epoch=time.time()):
            plan = self._plans[function] = await self._planned(*self._opened[function])
        return plan

    async def _planned(self, opened: messages.Open, listener: Listener) -> Plan:
        settings = opened.wanted.settings(as_text(opened.environ))
        project = Project(settings, Telling(listener), engines=self.engines)

        def accept(function: FunctionSpec) -> None:
            check_tenant(opened.tenant_id, isolated=function.isolates_tenants)

        def plan(function: str) -> SandboxSpec:
            spec = project.plan(function, opened.wanted.options, accept=accept)
            # A command of its own heeds no concurrency: there is nobody beside it.
            return replace(spec, function=replace(spec.function, reserved_concurrency=None))

        planning = asyncio.ensure_future(in_thread(plan)(opened.function))
        try:
            planned = await asyncio.shield(planning)
        except BaseException:
            # A thread is not cut short, but the tools are that it waits for.
            threading.Thread(target=project.stop_builds).start()
            planning.add_done_callback(lambda done: _close(project, done))
            raise
        before, self._project = self._project, project
        if before is not None:
            await asyncio.to_thread(before.close)
        return planned


def _close(project: Project, planning: asyncio.Future[Plan]) -> None:
    """Once it is not used any more; what has come of that nobody need hear."""
    if not planning.cancelled():
        planning.exception()
    threading.Thread(target=project.close).start()
