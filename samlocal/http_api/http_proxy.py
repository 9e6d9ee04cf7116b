"""Requests that an API passes on to another HTTP server, as they came.

Sources: API Gateway developer guide, "HTTP integrations in API Gateway", "Create HTTP proxy integrations for HTTP
APIs", "Transform API requests and responses for HTTP APIs".
"""

from __future__ import annotations

import asyncio
import http.client
import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from samlocal.http_api.model import ANY, Fields, HttpAnswer, HttpIntegration, HttpRequest

# Of one connection alone (RFC 9110, 7.6.1), and what the connection to the other server has anew.
_HOP = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
        "upgrade", "content-length", "host",
    }
)  # fmt: skip
_PATH = "overwrite:path"
_PARAMETER = re.compile(r"\{(\w+)\+?\}")


class HttpProxyError(Exception):
    """The other server cannot be reached, or says what is no HTTP."""


async def proxied(request: HttpRequest, integration: HttpIntegration, values: Mapping[str, str]) -> HttpAnswer:
    """``values`` are those of the URL's parameters. Raises HttpProxyError.

    The time that it may take is the caller's to watch.
    """
    url = _url(request, integration, values)
    method = request.method if integration.method == ANY else integration.method
    headers = (
        *(pair for pair in request.headers if pair[0].lower() not in _HOP),
        ("X-Forwarded-For", request.source_ip),
        ("X-Forwarded-Proto", request.scheme),
    )
    return await asyncio.to_thread(_asked, method, url, headers, request.body, integration.timeout / 1000)


def _url(request: HttpRequest, integration: HttpIntegration, values: Mapping[str, str]) -> str:
    """The integration's, with its parameters and the request's query."""

    def value(place: re.Match[str]) -> str:
        # What is still encoded stays as it is.
        return quote(values.get(place[1], ""), safe="/%:@!$&'()*+,;=-._~")

    url = _PARAMETER.sub(value, integration.uri)
    if _PATH in integration.parameters:
        parts = urlsplit(url)
        url = f"{parts.scheme}://{parts.netloc}/{request.path.removeprefix('/')}"
    if not request.query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{request.query}"


def _asked(method: str, url: str, headers: Fields, body: bytes, timeout: float) -> HttpAnswer:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise HttpProxyError(f"{url} is no URL of an HTTP server.")
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    try:
        connection = kind(parts.hostname, parts.port, timeout=timeout)
    except ValueError as error:
        raise HttpProxyError(f"{url}: {error}") from error
    try:
        connection.putrequest(
            method, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), skip_accept_encoding=True
        )
        for name, value in headers:
            connection.putheader(name, value)
        if body or method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        answer = connection.getresponse()
        content = answer.read()
    except TimeoutError:
        raise
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise HttpProxyError(f"{url}: {type(error).__name__}: {error}") from error
    finally:
        connection.close()
    kept = tuple((name, value) for name, value in answer.getheaders() if name.lower() not in _HOP)
    return HttpAnswer(status=answer.status, headers=kept, body=content)
