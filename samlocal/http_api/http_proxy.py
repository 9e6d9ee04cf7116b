"""Requests that an API passes on to another HTTP server, as they came.

Sources: API Gateway developer guide, "HTTP integrations in API Gateway", "Create HTTP proxy integrations for HTTP
APIs", "Transform API requests and responses for HTTP APIs", "Quotas" (10 MB, but for REST APIs that stream); AWS
knowledge center, "How can I troubleshoot 5xx errors for API Gateway?" (500 for what is larger).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from samlocal.http_api.answers.payload import header_value
from samlocal.http_api.exchange import Fields, HttpAnswer, HttpRequest
from samlocal.http_api.integration import ANY, HttpIntegration
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
_PARAMETER = re.compile(r"\{(\w+)\+?\}")


def without_hop(headers: Fields) -> Fields:
    """What is not of one connection alone."""
    return tuple((name, value) for name, value in headers if name.lower() not in _HOP)


async def proxied(
    request: HttpRequest, integration: HttpIntegration, values: Mapping[str, str], *, waits: Waits
) -> HttpAnswer:
    """``values`` are those of the URL's parameters; the answer has all of its headers.

    Raises HttpProxyError, AnswerTooLargeError, TimeoutError.
    """
    url = filled(integration.uri, values)
    if _PATH in integration.parameters:
        parts = urlsplit(url)
        url = f"{parts.scheme}://{parts.netloc}/{request.path.removeprefix('/')}"
    method = request.method if integration.method == ANY else integration.method
    headers = (
        # What is mapped may be of any letters.
        *((name, header_value(value)) for name, value in without_hop(request.headers)),
        ("X-Forwarded-For", request.source_ip),
        ("X-Forwarded-Proto", request.scheme),
    )
    return await asked(
        method,
        with_query(url, request.query),
        headers,
        request.body,
        timeout=integration.timeout / 1000,
        waits=waits,
        streams=integration.streams,
    )


def filled(uri: str, values: Mapping[str, str]) -> str:
    """A URL whose parameters in braces have their values."""

    def value(place: re.Match[str]) -> str:
        # What is still encoded stays as it is.
        return quote(values.get(place[1], ""), safe="/%:@!$&'()*+,;=-._~")

    return _PARAMETER.sub(value, uri)


def with_query(url: str, query: str) -> str:
    """A URL with more of a query."""
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url
