"""Lambda's API for the functions of a project: everything behind ``samlocal start-lambda``."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Self

from samlocal.aws import Aws
from samlocal.endpoint import api_error
from samlocal.endpoint.answer import Answer
from samlocal.endpoint.application import Application
from samlocal.endpoint.callers import Callers, aws_of
from samlocal.endpoint.delivery import Delivery
from samlocal.endpoint.directory import Callee, CurrentDirectory, Directory
from samlocal.endpoint.event_queue import EventQueue
from samlocal.endpoint.forwarding import Forwarding
from samlocal.endpoint.hears import Hears
from samlocal.endpoint.invoker import Invoker
from samlocal.endpoint.listings import Listings
from samlocal.endpoint.log_tail import LogTail, LogTails
from samlocal.pool.options import PoolOptions
from samlocal.project.project import Project
from samlocal.project.run_options import RunOptions
from samlocal.sandbox.journal import Log
from samlocal.sandbox.layout import SandboxSpec
from samlocal.sandbox.network.endpoint import endpoint
from samlocal.sandbox.session import Session
from samlocal.service.debugged import Debugging
from samlocal.service.server import serving, url_of
from samlocal.service.service import Reloading, Reread, Service


class LambdaEndpoint:
    """Serves on a socket that listens already. Use it as a context manager, on an event loop.

    Sandboxes write to ``log``; what the ``session`` has made is removed at the end. Functions call each other here:
    their SDKs are told so by ``AWS_ENDPOINT_URL_LAMBDA``. ``shaped`` is the service's, of what else is served.
    """

    def __init__(
        self,
        project: Project,
        listens: socket.socket,
        options: RunOptions,
        pool_options: PoolOptions,
        *,
        session: Session,
        log: Log,
        hears: Hears,
        reload: bool = True,
        reread: Reread | None = None,
        debug: Debugging | None = None,
        shaped: Callable[[SandboxSpec], SandboxSpec] = lambda spec: spec,
    ) -> None:
        self.url = url_of(listens)
        own = endpoint(self.url)
        self._callers = Callers(own, told=project.teller.notice)
        self._forwarding = Forwarding(own, told=hears.passed_on)
        self._listens = listens
        self._hears = hears
        self._teller = project.teller
        self._tails = LogTails(log, LogTail)
        self.service = Service(
            project,
            options,
            pool_options,
            session=session,
            log=self._tails,
            shaped=lambda spec: shaped(self._callers.shaped(spec)),
            reload=Reloading(told=hears.reloaded, reread=reread) if reload else None,
            debug=debug,
        )
        known = self.service.functions
        self.functions = CurrentDirectory(
            lambda: project.with_current_values(Directory)[1], changes=lambda: known.changes
        )
        self._closing = AsyncExitStack()
        self._application: Application | None = None
        self._invoker: Invoker | None = None

    async def __aenter__(self) -> Self:
        """Raises EngineError, and what reading the template raises."""
        await self.functions.get()
        await self._closing.enter_async_context(self.service)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        await self._closing.aclose()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Answers until the end of the block, which waits for all events that run then."""
        pool = self.service.pool
        delivery = Delivery(self.functions, self._caller, warn=self._teller.warning, told=self._hears.told)
        queue = EventQueue(pool, delivery, told=self._hears.told, failed=self._hears.failed)
        invoker = self._invoker = Invoker(pool, self.functions, self._tails, queue=queue.put, told=self._hears.told)
        application = self._application = Application(
            invoker, Listings(self.functions), self._callers, self._forwarding, self._hears
        )
        try:
            async with serving(application.asgi(), [self._listens]):
                try:
                    yield
                finally:
                    # Functions that still run may call others.
                    self.ends()
                    await _over(invoker, queue)
        finally:
            given_up = await _over(invoker, queue)
            if given_up:
                events = "event is" if given_up == 1 else "events are"
                self._teller.warning(f"{given_up} asynchronous {events} given up that would have been tried again.")

    async def invoke(
        self, name: str, qualifier: str | None, headers: Mapping[str, str], body: bytes, *, request_id: str
    ) -> Answer:
        """As a caller by HTTP would, while it serves. Raises ApiError."""
        return await self._serving.invoke(name, qualifier, headers, body, request_id=request_id)

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
        """One that another service has, while it serves; ``over`` hears when it has come to its end.

        Raises ApiError.
        """
        return await self._serving.event(name, qualifier, headers, body, request_id=request_id, over=over)

    @property
    def _serving(self) -> Invoker:
        if self._invoker is None:
            raise api_error.service_error("samlocal: it does not serve yet.")
        return self._invoker

    def ends(self) -> None:
        """Somebody has ended the command: only functions that still run have others run."""
        self.service.ends()
        if self._application is not None:
            self._application.end()

    async def _caller(self, callee: Callee) -> Aws | None:
        return self._callers.aws(callee.name) or aws_of(await self.service.plan(callee.path))


async def _over(invoker: Invoker, queue: EventQueue) -> int:
    """Waits for what runs, and what that has others run; says how many events are given up."""
    while True:
        given_up = await queue.close()
        await invoker.close()
        if queue.is_empty:
            return given_up
