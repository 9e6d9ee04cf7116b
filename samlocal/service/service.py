"""A project's functions, run in sandboxes that stay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from samlocal.artifact.cache import Cache
from samlocal.pool.options import PoolOptions
from samlocal.pool.plan import in_thread
from samlocal.pool.pool import Pool
from samlocal.project.project import Project
from samlocal.project.run_options import RunOptions
from samlocal.sandbox.journal import Log
from samlocal.sandbox.layout import SandboxSpec
from samlocal.sandbox.sandbox import Sandbox
from samlocal.sandbox.session import Session
from samlocal.service.functions import Functions


class Service:
    """One project's, by one choice of how its functions run. Use it as a context manager, on an event loop.

    Sandboxes write to ``log``; what there is to say of plans goes to the project's teller. ``shaped`` has the last
    word on what a sandbox is made of, in a thread. With ``reload`` sandboxes can go on with what has changed. The
    project and the session are the caller's, and outlive it.
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
        reload: bool = True,
    ) -> None:
        self.project = project
        self.options = options or RunOptions()
        self.functions = Functions(lambda: project.with_current_values(lambda application: application)[0])
        self._pool_options = pool_options
        self._session = session
        self._log = log
        self._shaped = shaped
        self._live = Cache(project.settings.world.cache_folder) if reload else None
        self._pool: Pool | None = None
        self._closing = AsyncExitStack()

    @property
    def pool(self) -> Pool:
        """Within the service's block."""
        if self._pool is None:
            raise RuntimeError("a service that is not entered has no pool")
        return self._pool

    async def __aenter__(self) -> Self:
        """Raises EngineError."""
        engine = await asyncio.to_thread(lambda: self.project.engine)
        self._pool = await self._closing.enter_async_context(
            Pool(
                in_thread(self._plan),
                lambda spec: Sandbox(engine, spec, session=self._session, log=self._log, live=self._live),
                options=self._pool_options,
            )
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        await self._closing.aclose()

    async def plan(self, function_id: str) -> SandboxSpec:
        """What a sandbox of the function would be made of now. Raises as ``Project.plan`` does."""
        return await asyncio.to_thread(self._plan, function_id)

    def change(self, function_id: str | None = None) -> None:
        """A function, or every one, may be made from something else now."""
        self.functions.forget()
        self.pool.change(function_id)

    def _plan(self, function_id: str) -> SandboxSpec:
        spec = self.project.plan(function_id, self.options)
        for remark in spec.image.remarks:
            self.project.teller.notice(remark)
        return self._shaped(spec)
