"""A request written by hand, ``POST /orders?draft=1``: the event that its API makes of it, and the answer to it.

The API is served by nobody: its own front (``front.py``) is asked with what stands in for the function.
"""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import Callable, Sequence
from urllib.parse import quote, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from samlocal import __version__
from samlocal.config import nearest
from samlocal.errors import EventError, FunctionNotFoundError
from samlocal.http_api import identifiers
from samlocal.http_api.backend import Exchanged
from samlocal.http_api.exchange import Fields, HttpAnswer, HttpRequest, Matched
from samlocal.http_api.front import Front
from samlocal.http_api.integration import NotRun
from samlocal.http_api.matching.matcher import Matcher
from samlocal.http_api.model import DEFAULT_ROUTE, Api, ApiKind
from samlocal.pool.throttle import Throttled, ThrottleReason
from samlocal.sandbox.invocation import Invocation, Request
from samlocal.sandbox.result import Result

_WRITTEN = re.compile(r"([A-Za-z]+)\s+(/\S*)")

# RFC 3986, what a path and a query consist of; the rest is sent percent-encoded, as every client does.
_SENT = "!#$%&'()*+,/:;=?@[]~"


class RouteRequest(Struct, frozen=True, kw_only=True):
    """``path`` and ``query`` are percent-encoded."""

    method: str
    path: str
    query: str
    headers: Fields = ()
    body: bytes = b""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def route_request(text: str, *, headers: Fields, body: bytes) -> RouteRequest:
    """Of ``METHOD /path``. Raises ValueError for any other text."""
    written = _WRITTEN.fullmatch(text)
    if written is None:
        raise ValueError(f"{text!r} is no route")
    path, _, query = quote(written[2].partition("#")[0], safe=_SENT).partition("?")
    return RouteRequest(method=written[1].upper(), path=path, query=query, headers=headers, body=body)


class RoutedEvent(Struct, frozen=True, kw_only=True):
    """``function`` is the function's way from the top template; ``not_asked`` says what would come before it."""

    api: Api
    request: HttpRequest
    function: str
    payload: bytes
    not_asked: tuple[str, ...]
    remarks: tuple[str, ...]

    def answer(self, result: Result) -> tuple[HttpAnswer, tuple[str, ...]]:
        """What the API's client gets, and what there is to say of that. No event loop runs in the thread."""
        return asyncio.run(_answered(self.api, self.request, _InPlace(result)))


def apis_of(apis: Sequence[Api], request: RouteRequest) -> tuple[Api, ...]:
    """Those that have a route for a request. One that takes whatever comes counts where no other takes it.

    Raises FunctionNotFoundError where none has, which names the nearest.
    """
    found = [(api, _matched(api, request)) for api in apis if api.kind is not ApiKind.WEBSOCKET]
    taking = [(api, matched) for api, matched in found if matched is not None]
    own = [api for api, matched in taking if matched is not None and not _takes_all(api, matched)]
    if taking:
        return tuple(own or (api for api, _ in taking))
    keys = list(dict.fromkeys(route.key for api, _ in found for route in api.routes))
    raise FunctionNotFoundError(
        f"No route takes {request}{nearest(str(request), keys)}",
        tip=f"The template's routes are {', '.join(keys)}." if keys else "The template has no API with routes.",
    )


def routed_event(api: Api, request: RouteRequest) -> RoutedEvent:
    """Raises FunctionNotFoundError where no function is behind the route, EventError where the API refuses."""
    matched = _matched(api, request)
    if matched is None:
        raise FunctionNotFoundError(f"{api.id} has no route for {request}.")
    route = matched.route
    if route.function is None:
        reason = f": {route.integration.reason}" if isinstance(route.integration, NotRun) else ""
        raise FunctionNotFoundError(
            f"{api.id}: no function is behind {route.key}{reason}.", tip="`samlocal start-api` answers what it can."
        )
    sent = _sent(api, request)
    asked = _InPlace()
    answer, remarks = asyncio.run(_answered(api, sent, asked))
    if asked.payload is None:
        said = answer.body.decode(errors="replace")
        raise EventError(
            f"{api.id} answers {request} by itself: {answer.status} {said}", tip=" ".join(remarks) or None
        )
    not_asked = [f"the authorizer {route.authorizer}"] if route.authorizer is not None else []
    if route.api_key_required:
        not_asked.append("an API key")
    return RoutedEvent(
        api=api,
        request=sent,
        function=route.function,
        payload=asked.payload,
        not_asked=tuple(not_asked),
        remarks=remarks,
    )


def _takes_all(api: Api, matched: Matched) -> bool:
    return matched.route.path == DEFAULT_ROUTE or (api.kind is ApiKind.ALB and not matched.route.conditions)


def _matched(api: Api, request: RouteRequest) -> Matched | None:
    matched = Matcher(api).match(_sent(api, request))
    return matched if isinstance(matched, Matched) else None


def _sent(api: Api, request: RouteRequest) -> HttpRequest:
    """As a client sends it to AWS."""
    sent = HttpRequest(
        method=request.method,
        path=request.path,
        query=request.query,
        headers=request.headers,
        body=request.body,
        scheme="https",
        received=time.time(),
        request_id=str(uuid.uuid4()),
    )
    own = {
        "Host": (api.url and urlsplit(api.url).netloc) or identifiers.domain_name(api, sent),
        "User-Agent": f"samlocal/{__version__}",
        "Accept": "*/*",
    }
    if request.body:
        own["Content-Length"] = str(len(request.body))
    named = {name.lower() for name, _ in request.headers}
    headers = (*((name, value) for name, value in own.items() if name.lower() not in named), *request.headers)
    return replace(sent, headers=headers)


class _InPlace:
    """In the function's place: keeps the event, and answers with the ``result``, if there is one."""

    def __init__(self, result: Result | None = None) -> None:
        self._result = result
        self.payload: bytes | None = None

    async def invoke(
        self,
        function_id: str,  # noqa: ARG002
        request: Request,
        *,
        chunk: Callable[[bytes], None],  # noqa: ARG002
        answered: Callable[[Result], None] | None = None,
        streams: Callable[[str], None] | None = None,  # noqa: ARG002
    ) -> Invocation | Throttled:
        self.payload = request.payload
        if self._result is not None and answered is not None:
            answered(self._result)
        # Who has the result looks at nothing else; without one the answer is nobody's.
        return Throttled(reason=ThrottleReason.CONCURRENT)


class _Remarks:
    """What the front says beside its answer."""

    def __init__(self) -> None:
        self.remarks: dict[str, None] = {}

    def begun(self, function: str, request_id: str) -> None:
        pass

    def ended(
        self, request_id: str, came_of_it: Invocation | Throttled | None, failure: BaseException | None = None
    ) -> None:
        pass

    def exchanged(self, exchanged: Exchanged) -> None:
        pass

    def remarked(self, text: str) -> None:
        self.remarks[text] = None


async def _answered(api: Api, request: HttpRequest, function: _InPlace) -> tuple[HttpAnswer, tuple[str, ...]]:
    remarks = _Remarks()
    front = Front(api, function, remarks, None)
    answer = await front.answer(request)
    if answer.stream is not None:
        body = b"".join([part async for part in answer.stream])
        answer = HttpAnswer(status=answer.status, headers=answer.headers, body=body)
    await front.close()
    return answer, tuple(remarks.remarks)
