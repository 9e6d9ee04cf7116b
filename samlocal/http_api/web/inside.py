"""The doors by which functions reach the clients of WebSocket APIs, from within their containers.

On AWS they do so at the host and the stage of their events, by https (API Gateway developer guide, "Use @connections
commands in your backend service"). Code that makes such a URL finds one door: its events name a host that its
container knows, with the port on which samlocal listens there, and its SDK trusts samlocal's certificate. SDKs that
are left to find the place by themselves are told of the other one, which speaks http, by a variable.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from msgspec import Struct

from samlocal.artifact.engine_disk.standpoint import Standpoint
from samlocal.aws.signature import signature_of
from samlocal.aws.trusted import trusted_roots
from samlocal.engine import Engine
from samlocal.http_api.exchange import HttpAnswer, HttpRequest
from samlocal.http_api.model import Api
from samlocal.http_api.web.asgi import Message, Receive, Send, answer_request
from samlocal.http_api.web.certificate import INSIDE, Certificate
from samlocal.http_api.websocket.connections import Connections
from samlocal.own_folder import own_folder
from samlocal.records import put_private
from samlocal.sandbox.network.route import LOOPBACK, NoWayError, Route, bound_socket, open_route
from samlocal.service.no_service import no_service
from samlocal.service.server import listening, serving, url_of


class Trust(Struct, frozen=True, kw_only=True):
    """``folder`` is for containers: it holds ``own``, samlocal's certificate alone, and ``all``, behind AWS's."""

    folder: Path
    own: str = "certificate.pem"
    all: str = "certificates.pem"


class Inside:
    """``http`` listens on loopback, ``https`` where ``route`` leads to from a container.

    Use it as a context manager.
    """

    def __init__(
        self, http: socket.socket, https: socket.socket, *, route: Route, certificate: Certificate, trust: Trust
    ) -> None:
        self.trust = trust
        self._http = http
        self._https = https
        self._route = route
        self._certificate = certificate

    @classmethod
    def open(
        cls, engine: Engine, network: str, stands: Standpoint, *, certificate: Certificate, folder: Path
    ) -> Self:
        """Listens already. Raises EngineError, ConfigurationError, OSError for a ``folder`` that keeps nothing."""
        given = trust(certificate, folder)
        with contextlib.ExitStack() as opened:
            http = opened.enter_context(contextlib.closing(listening("127.0.0.1", 0)))
            try:
                route, https = open_route(engine, network, stands)
            except NoWayError:
                # Functions find it by the address of ``url``, which is relayed.
                route, https = Route(network=network, host=LOOPBACK, seen_as=LOOPBACK), bound_socket(LOOPBACK)
            opened.pop_all()
        return cls(http, https, route=route, certificate=certificate, trust=given)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
        self._https.close()

    def url(self, stage: str = "") -> str:
        """For this machine's loopback, which is passed on to containers."""
        return f"{url_of(self._http)}/{stage}".rstrip("/")

    def host(self, api: Api) -> str:
        return f"{api.api_id}.{INSIDE}"

    def domain(self, api: Api) -> str:
        """What stands in the events of an API."""
        return f"{self.host(api)}:{self._https.getsockname()[1]}"

    @property
    def address(self) -> str:
        """What its hosts lead to in a container, as Docker's ``extra_hosts`` have it."""
        return self._route.extra_hosts.get(self._route.seen_as, self._route.seen_as)

    @asynccontextmanager
    async def serving(self, connections: Connections, failed: Callable[[Exception], None]) -> AsyncIterator[None]:
        """``failed`` gets faults of samlocal's own."""
        application = _Application(connections, failed)
        async with (
            serving(application, [self._http]),
            serving(application, [self._https], tls=self._certificate.served),
        ):
            yield


class _Application:
    """``@connections`` alone, and what a function without rights hears of every other service."""

    def __init__(self, connections: Connections, failed: Callable[[Exception], None]) -> None:
        self._connections = connections
        self._failed = failed

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        await answer_request(scope, receive, send, self._answer, failed=self._failed)

    async def _answer(self, request: HttpRequest) -> HttpAnswer:
        answer = await self._connections.answer(request, _api_id(request))
        if answer is not None:
            return answer
        headers = {name.lower(): value for name, value in request.headers}
        signature = signature_of(headers)
        said = no_service("what is asked for" if signature is None else signature.service, headers)
        return HttpAnswer(status=said.status, headers=tuple(said.headers.items()), body=said.body)


def _api_id(request: HttpRequest) -> str | None:
    """Of the API whose host is asked, as its events name it; None of the other door, which is every API's."""
    name = (request.header("host") or "").partition(":")[0].lower()
    return name.removesuffix(f".{INSIDE}") if name.endswith(f".{INSIDE}") else None


def trust(certificate: Certificate, folder: Path) -> Trust:
    """What containers are given, kept in ``folder``. Raises OSError."""
    made = Trust(folder=own_folder(folder))
    own = certificate.public.read_bytes()
    for name, content in ((made.own, own), (made.all, trusted_roots().rstrip() + b"\n" + own)):
        file = folder / name
        if not file.is_file() or file.read_bytes() != content:
            put_private(file, content)
        # The functions' user reads it; on this machine it lies in a folder that is its owner's alone.
        file.chmod(0o644)
    folder.chmod(0o755)
    return made
