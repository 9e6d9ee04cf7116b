"""The APIs of a project, each on a socket of its own: everything behind ``samlocal start-api``."""

from __future__ import annotations

import asyncio
import functools
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from msgspec.structs import replace

from samlocal.errors import SamlocalError
from samlocal.http_api.authorizers.token_authorizers import Verifies
from samlocal.http_api.authorizers.token_errors import IssuerError
from samlocal.http_api.authorizers.user_pools import keys_behind
from samlocal.http_api.backend import Hears
from samlocal.http_api.front import Front
from samlocal.http_api.model import Api, ApiKind, Apis
from samlocal.http_api.routes.apis import apis
from samlocal.http_api.services import Services
from samlocal.http_api.usage import Usage
from samlocal.http_api.web.application import WebApplication
from samlocal.http_api.web.static_files import StaticFiles
from samlocal.http_api.web.websocket import WebSocketApplication
from samlocal.http_api.websocket.connections import FRAME_BYTES, MESSAGE_BYTES, Connections
from samlocal.http_api.websocket.front import WebSocketFront
from samlocal.http_api.websocket.reachable import Reachable
from samlocal.project.project import Project
from samlocal.service.server import is_open, serving
from samlocal.service.service import Service


def read_apis(project: Project, stage_variables: Mapping[str, str]) -> Apis:
    """What there is to serve now. Raises what reading the template raises."""
    return project.with_current_values(lambda application: apis(application, stage_variables=stage_variables))[1]


class Gateway:
    """``served`` are of those ``found``. ``sockets`` listen already, one for each API by its id.

    ``static`` are files beside every API's routes.
    ``tls`` holds a key and its certificate. ``reachable`` is how functions reach WebSocket clients, None where no
    such API is served.

    ``authorizes`` says whether authorizers and API keys are asked for. ``failed`` gets faults of samlocal's own, and
    why routes that were saved are not taken up.
    """

    def __init__(
        self,
        service: Service,
        found: Apis,
        served: tuple[Api, ...],
        sockets: Mapping[str, socket.socket],
        hears: Hears,
        *,
        stage_variables: Mapping[str, str],
        authorizes: bool,
        static: StaticFiles | None,
        tls: Path | None = None,
        reachable: Reachable | None = None,
        failed: Callable[[Exception], None],
    ) -> None:
        self._service = service
        self._sockets = sockets
        self._stage_variables = stage_variables
        self._static = static
        self._tls = tls
        self._reachable = reachable
        self._failed = failed
        verifier = _verifier(service.project) if authorizes else None
        services = Services(lambda role: service.project.role_credentials(role, service.options.rights))
        usage = Usage()
        self._connections = Connections()

        def front(api: Api) -> Front | WebSocketFront:
            if api.kind is ApiKind.WEBSOCKET:
                domain = None if reachable is None else reachable.inside.domain(api)
                return WebSocketFront(api, service.pool, hears, verifier, self._connections, domain=domain)
            return Front(api, service.pool, hears, verifier, services, usage)

        self._hears = hears
        self._fronts = {api.id: front(api) for api in served}
        self._read = found
        self._watched: set[Path] = set()
        self._changed: list[Callable[[], object]] = []

    @property
    def apis(self) -> tuple[Api, ...]:
        """Those that are served, with their routes of now; one that has left the template has none."""
        return tuple(front.api for front in self._fronts.values())

    def when_changed(self, call: Callable[[], object]) -> None:
        """Has it called when routes have been taken up."""
        self._changed.append(call)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Answers until the end of the block, which waits for all events that run then."""
        try:
            async with AsyncExitStack() as stack:
                if self._reachable is not None:
                    inside = self._reachable.inside
                    await stack.enter_async_context(inside.serving(self._connections, self._failed))
                for name, front in self._fronts.items():
                    listens = self._sockets[name]
                    application = self._application(front, any_host=is_open(listens))
                    await stack.enter_async_context(
                        serving(
                            application,
                            [listens],
                            websockets=(MESSAGE_BYTES, FRAME_BYTES) if isinstance(front, WebSocketFront) else None,
                            tls=self._tls,
                        )
                    )
                stack.callback(self._end)
                yield
        finally:
            for front in self._fronts.values():
                await front.close()

    def _end(self) -> None:
        """Before the answers are waited for that are on their way."""
        for front in self._fronts.values():
            if isinstance(front, Front):
                front.end()

    def _application(self, front: Front | WebSocketFront, *, any_host: bool) -> WebApplication | WebSocketApplication:
        if isinstance(front, WebSocketFront):
            return WebSocketApplication(front, any_host=any_host, failed=self._failed)
        return WebApplication(front, static=self._static, any_host=any_host, failed=self._failed)

    def watch(self) -> None:
        """Takes up routes that are saved, from now on, wherever they were read from."""
        new = set(self._read.files) - self._watched
        if new:
            self._watched |= new
            self._service.watch(new, self._reread)

    async def _reread(self) -> bool:
        """Nothing that functions are made from: these are watched by themselves."""
        try:
            found = await asyncio.to_thread(read_apis, self._service.project, self._stage_variables)
        except SamlocalError as error:
            self._failed(error)
            return False
        before, self._read = self._read, found
        for remark in found.remarks:
            if remark not in before.remarks:
                self._hears.remarked(remark)
        now = {api.id: api for api in found.apis}
        for name, front in self._fronts.items():
            api = now.get(name, replace(front.api, routes=()))
            if api != front.api:
                front.use(api)
                gone = "" if name in now else " It is no more in the template."
                self._service.project.teller.notice(f"{name}: its routes have changed.{gone}", each_time=True)
        if self._reachable is not None:
            served = (front.api for front in self._fronts.values() if front.api.kind is ApiKind.WEBSOCKET)
            for function in self._reachable.use(served):
                self._service.pool.change(function)
        # One that is served, and comes back, is no new one.
        for name in now.keys() - {api.id for api in before.apis} - self._fronts.keys():
            self._hears.remarked(f"{name} is new: it is served from the next start on.")
        for call in self._changed:
            call()
        self.watch()
        return False


def _verifier(project: Project) -> Callable[[], Verifies]:
    """Makes what verifies tokens, once: the keys of their issuers are kept there."""

    def endpoint() -> str | None:
        if project.settings.stack_name is None:
            return None
        try:
            return project.account.caller().endpoint_url()
        except SamlocalError as error:
            raise IssuerError(str(error)) from error

    @functools.cache
    def verifier() -> Verifies:
        from samlocal.http_api.authorizers.tokens import Tokens

        return Tokens(elsewhere=lambda issuer: keys_behind(endpoint(), issuer))

    return verifier
