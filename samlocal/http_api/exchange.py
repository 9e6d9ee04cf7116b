"""One exchange with a client: its request, the route that takes it, and the answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TypeAlias

from msgspec import Struct, field

from samlocal.http_api.model import Route

Fields: TypeAlias = tuple[tuple[str, str], ...]
"""Headers as they come: names as written, in order, repeated where they are."""


class HttpRequest(Struct, frozen=True, kw_only=True):
    """A request as a client has sent it.

    ``path`` and ``query`` are still percent-encoded; the query is without its question mark, empty where there is
    none. ``received`` is in seconds since 1970.
    """

    method: str
    path: str
    query: str = ""
    headers: Fields = ()
    body: bytes = b""
    source_ip: str = "127.0.0.1"
    protocol: str = "HTTP/1.1"
    scheme: str = "http"
    received: float
    request_id: str

    def header(self, name: str) -> str | None:
        """The last one of this name, in whatever case."""
        found = self.header_values(name)
        return found[-1] if found else None

    def header_values(self, name: str) -> tuple[str, ...]:
        wanted = name.lower()
        return tuple(value for each, value in self.headers if each.lower() == wanted)


class HttpAnswer(Struct, frozen=True, kw_only=True):
    """What a client gets. ``stream`` comes in place of a body. Cookies are headers ``set-cookie``."""

    status: int
    headers: Fields = ()
    body: bytes = b""
    stream: AsyncIterator[bytes] | None = None


class Matched(Struct, frozen=True, kw_only=True):
    """The route that takes a request.

    ``path`` is the request's behind the stage, still percent-encoded, ``/`` at least. ``path_parameters`` are as the
    event has them for this kind of API: a REST API's as they came, an HTTP API's decoded.
    """

    route: Route
    path: str
    path_parameters: Mapping[str, str] = field(default_factory=dict)


class NoRoute(Struct, frozen=True):
    """No route takes a request: 403 ``Missing Authentication Token`` of a REST API, 404 of an HTTP API."""
