"""A template's functions and APIs, warm, for code that is no command line: tests, scripts, notebooks."""

from __future__ import annotations

import asyncio
import io
import json
import os
import uuid
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from anyio.from_thread import start_blocking_portal

from samlocal.cli.opened import opened
from samlocal.cli.options.apis import ListeningApis
from samlocal.cli.options.stay import requests_to
from samlocal.cli.sweeping import sweep_all
from samlocal.cli.world import World
from samlocal.config import nearest
from samlocal.endpoint.directory import Callee
from samlocal.endpoint.lambda_endpoint import LambdaEndpoint
from samlocal.endpoint.run import run
from samlocal.errors import ConfigurationError, FunctionNotFoundError
from samlocal.function.tenancy import check_tenant
from samlocal.pool.throttle import Throttled
from samlocal.sandbox.invocation import Request
from samlocal.sandbox.layout import SandboxSpec
from samlocal.sandbox.result import Success
from samlocal.sandbox.session import Session, session
from samlocal.service.followed_logs import FollowedLogs
from samlocal.testing import events
from samlocal.testing.answer import Answer, InvocationLog
from samlocal.testing.api import Api
from samlocal.testing.environment import Environment

T = TypeVar("T")


class Application:
    """Runs functions in sandboxes that stay warm until the end of its block.

    ``options`` are those of ``samlocal start-api`` (``-e local``, ``--build``, ``--set A=1`` …); samconfig.toml and
    ``SAMLOCAL_…`` variables count as they do there. ``folder`` is where the command would run. ``user`` has an
    environment on this machine to themselves, which ends with the block, with the data of the file ``seed``. Threads
    may share it.
    """

    def __init__(
        self,
        *options: str,
        folder: Path | None = None,
        environ: Mapping[str, str] | None = None,
        user: str = "",
        seed: Path | None = None,
    ) -> None:
        self._options = options
        self._said = io.StringIO()
        self._world = World(
            # What tests send is no event that somebody wants to keep (`samlocal event save`).
            environ={"SAMLOCAL_LAST_EVENTS": "off", **(os.environ if environ is None else environ)},
            cwd=folder or Path.cwd(),
            user=user,
            stdin=io.BytesIO(),
            stdout=io.BytesIO(),
            stderr=self._said,
        )
        self._seed = seed
        self._listening: ListeningApis | None = None
        self._apis: dict[str, Api] = {}
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        """Raises ConfigurationError, TemplateError, EngineError, and what deploying to the environment raises."""
        try:
            self._enter(self._closing)
        except BaseException:
            self._closing.close()
            raise
        return self

    def _enter(self, stack: ExitStack) -> None:
        self._opened = stack.enter_context(opened(self._world, self._options))
        project = self._opened.project
        self.environment = Environment(project, seed=self._seed, changed=self._change)
        if project.settings.is_local and self._world.user:
            stack.callback(self.environment.close)
        own = stack.enter_context(session(self._world.cache_folder / "sessions"))
        sweep_all(own, self._world.environ, self._opened.output, self._opened.options.sandbox.engines)
        self._portal = stack.enter_context(start_blocking_portal())
        self._requests = self._stays(requests_to(self._opened.output))
        self._logs = FollowedLogs(self._requests, InvocationLog)
        self._endpoint = self._stays(self._portal.call(self._made, own))
        self._stays(self._endpoint.serving())

    async def _made(self, own: Session) -> LambdaEndpoint:
        return LambdaEndpoint(
            self._opened.project,
            self._opened.listens(),
            self._opened.options,
            self._opened.limits,
            session=own,
            log=self._logs,
            hears=self._requests,
            reload=False,
            shaped=lambda spec: self._shaped(spec),
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._closing.close()

    @property
    def said(self) -> str:
        """What ``samlocal start-api`` would have shown so far: requests with their logs, notices, warnings."""
        self._portal.call(self._requests.shown)
        return self._said.getvalue()

    def function(self, name: str) -> Function:
        """By logical id, ``Child/Function``, or deployed name.

        Raises FunctionNotFoundError, and what reading the template raises.
        """
        self._portal.call(self._callee, name)
        return Function(self, name)

    def api(self, name: str | None = None) -> Api:
        """By its id or its name; the only one of a template needs none.

        Raises ConfigurationError, and what reading the template raises.
        """
        if self._listening is None:
            self._serve_apis()
        if name is None and len(set(self._apis.values())) == 1:
            return next(iter(self._apis.values()))
        if name not in self._apis:
            said = "several APIs" if name is None else f"no API {name}{nearest(name, list(self._apis))}"
            raise ConfigurationError(f"The template has {said}", tip=f"There are {', '.join(self._apis)}.")
        return self._apis[name]

    def invoke(
        self, name: str, event: object = None, *, client_context: str | None = None, tenant_id: str | None = None
    ) -> Answer:
        """Runs a function to its end: an event is a value for JSON, or the bytes of some.

        Raises FunctionNotFoundError, ConfigurationError where it is throttled or wants another tenant, and what
        planning its sandbox raises.
        """
        payload = event if isinstance(event, bytes) else json.dumps({} if event is None else event).encode()
        request = Request(
            payload=payload, client_context=client_context, tenant_id=tenant_id, request_id=str(uuid.uuid4())
        )
        return self._portal.call(self._invoke, name, request)

    def event(self, function: str, source: str | None = None, **flags: object) -> Any:
        """An event of a function's own source, with the names of the environment: ``event generate --for``.

        ``source`` is its name in the template, where there are several; ``flags`` are the event's. Raises
        ConfigurationError, and what reading the template raises.
        """
        chosen = self._opened.project.settings
        named = {
            "for": function,
            "source": source,
            "template": str(chosen.template),
            "env-name": chosen.env_name,
            "stack-name": chosen.stack_name if chosen.env_name is None else None,
            "profile": chosen.profile,
            "region": chosen.region,
        }
        return events.made(self._world, *events.words(named), *events.words(flags))

    async def _invoke(self, name: str, request: Request) -> Answer:
        callee = await self._callee(name)
        check_tenant(request.tenant_id, isolated=callee.isolates_tenants)
        streamed = bytearray()
        with self._logs.follow(request.request_id or "") as log:
            begun = run(self._endpoint.service.pool, callee, request, chunk=streamed.extend, told=self._requests.told)
            outcome = await asyncio.shield(begun.task)
            if isinstance(outcome, Throttled):
                raise ConfigurationError(f"{name} is throttled: {outcome.reason.value}.")
            await log.whole()
        result = outcome.result
        is_good = isinstance(result, Success)
        return Answer(
            data=bytes(streamed) if isinstance(result, Success) and result.streamed else result.payload,
            logs=tuple(log.lines),
            shown=tuple(log.shown),
            report=outcome.report,
            error=None if is_good else json.loads(result.payload),
        )

    async def _callee(self, name: str) -> Callee:
        path = await self._endpoint.service.functions.id_of(name)
        directory = await self._endpoint.functions.get()
        for callee in directory:
            if callee.path == path:
                return callee
        raise FunctionNotFoundError(f"{path} is not deployed: its condition is false.")

    def _serve_apis(self) -> None:
        listening = self._opened.apis()
        gateway = listening.gateway(self._endpoint.service, self._requests)
        self._stays(gateway.serving())
        for served, shown in zip(gateway.apis, listening.shown(gateway), strict=True):
            api = Api(served.id, shown.url or "")
            self._closing.callback(api.close)
            self._apis |= {served.name: api, served.id: api}
        self._listening = listening
        # Functions that have been planned know of no WebSocket API.
        self._portal.call(self._endpoint.service.pool.change)

    def _change(self) -> None:
        """The environment is another one now: what was known of it is forgotten."""
        self._portal.call(self._endpoint.service.change)

    def _shaped(self, spec: SandboxSpec) -> SandboxSpec:
        return spec if self._listening is None else self._listening.shaped(spec)

    def _stays(self, manager: AbstractAsyncContextManager[T]) -> T:
        return self._closing.enter_context(self._portal.wrap_async_context_manager(manager))


class Function:
    """One function of an application: called with an event, it gives the answer."""

    def __init__(self, application: Application, name: str) -> None:
        self._application = application
        self.name = name

    def __call__(self, event: object = None, **given: Any) -> Answer:
        """As ``Application.invoke``."""
        return self._application.invoke(self.name, event, **given)

    def event(self, source: str | None = None, **flags: object) -> Any:
        """As ``Application.event``."""
        return self._application.event(self.name, source, **flags)
