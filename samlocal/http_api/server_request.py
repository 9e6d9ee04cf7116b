"""What a server that is no proxy's gets of a request: what its integration maps, and API Gateway's own headers.

Sources: API Gateway developer guide, "Mapping template and parameter mapping for REST APIs", "Override your API's
request and response parameters and status codes", "Amazon API Gateway important notes" (headers that nobody may map);
what API Gateway adds has been recorded behind it on AWS (localstack/localstack,
``test_apigateway_http.snapshot.json``) and tried there (``execute_api/handlers/integration_request.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from msgspec import Struct

from samlocal.http_api import identifiers
from samlocal.http_api.answers.payload import header_value
from samlocal.http_api.exchange import HttpAnswer, HttpRequest
from samlocal.http_api.http_proxy import filled, with_query
from samlocal.http_api.integration import ANY
from samlocal.http_api.lineage import passed_on
from samlocal.http_api.model import Api
from samlocal.http_api.request_values import RequestValues, static
from samlocal.http_api.server_connection import asked
from samlocal.http_api.targets import HttpTarget
from samlocal.service.waits import Waits

BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods with which no body goes on."""

_KEY = re.compile(r"integration\.request\.(path|querystring|header)\.(.+)")

# It sets these by itself.
_OWN = frozenset({"content-length", "transfer-encoding", "x-amzn-apigateway-api-id", "x-amzn-trace-id"})
_DROPPED = frozenset({"expect", "proxy-authenticate", "te"})


class OwnHeaderError(Exception):
    """An integration maps a header that API Gateway sets."""


class ServerRequest(Struct, frozen=True, kw_only=True):
    """``path`` are the parameters of the server's URL; ``query`` is encoded."""

    headers: Mapping[str, str]
    query: str
    path: Mapping[str, str]
    body: bytes


def server_request(
    api: Api,
    request: HttpRequest,
    values: RequestValues,
    parameters: Mapping[str, str],
    overrides: Mapping[str, Mapping[str, str | tuple[str, ...]]],
    body: bytes,
) -> ServerRequest:
    """``overrides`` are a template's, over what is mapped: ``header``, ``path`` and ``querystring``.

    Raises OwnHeaderError.
    """
    mapped: dict[str, dict[str, str | tuple[str, ...]]] = {"path": dict(values.path), "querystring": {}, "header": {}}
    for key, expression in parameters.items():
        place = _KEY.fullmatch(key)
        value = _value(values, expression) if place else None
        if place and value is not None:
            mapped[place[1]][place[2]] = value
    for part, changed in overrides.items():
        mapped[part] |= changed
    headers = {name: _joined(value) for name, value in mapped["header"].items()}
    for name in headers:
        if name.lower() in _OWN:
            raise OwnHeaderError(f"{name} is a header that API Gateway sets by itself, and nobody may map")
    query = [(name, each) for name, value in mapped["querystring"].items() for each in _each(value)]
    return ServerRequest(
        headers=_with_own(api, request, headers),
        query=urlencode(query),
        path={name: _joined(value) for name, value in mapped["path"].items()},
        body=body,
    )


async def server_answer(
    api: Api, request: HttpRequest, target: HttpTarget, sent: ServerRequest, *, timeout: float, waits: Waits
) -> HttpAnswer:
    """What another HTTP server answers; ``timeout`` in seconds. Raises what ``asked`` raises, and LoopError."""
    method = request.method if target.method == ANY else target.method
    headers = {
        **sent.headers,
        "X-Amzn-Apigateway-Api-Id": api.api_id,
        "X-Amzn-Trace-Id": passed_on(request),
    }
    body = b"" if method in BODILESS else sent.body
    url = with_query(filled(target.uri, sent.path), sent.query)
    return await asked(method, url, tuple(headers.items()), body, timeout=timeout, waits=waits)


def _with_own(api: Api, request: HttpRequest, mapped: Mapping[str, str]) -> dict[str, str]:
    own = {"User-Agent": f"AmazonAPIGateway_{api.api_id}", "Accept": "application/json"}
    content_type = request.header("content-type")
    if content_type is not None and request.method not in BODILESS:
        own["Content-Type"] = content_type
    given = {name.lower() for name in mapped}
    return {
        **{name: value for name, value in own.items() if name.lower() not in given},
        **{name: header_value(value) for name, value in mapped.items() if name.lower() not in _DROPPED},
        "X-Amzn-Trace-Id": identifiers.trace_root(request),
    }


def _value(values: RequestValues, expression: str) -> str | tuple[str, ...] | None:
    text = static(expression)
    if text is not None:
        return text
    return values.all(expression) or values.value(expression)


def _each(value: str | tuple[str, ...]) -> Iterable[str]:
    return (value,) if isinstance(value, str) else value


def _joined(value: str | tuple[str, ...]) -> str:
    return ",".join(_each(value))
