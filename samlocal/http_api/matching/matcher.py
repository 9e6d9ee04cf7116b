"""The routes of one API, asked for the one that takes a request."""

from __future__ import annotations

from urllib.parse import unquote

from samlocal.http_api.exchange import HttpRequest, Matched, NoRoute
from samlocal.http_api.integration import ANY
from samlocal.http_api.matching.listener import applies
from samlocal.http_api.matching.pattern import Pattern
from samlocal.http_api.model import DEFAULT_ROUTE, Api, ApiKind, Route

# What ANY stands for in a REST API (API Gateway developer guide, "Set up a proxy integration with a proxy resource").
_OF_ANY = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


class Matcher:
    """Made once for each API.

    An API is served at the root, as a custom domain of AWS's is that leads to its stage. A path that no route takes
    is tried without the stage before it, as the API's own address on AWS has it.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self._patterns = [Pattern(route) for route in api.routes if route.path.startswith("/")]
        self._default = next((route for route in api.routes if route.path == DEFAULT_ROUTE), None)

    def match(self, request: HttpRequest) -> Matched | NoRoute:
        """The one route that takes it."""
        match self._api.kind:
            case ApiKind.REST | ApiKind.HTTP:
                return self._of_gateway(request)
            case ApiKind.ALB:
                return self._of_load_balancer(request)
            case ApiKind.FUNCTION_URL if self._default is not None:
                return Matched(route=self._default, path=request.path or "/")
        return NoRoute()

    def _of_gateway(self, request: HttpRequest) -> Matched | NoRoute:
        path = _from_root(request.path)
        found = self._routed(request.method, path)
        stage = f"/{self._api.stage}"
        if found is None and (path == stage or path.startswith(f"{stage}/")):
            path = _from_root(path.removeprefix(stage))
            found = self._routed(request.method, path)
        if found is None and self._default is not None:
            found = Matched(route=self._default, path=_from_root(request.path))
        return found or NoRoute()

    def _routed(self, method: str, path: str) -> Matched | None:
        rest = self._api.kind is ApiKind.REST
        segments = rest_segments(path) if rest else http_segments(path)
        best: tuple[tuple[int, ...], Pattern, dict[str, str]] | None = None
        methods = (method, ANY) if not rest or method in _OF_ANY else (method,)
        for pattern in self._patterns:
            if pattern.route.method not in methods:
                continue
            parameters = pattern.parameters(segments)
            if parameters is None:
                continue
            rank = pattern.rank if rest else (pattern.greedy, *pattern.rank)
            if best is None or rank < best[0]:
                best = rank, pattern, parameters
        if best is None:
            return None
        _, pattern, parameters = best
        if not rest:
            parameters = {name: unquote(value) for name, value in parameters.items()}
        return Matched(route=pattern.route, path=path, path_parameters=parameters)

    def _of_load_balancer(self, request: HttpRequest) -> Matched | NoRoute:
        """Rules stand in the order of their priorities; the last one has no conditions."""
        for route in self._api.routes:
            if _holds(route, request):
                return Matched(route=route, path=request.path or "/")
        return NoRoute()


def rest_segments(path: str) -> list[str]:
    """A REST API's path, still percent-encoded. A slash at its end means nothing."""
    return path.strip("/").split("/") if path.strip("/") else []


def http_segments(path: str) -> list[str]:
    """An HTTP API's path is decoded before it is routed, and ends where a ``?`` comes to light then.

    A slash at its end is a segment of its own, which no route has.
    """
    decoded = unquote(path).partition("?")[0].removeprefix("/")
    return decoded.split("/") if decoded else []


def _from_root(path: str) -> str:
    """However many slashes a path begins with, API Gateway takes them for one."""
    return "/" + path.lstrip("/")


def _holds(route: Route, request: HttpRequest) -> bool:
    return all(applies(condition, request) for condition in route.conditions)
