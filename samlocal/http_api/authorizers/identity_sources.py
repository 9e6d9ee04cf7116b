"""Where in a request an authorizer looks for who asks.

Sources: API Gateway API reference, CreateAuthorizer, ``identitySource`` (``method.request.…``); API Gateway developer
guide, "Identity sources" of HTTP APIs (``$request.…``) and of WebSocket APIs (``route.request.…``).
"""

from __future__ import annotations

from samlocal.http_api.context import context_variables
from samlocal.http_api.events import query
from samlocal.http_api.model import Api, HttpRequest, Matched

_REQUEST = ("method.request.", "route.request.", "$request.", "request.")


def identity_value(source: str, api: Api, matched: Matched, request: HttpRequest) -> str | None:
    """None where it is absent. Who asks is refused then, as where it is empty."""
    for prefix in _REQUEST:
        if source.startswith(prefix):
            place, _, name = source.removeprefix(prefix).partition(".")
            return _of_request(place, name, request)
    kind, _, name = source.removeprefix("$").partition(".")
    match kind:
        case "stageVariables":
            return api.stage_variables.get(name)
        case "context":
            return context_variables(api, matched, request).get(name)
        case _:
            return None


def _of_request(place: str, name: str, request: HttpRequest) -> str | None:
    match place:
        case "header":
            values = request.header_values(name)
            return ",".join(values) if values else None
        case "querystring":
            found = query.all_values(query.decoded(request.query)).get(name)
            return None if found is None else ",".join(found)
        case _:
            return None
