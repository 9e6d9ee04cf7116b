"""The Telemetry API and the Logs API, where extensions subscribe to what happens in their sandbox.

Source: Lambda developer guide, "Lambda Telemetry API reference" and "Lambda Logs API"; for the refusals
aws-lambda-runtime-interface-emulator, ``internal/lambda/rapi/handler/runtimelogs.go``.
"""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Mapping
from typing import Any

from samlocal.sandbox.apis.delivery import Connect, Delivery, Destination, HttpDestination, TcpDestination
from samlocal.sandbox.apis.extensions import Extension, Extensions, Refused
from samlocal.sandbox.apis.extensions_api import BODY_BYTES, caller, refusing
from samlocal.sandbox.apis.http import Response
from samlocal.sandbox.apis.server import Request, Route, json_response, refusal
from samlocal.sandbox.apis.subscription import Api, Buffering, Subscription, SubscriptionTerms
from samlocal.sandbox.apis.telemetry import Category, Telemetry
from samlocal.sandbox.journal import Journal

HOSTS = ("sandbox.localdomain", "sandbox")
"""What an extension calls its own container."""

_SCHEMAS = {Api.TELEMETRY: ("2025-01-29", "2022-12-13", "2022-07-01"), Api.LOGS: ("2021-03-18", "2020-08-15")}
_LIMITS = {"maxItems": (1_000, 10_000), "maxBytes": (262_144, 1_048_576), "timeoutMs": (25, 30_000)}

# The Runtime API's own port on Lambda.
_RESERVED_PORT = 9001


class TelemetryApi:
    """Takes subscriptions while the sandbox is in its init phase. ``connect`` leads to its listeners' ports."""

    def __init__(self, extensions: Extensions, telemetry: Telemetry, journal: Journal, *, connect: Connect) -> None:
        self._extensions = extensions
        self._telemetry = telemetry
        self._journal = journal
        self._connect = connect
        self._open = True
        self._subscribed: dict[str, Api] = {}
        self.routes = (
            Route(method="PUT", path="/2022-07-01/telemetry", handler=refusing(self._subscribe_telemetry)),
            Route(method="PUT", path="/2020-08-15/logs", handler=refusing(self._subscribe_logs)),
        )

    def restart(self) -> None:
        self._open = True
        self._subscribed = {}

    def close(self) -> None:
        """The init phase is over."""
        self._open = False
        self._telemetry.close()

    async def _subscribe_telemetry(self, request: Request) -> Response:
        return await self._subscribe(request, Api.TELEMETRY)

    async def _subscribe_logs(self, request: Request) -> Response:
        return await self._subscribe(request, Api.LOGS)

    async def _subscribe(self, request: Request, api: Api) -> Response:
        name = api.title()
        extension = caller(request, self._extensions)
        if not self._open:
            raise Refused(f"{name}.SubscriptionClosed", f"{name} API subscription is closed")
        wanted, destination, problems = _read(await request.body(BODY_BYTES), extension, api)
        other = self._subscribed.get(extension.name, api)
        if other is not api:
            problems = [f"the extension has subscribed with the {other.title()} API already"]
        if problems or wanted is None or destination is None:
            error_type = "Logs.ValidationError" if api is Api.LOGS else "ValidationError"
            return refusal(400, error_type, "; ".join(problems))
        # A second subscription of the same extension changes nothing.
        if extension.name not in self._subscribed:
            self._subscribed[extension.name] = api
            self._telemetry.subscribe(Subscription(wanted, Delivery(destination, self._connect)))
            self._journal.subscription(extension.name, wanted.types, of=api.value)
        return json_response("OK")


def _read(
    body: bytes, extension: Extension, api: Api
) -> tuple[SubscriptionTerms | None, Destination | None, list[str]]:
    """A request's subscription, or everything that is wrong with it."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError) as error:
        return None, None, [f"the request is no JSON: {error}"]
    if not isinstance(asked, dict):
        return None, None, ["the request is no JSON object"]
    problems: list[str] = []
    schemas = _SCHEMAS[api]
    # The Logs API has a default.
    schema = asked.get("schemaVersion", schemas[-1] if api is Api.LOGS else None)
    if schema not in schemas:
        problems.append(f"schemaVersion should be one of {', '.join(schemas)}")
    types = asked.get("types")
    if not isinstance(types, list) or not types:
        problems.append("types should not be empty")
        types = []
    problems += [f"{type_!r} is no type" for type_ in types if type_ not in tuple(Category)]
    buffering = _buffering(asked.get("buffering"), problems)
    destination = _destination(asked.get("destination"), problems)
    if problems or destination is None:
        return None, None, problems
    wanted = SubscriptionTerms(
        name=extension.name, api=api, schema=str(schema), types=tuple(dict.fromkeys(types)), buffering=buffering
    )
    return wanted, destination, []


def _buffering(asked: Any, problems: list[str]) -> Buffering:
    if asked is None:
        return Buffering()
    if not isinstance(asked, Mapping):
        problems.append("buffering should be an object")
        return Buffering()
    for name, (least, most) in _LIMITS.items():
        value = asked.get(name, least)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            problems.append(f"buffering.{name} should be between {least} and {most}")
    if problems:
        return Buffering()
    default = Buffering()
    return Buffering(
        max_items=asked.get("maxItems", default.max_items),
        max_bytes=asked.get("maxBytes", default.max_bytes),
        timeout_ms=asked.get("timeoutMs", default.timeout_ms),
    )


def _destination(asked: Any, problems: list[str]) -> Destination | None:
    if not isinstance(asked, Mapping):
        problems.append("destination is not provided")
        return None
    protocol = asked.get("protocol")
    if protocol == "TCP":
        port = asked.get("port")
        if not isinstance(port, int) or not 1 <= port <= 65_535 or port == _RESERVED_PORT:
            problems.append("destination.port should be a port that is not reserved")
            return None
        return TcpDestination(port=port)
    if protocol != "HTTP":
        problems.append("destination.protocol should be HTTP or TCP")
        return None
    return _http(asked, problems)


def _http(asked: Mapping[str, Any], problems: list[str]) -> HttpDestination | None:
    method = asked.get("method", "POST")
    if method not in ("POST", "PUT"):
        problems.append("destination.method should be POST or PUT")
    try:
        uri = urllib.parse.urlsplit(str(asked.get("URI", "")))
        port = uri.port
    except ValueError as error:
        problems.append(f"URI: {error}")
        return None
    if uri.scheme != "http":
        problems.append("URI scheme should be http")
    if uri.hostname not in HOSTS:
        problems.append(f"URI host should be {' or '.join(HOSTS)}")
    if port is None:
        problems.append("URI port is not provided")
        return None
    if port == _RESERVED_PORT:
        problems.append(f"URI port {port} is reserved")
    path = urllib.parse.urlunsplit(("", "", uri.path or "/", uri.query, ""))
    return HttpDestination(port=port, path=path, method=str(method))
