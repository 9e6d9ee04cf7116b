"""The clients that are connected, and ``@connections``, by which functions reach them.

Sources: API Gateway developer guide, "Use @connections commands in your backend service"; API reference,
"Amazon API Gateway Management API" (status codes, ``GoneException``, ``PayloadTooLargeException``,
``ForbiddenException``, ``LimitExceededException`` where the client's buffer is full).
"""

from __future__ import annotations

import asyncio
import datetime
import json
import re
import time
from typing import Protocol
from urllib.parse import unquote

from samlocal.http_api.events.websocket import Connection
from samlocal.http_api.exchange import HttpAnswer, HttpRequest
from samlocal.http_api.model import Api

MESSAGE_BYTES = 128 * 1024
"""Of a message, either way (API Gateway developer guide, "Quotas")."""

FRAME_BYTES = 32 * 1024
"""Of a frame of a client's: a longer message comes in several."""

# A client that takes nothing for so long does not read what is sent to it.
_READS_SECONDS = 5.0

_PATH = re.compile(r"(?:/(?P<stage>[^/]+))?/@connections/(?P<id>[^/]+)")


class Client(Protocol):
    """The other end of a connection."""

    async def send(self, message: str | bytes) -> None:
        """Raises ConnectionError where it has gone."""

    async def close(self, code: int, reason: str) -> None:
        """Does nothing where it has gone."""


class Live:
    """One connection, as long as it is there."""

    def __init__(self, connection: Connection, client: Client, api: Api) -> None:
        self.connection = connection
        self.client = client
        self.api = api
        self.last_active = time.time()

    async def send(self, message: str | bytes) -> None:
        """Raises ConnectionError where the client has gone."""
        await self.client.send(message)
        self.last_active = time.time()


class Connections:
    """Those of all APIs: an id is no other's."""

    def __init__(self) -> None:
        self._live: dict[str, Live] = {}

    def add(self, live: Live) -> None:
        self._live[live.connection.id] = live

    def remove(self, live: Live) -> None:
        self._live.pop(live.connection.id, None)

    async def answer(self, request: HttpRequest, api_id: str | None = None) -> HttpAnswer | None:
        """A function's own request to a client of it; None for any other request.

        ``api_id`` is the API that is asked: it has no clients of another, nor has its stage. None asks all of them,
        whatever the stage.
        """
        asked = _PATH.fullmatch(request.path)
        if asked is None:
            return None
        live = self._live.get(unquote(asked["id"]))
        if live is None or api_id not in (None, live.api.api_id):
            return _error(410, "GoneException", None)
        if api_id is not None and asked["stage"] not in (None, live.api.stage):
            return _error(403, "ForbiddenException", "Forbidden")
        match request.method:
            case "POST":
                return await self._post(live, request)
            case "GET":
                return _described(live)
            case "DELETE":
                await live.client.close(1000, "Connection Closed Normally")
                return HttpAnswer(status=204)
        return _error(403, "MissingAuthenticationTokenException", "Missing Authentication Token")

    async def _post(self, live: Live, request: HttpRequest) -> HttpAnswer:
        if len(request.body) > MESSAGE_BYTES:
            return _error(413, "PayloadTooLargeException", "Message too long")
        try:
            async with asyncio.timeout(_READS_SECONDS):
                await live.send(_message(request.body))
        except ConnectionError:
            return _error(410, "GoneException", None)
        except TimeoutError:
            return _error(429, "LimitExceededException", None)
        return HttpAnswer(status=200)


def _message(body: bytes) -> str | bytes:
    """Text goes to the client as text."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def _described(live: Live) -> HttpAnswer:
    request = live.connection.request
    body = {
        "connectedAt": _moment(request.received),
        "identity": {"sourceIp": request.source_ip, "userAgent": request.header("user-agent")},
        "lastActiveAt": _moment(live.last_active),
    }
    return HttpAnswer(status=200, headers=(("Content-Type", "application/json"),), body=json.dumps(body).encode())


def _moment(seconds: float) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _error(status: int, error_type: str, message: str | None) -> HttpAnswer:
    body = {} if message is None else {"message": message}
    return HttpAnswer(
        status=status,
        headers=(("Content-Type", "application/json"), ("x-amzn-ErrorType", error_type)),
        body=json.dumps(body).encode(),
    )
