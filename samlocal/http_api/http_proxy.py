"""Requests that an API passes on to another HTTP server, as they came.

Sources: API Gateway developer guide, "HTTP integrations in API Gateway", "Create HTTP proxy integrations for HTTP
APIs", "Transform API requests and responses for HTTP APIs", "Quotas" (10 MB, but for REST APIs that stream); AWS
knowledge center, "How can I troubleshoot 5xx errors for API Gateway?" (500 for what is larger).
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import re
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from urllib.parse import quote, urlsplit

from samlocal.http_api.exchange import Fields, HttpAnswer, HttpRequest
from samlocal.http_api.integration import ANY, HttpIntegration

# Of one connection alone (RFC 9110, 7.6.1), and what the connection to the other server has anew.
_HOP = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
        "upgrade", "content-length", "host",
    }
)  # fmt: skip
_ANSWER_BYTES = 10 * 1024 * 1024
# So many other servers may be waited for at once.
_THREADS = 64
_PATH = "overwrite:path"
_PARAMETER = re.compile(r"\{(\w+)\+?\}")


class HttpProxyError(Exception):
    """The other server cannot be reached, or says what is no HTTP."""


class AnswerTooLargeError(Exception):
    """The other server's answer is more than an API takes."""


def without_hop(headers: Fields) -> Fields:
    """What is not of one connection alone."""
    return tuple((name, value) for name, value in headers if name.lower() not in _HOP)


async def proxied(request: HttpRequest, integration: HttpIntegration, values: Mapping[str, str]) -> HttpAnswer:
    """``values`` are those of the URL's parameters; the answer has all of its headers.

    Raises HttpProxyError, AnswerTooLargeError. The time that it may take is the caller's to watch: the other server
    is left when this is cancelled.
    """
    url = filled(integration.uri, values)
    if _PATH in integration.parameters:
        parts = urlsplit(url)
        url = f"{parts.scheme}://{parts.netloc}/{request.path.removeprefix('/')}"
    method = request.method if integration.method == ANY else integration.method
    headers = (
        *without_hop(request.headers),
        ("X-Forwarded-For", request.source_ip),
        ("X-Forwarded-Proto", request.scheme),
    )
    longest = None if integration.streams else _ANSWER_BYTES
    return await asked(
        method,
        with_query(url, request.query),
        headers,
        request.body,
        timeout=integration.timeout / 1000,
        longest=longest,
    )


async def asked(
    method: str, url: str, headers: Fields, body: bytes, *, timeout: float, longest: int | None = _ANSWER_BYTES
) -> HttpAnswer:
    """What a server answers. ``timeout`` in seconds, of each wait; ``longest`` is how many bytes it may have.

    Raises HttpProxyError, AnswerTooLargeError; the server is left when this is cancelled.
    """
    connection = _Connection(url, timeout)
    try:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(_threads(), connection.asked, method, headers, body, longest)
    finally:
        connection.hang_up()


@cache
def _threads() -> ThreadPoolExecutor:
    """Threads of their own: servers that do not answer keep nothing else waiting, such as what is read on a save."""
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="samlocal-server")


def filled(uri: str, values: Mapping[str, str]) -> str:
    """A URL whose parameters in braces have their values."""

    def value(place: re.Match[str]) -> str:
        # What is still encoded stays as it is.
        return quote(values.get(place[1], ""), safe="/%:@!$&'()*+,;=-._~")

    return _PARAMETER.sub(value, uri)


def with_query(url: str, query: str) -> str:
    """A URL with more of a query."""
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url


class _Connection:
    """To another server, for one request. ``timeout`` in seconds, of each wait."""

    def __init__(self, url: str, timeout: float) -> None:
        self._url = url
        self._parts = parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise HttpProxyError(f"{url} is no URL of an HTTP server.")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        try:
            self._http = kind(parts.hostname, parts.port, timeout=timeout)
        except ValueError as error:
            raise HttpProxyError(f"{url}: {error}") from error
        self._socket: socket.socket | None = None
        self._is_left = False

    def asked(self, method: str, headers: Fields, body: bytes, longest: int | None) -> HttpAnswer:
        """In a thread of its own. ``longest`` is how many bytes the answer may have."""
        try:
            self._connect()
            self._send(method, headers, body)
            answer = self._http.getresponse()
            content = answer.read() if longest is None else answer.read(longest + 1)
        except TimeoutError:
            raise
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise HttpProxyError(f"{self._url}: {type(error).__name__}: {error}") from error
        finally:
            self._http.close()
        if longest is not None and len(content) > longest:
            raise AnswerTooLargeError(f"{self._url} answers more than the {longest >> 20} MB that an API takes.")
        return HttpAnswer(status=answer.status, headers=tuple(answer.getheaders()), body=content)

    def hang_up(self) -> None:
        """From any thread: whoever asks waits no longer."""
        self._is_left = True
        if self._socket is not None:
            # Over already, mostly. The socket below TLS: what another thread reads of stays as it is.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _connect(self) -> None:
        self._http.connect()
        # Its own name for it: http.client forgets a socket that ends with the answer.
        self._socket = self._http.sock
        if self._is_left:
            raise ConnectionAbortedError("nobody waits for the answer")

    def _send(self, method: str, headers: Fields, body: bytes) -> None:
        parts = self._parts
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._http.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers:
            self._http.putheader(name, value)
        if body or method in ("POST", "PUT", "PATCH"):
            self._http.putheader("Content-Length", str(len(body)))
        self._http.endheaders(body or None)
