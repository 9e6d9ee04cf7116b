"""One WebSocket API in front of its functions: connections, messages and their ends, without sockets.

Sources: API Gateway developer guide, "Manage connected users and client apps: $connect and $disconnect routes",
"Set up route responses for a WebSocket API"; what clients are told of a message that nothing came of: AWS forums and
serverless/serverless issue 6130 (``{"message": "Internal server error", "connectionId": …, "requestId": …}``).
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Callable
from typing import assert_never

import msgspec

from samlocal.errors import SamlocalError
from samlocal.http_api import identifiers
from samlocal.http_api.answers.answer import answer, finished, refused
from samlocal.http_api.answers.fixed import not_run
from samlocal.http_api.answers.payload import MalformedError, parsed, response
from samlocal.http_api.answers.refusal import FAILED, NO_ROUTE, THROTTLED, TIMED_OUT, Refusal
from samlocal.http_api.authorizers.token_authorizers import Verifies
from samlocal.http_api.backend import Backend, Exchanged, Hears
from samlocal.http_api.events.websocket import (
    CONNECT,
    DISCONNECT,
    Connection,
    connect_event,
    disconnect_event,
    message_event,
)
from samlocal.http_api.exchange import HttpAnswer, HttpRequest, Matched
from samlocal.http_api.integration import (
    FixedResponse,
    HttpIntegration,
    LambdaIntegration,
    MappedIntegration,
    NotRun,
    RedirectIntegration,
    ServiceIntegration,
)
from samlocal.http_api.model import Api, Route
from samlocal.http_api.request_size import too_large_head
from samlocal.http_api.websocket.connections import Client, Connections, Live
from samlocal.http_api.websocket.selection import route_of, selected
from samlocal.pool.pool import PoolClosedError
from samlocal.pool.throttle import Throttled
from samlocal.sandbox.result import Result, Success
from samlocal.service.run import Invokes

_INTERNAL = "Internal server error"


class WebSocketFront:
    """Serves one API. ``connections`` are those of all, which functions reach at ``domain``, as their events have it;
    None leaves it the host that clients name."""

    def __init__(
        self,
        api: Api,
        pool: Invokes,
        hears: Hears,
        tokens: Callable[[], Verifies] | None,
        connections: Connections,
        *,
        domain: str | None = None,
    ) -> None:
        self.connections = connections
        self._domain = domain
        self._hears = hears
        self._backend = Backend(pool, hears, tokens)
        self.use(api)

    def use(self, api: Api) -> None:
        """From the next message on."""
        self.api = api
        self._backend.use(api)

    async def close(self) -> None:
        """Waits until all is over that has been begun."""
        await self._backend.close()

    async def answer(self, request: HttpRequest) -> HttpAnswer:
        """A request that is no handshake: a function's own to a client, or nobody's."""
        api = self.api
        said = await self.connections.answer(request, api.api_id)
        return finished(api, request, said or refused(api, request, NO_ROUTE))

    async def connect(self, request: HttpRequest) -> tuple[Connection, HttpAnswer]:
        """What the handshake is answered with: below 300 it stands, with the headers that the function gives.

        It is one for the API's stage, or for the root, where a custom domain of AWS's has it.
        """
        began = time.monotonic()
        connection, said = await self._connect(request)
        made = finished(self.api, request, said)
        self._tell(CONNECT, made.status, began, route_of(self.api, CONNECT))
        return connection, made

    def opened(self, connection: Connection, client: Client) -> Live:
        """It is there: functions reach it from now on."""
        live = Live(connection, client, self.api)
        self.connections.add(live)
        return live

    async def message(self, live: Live, message: str | bytes) -> None:
        """Runs a message's function; what is to be said to the client is said. Raises ConnectionError."""
        began, request_id = time.monotonic(), str(uuid.uuid4())
        live.last_active = time.time()
        route = selected(self.api, message)
        status, said = await self._message(live, route, message, request_id)
        self._tell("MESSAGE" if route is None else route.path, status, began, route)
        if said is not None:
            await live.send(said)

    async def closed(self, live: Live, code: int, reason: str) -> None:
        """It is no more."""
        self.connections.remove(live)
        route = route_of(self.api, DISCONNECT)
        if route is None or not isinstance(route.integration, LambdaIntegration):
            return
        began, now = time.monotonic(), time.time()
        event = disconnect_event(
            self.api, live.connection, code=code, reason=reason, request_id=str(uuid.uuid4()), received=now
        )
        result = await self._run(route.integration, event, live.connection.request)
        self._tell(DISCONNECT, 200 if isinstance(result, Success) else 500, began, route)

    async def _connect(self, request: HttpRequest) -> tuple[Connection, HttpAnswer]:
        api = self.api
        refusal = too_large_head(api.kind, request)
        if refusal is None and request.path.rstrip("/") not in ("", f"/{api.stage}"):
            refusal = refused(api, request, NO_ROUTE)
        if refusal is not None:
            return Connection(request=request), refusal
        route = route_of(api, CONNECT)
        if route is None:
            return Connection(request=request, domain=self._domain), HttpAnswer(status=200)
        matched = Matched(route=route, path=CONNECT)
        caller = await self._backend.caller(matched, request)
        if isinstance(caller, Refusal):
            return Connection(request=request), refused(api, request, caller, matched)
        connection = Connection(request=request, caller=caller, domain=self._domain)
        result = await self._behind(route, connect_event(api, connection), request)
        if result is None:
            return connection, HttpAnswer(status=200)
        if isinstance(result, NotRun):
            return connection, not_run(result.reason)
        if isinstance(result, Refusal):
            return connection, refused(api, request, result, matched)
        answered = answer(api, matched, request, result)
        if answered.remark is not None:
            self._hears.remarked(answered.remark)
        return connection, answered.answer

    async def _message(
        self, live: Live, route: Route | None, message: str | bytes, request_id: str
    ) -> tuple[int, str | bytes | None]:
        """A status as HTTP would have it, and what the client is told."""
        if route is None:
            return 403, _told("Forbidden", live, request_id)
        event = message_event(
            self.api, live.connection, route.path, message, request_id=request_id, received=time.time()
        )
        result = await self._behind(route, event, live.connection.request)
        if result is None:
            return 200, None
        if isinstance(result, NotRun):
            return 501, _told(f"samlocal does not run this: {result.reason}.", live, request_id)
        if not isinstance(result, Success):
            return 500, _told(_INTERNAL, live, request_id)
        if not route.responds:
            return 200, None
        try:
            said = response(parsed(result.payload), default_status=200).decoded()
        except MalformedError as error:
            self._hears.remarked(f"{route.function}: malformed response: {error}.")
            return 500, _told(_INTERNAL, live, request_id)
        return 200, said.decode(errors="replace") or None

    async def _behind(
        self, route: Route, event: dict[str, object], request: HttpRequest
    ) -> Result | Refusal | NotRun | None:
        """What comes of what a route leads to; None of MOCK, from which nothing comes."""
        integration = route.integration
        match integration:
            case LambdaIntegration():
                return await self._run(integration, event, request)
            case MappedIntegration():
                return None
            case NotRun(reason=reason):
                self._hears.remarked(f"{self.api.id}: {route.path} is not run: {reason}.")
                return integration
            case HttpIntegration() | ServiceIntegration() | FixedResponse() | RedirectIntegration():
                raise TypeError(f"{type(integration).__name__} is no WebSocket API's")
            case _:
                assert_never(integration)

    async def _run(
        self, integration: LambdaIntegration, event: dict[str, object], request: HttpRequest
    ) -> Result | Refusal:
        try:
            async with asyncio.timeout(integration.timeout / 1000):
                result = await self._backend.result(integration.function, request, msgspec.json.encode(event))
        except TimeoutError:
            return TIMED_OUT
        except (SamlocalError, PoolClosedError):
            # Whoever hears of the event's end has heard why.
            return FAILED
        return THROTTLED if isinstance(result, Throttled) else result

    def _tell(self, what: str, status: int, began: float, route: Route | None) -> None:
        self._hears.exchanged(
            Exchanged(
                api=self.api.id,
                method="WEBSOCKET",
                path=what,
                status=status,
                duration=(time.monotonic() - began) * 1000,
                route=None if route is None else route.path,
                function=None if route is None else route.function,
            )
        )


def _told(message: str, live: Live, request_id: str) -> str:
    said = {
        "message": message,
        "connectionId": live.connection.id,
        "requestId": identifiers.extended_id(request_id),
    }
    return json.dumps(said)
