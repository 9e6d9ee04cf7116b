"""Requests that an API passes on to another HTTP server, as they came.

What the server is told of the client differs: a REST API sends X-Forwarded-For, -Port and -Proto, an HTTP API the
standard's Forwarded and Via, to which it adds itself, and none of the others.

Sources: API Gateway developer guide, "HTTP integrations in API Gateway", "Create HTTP proxy integrations for HTTP
APIs", "Transform API requests and responses for HTTP APIs" (its reserved headers), "Quotas" (10 MB, but for REST APIs
that stream); AWS knowledge center, "How can I troubleshoot 5xx errors for API Gateway?" (500 for what is larger);
localstack/localstack, ``test_apigateway_http.snapshot.json`` (REST); aliasunder/vault-cortex pull request 484 and
expressjs/session issue 886 (captured behind HTTP APIs); RFC 7239, 4 and 6, RFC 9110, 7.6.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote, urlsplit

from samlocal.http_api.answers.payload import header_value
from samlocal.http_api.events.headers import whence
from samlocal.http_api.exchange import Fields, HttpAnswer, HttpRequest
from samlocal.http_api.integration import ANY, HttpIntegration
from samlocal.http_api.model import ApiKind
from samlocal.http_api.server_connection import asked
from samlocal.service.waits import Waits

# Of one connection alone (RFC 9110, 7.6.1), and what the connection to the other server has anew.
_HOP = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
        "upgrade", "content-length", "host",
    }
)  # fmt: skip
_PATH = "overwrite:path"
_TOKEN = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_PARAMETER = re.compile(r"\{(\w+)\+?\}")


def without_hop(headers: Fields) -> Fields:
    """What is not of one connection alone."""
    return tuple((name, value) for name, value in headers if name.lower() not in _HOP)


async def proxied(
    kind: ApiKind, request: HttpRequest, integration: HttpIntegration, values: Mapping[str, str], *, waits: Waits
) -> HttpAnswer:
    """``values`` are those of the URL's parameters; the answer has all of its headers.

    Raises HttpProxyError, AnswerTooLargeError, TimeoutError.
    """
    url = filled(integration.uri, values)
    if _PATH in integration.parameters:
        parts = urlsplit(url)
        url = f"{parts.scheme}://{parts.netloc}/{request.path.removeprefix('/')}"
    method = request.method if integration.method == ANY else integration.method
    own = tuple(_standard(request) if kind is ApiKind.HTTP else whence(request))
    named = {name.lower() for name, _ in own}
    kept = (pair for pair in without_hop(request.headers) if pair[0].lower() not in named)
    # What is mapped may be of any letters.
    headers = tuple((name, header_value(value)) for name, value in (*kept, *own))
    return await asked(
        method,
        with_query(url, request.query),
        headers,
        request.body,
        timeout=integration.timeout / 1000,
        waits=waits,
        streams=integration.streams,
    )


def _standard(request: HttpRequest) -> Iterator[tuple[str, str]]:
    """What an HTTP API adds to what stands there. AWS's own address (``by``), which servers behind a VPC link are not
    told, is left out."""
    client = f"[{request.source_ip}]" if ":" in request.source_ip else request.source_ip
    pairs = {"for": client, "host": request.header("host"), "proto": request.scheme}
    hop = ";".join(f"{name}={_quoted(value)}" for name, value in pairs.items() if value)
    yield "Forwarded", ", ".join([*request.header_values("forwarded"), hop])
    yield "Via", ", ".join([*request.header_values("via"), "HTTP/1.1 AmazonAPIGateway"])


def _quoted(value: str) -> str:
    if _TOKEN.fullmatch(value):
        return value
    escaped = value.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'


def filled(uri: str, values: Mapping[str, str]) -> str:
    """A URL whose parameters in braces have their values."""

    def value(place: re.Match[str]) -> str:
        # What is still encoded stays as it is.
        return quote(values.get(place[1], ""), safe="/%:@!$&'()*+,;=-._~")

    return _PARAMETER.sub(value, uri)


def with_query(url: str, query: str) -> str:
    """A URL with more of a query."""
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url
