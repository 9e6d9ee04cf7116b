"""The functions behind an API, and who is asked before them."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from samlocal.http_api import identifiers
from samlocal.http_api.answers.refusal import Refusal
from samlocal.http_api.authorizers.authorizers import Authorizers
from samlocal.http_api.authorizers.decision import Denied
from samlocal.http_api.authorizers.token_authorizers import Verifies
from samlocal.http_api.caller import ANYBODY, Caller
from samlocal.http_api.exchange import HttpRequest, Matched
from samlocal.http_api.model import Api
from samlocal.http_api.usage import Usage
from samlocal.pool.throttle import Throttled
from samlocal.sandbox.invocation import Invocation, Request
from samlocal.sandbox.result import Result, Success
from samlocal.service.hears import HearsEvents
from samlocal.service.run import Invokes, Run


class Exchanged(Struct, frozen=True, kw_only=True):
    """A request and what came of it. ``route`` and ``function`` are None where there was none; ``duration`` in ms."""

    api: str
    method: str
    path: str
    status: int
    duration: float
    route: str | None = None
    function: str | None = None


class Hears(HearsEvents, Protocol):
    """What becomes of requests, for the user."""

    def exchanged(self, exchanged: Exchanged) -> None:
        """A request has its answer, or the beginning of it."""

    def remarked(self, text: str) -> None:
        """What an answer does not say."""


class Backend:
    """Of one API, which may be exchanged.

    ``tokens`` is called for what verifies the first token; None to ask no authorizer, and for no API key. ``usage``
    counts what keys do, also of other APIs.
    """

    def __init__(
        self, pool: Invokes, hears: Hears, tokens: Callable[[], Verifies] | None, usage: Usage | None = None
    ) -> None:
        self._usage = usage or Usage()
        self._pool = pool
        self._hears = hears
        self._tokens = tokens
        self._api_id = ""
        self._authorizers: Authorizers | None = None
        self._not_checked: set[str] = set()
        self._runs: set[asyncio.Task[Invocation | Throttled]] = set()

    def use(self, api: Api) -> None:
        """What authorizers have said is forgotten, as by a deployment."""
        self._api_id = api.id
        self._authorizers = (
            None if self._tokens is None else Authorizers(api, self.result, self._tokens, usage=self._usage)
        )

    async def close(self) -> None:
        """Waits until all is over that has been begun."""
        while self._runs:
            await asyncio.wait(self._runs)

    async def caller(self, matched: Matched, request: HttpRequest) -> Caller | Refusal:
        """Who asks, as far as an authorizer or a key has to say so, or why the request is refused."""
        route = matched.route
        if self._authorizers is None or (route.authorizer is None and not route.api_key_required):
            return ANYBODY
        decision = await self._authorizers.decide(matched, request)
        if isinstance(decision, Denied):
            if decision.remark is not None:
                self._hears.remarked(f"{self._api_id}: {decision.remark}")
            return decision.refusal
        if decision.remark is not None and decision.remark not in self._not_checked:
            self._not_checked.add(decision.remark)
            self._hears.remarked(f"{self._api_id}: {decision.remark}")
        return decision.caller

    async def result(self, function: str, request: HttpRequest, payload: bytes) -> Result | Throttled:
        """All of what comes of an event. Raises what ``Pool.invoke`` raises."""
        streamed = bytearray()
        run = self.begin(function, request, payload, streamed.extend)
        result = await run.answer()
        if isinstance(result, Success) and result.streamed:
            result = await run.whole()
        if isinstance(result, Success) and result.streamed:
            return Success(payload=bytes(streamed))
        return result

    def begin(
        self,
        function: str,
        request: HttpRequest,
        payload: bytes,
        chunk: Callable[[bytes], None],
        streams: Callable[[str], None] | None = None,
    ) -> Run:
        """An event of a request's, on its way. ``chunk`` and ``streams`` are ``Sandbox.invoke``'s."""
        request_id = str(uuid.uuid4())
        self._hears.begun(function, request_id)
        run = Run(
            self._pool,
            function,
            Request(payload=payload, request_id=request_id, trace_id=_traced(request)),
            chunk=chunk,
            streams=streams,
            over=lambda outcome, failure: self._hears.ended(request_id, outcome, failure),
        )
        self._runs.add(run.task)
        run.task.add_done_callback(self._runs.discard)
        return run


def _traced(request: HttpRequest) -> str:
    """The X-Ray header of the event, of the same trace as the request's."""
    root = identifiers.trace_root(request)
    return root if "Parent=" in root else f"{root};Parent={request.request_id.replace('-', '')[:16]};Sampled=0"
