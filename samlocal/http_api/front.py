"""One API in front of its functions: from a request to its answer, without sockets."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Callable
from typing import Protocol, assert_never

from msgspec import Struct

from samlocal.errors import SamlocalError
from samlocal.http_api import identifiers
from samlocal.http_api.answers.answer import answer, refused
from samlocal.http_api.answers.cors import preflight
from samlocal.http_api.answers.fixed import fixed_answer, redirect_answer
from samlocal.http_api.answers.refusal import (
    FAILED,
    NO_ROUTE,
    THROTTLED,
    TIMED_OUT,
    TOO_LARGE,
    UNSUPPORTED,
    Refusal,
)
from samlocal.http_api.authorizers.authorizers import Authorizers
from samlocal.http_api.authorizers.decision import Denied
from samlocal.http_api.authorizers.token_authorizers import Verifies
from samlocal.http_api.caller import ANYBODY, Caller
from samlocal.http_api.events.body import UnsupportedEncodingError
from samlocal.http_api.events.event import BODY_BYTES, TooLargeError, event
from samlocal.http_api.http_proxy import HttpProxyError, proxied
from samlocal.http_api.matching.matcher import Matcher
from samlocal.http_api.model import (
    Api,
    HttpAnswer,
    HttpIntegration,
    HttpRequest,
    LambdaIntegration,
    Matched,
    MockIntegration,
    NoRoute,
    NotRun,
    RedirectIntegration,
)
from samlocal.http_api.streamed import streamed_answer
from samlocal.pool.pool import PoolClosedError
from samlocal.pool.throttle import Throttled
from samlocal.sandbox.invocation import Invocation, Request
from samlocal.sandbox.result import Result, Success
from samlocal.service.chunks import Chunks
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


class Hears(Protocol):
    """What becomes of requests, for the user."""

    def begun(self, function: str, request_id: str) -> None:
        """An event goes to the pool."""

    def ended(
        self, request_id: str, came_of_it: Invocation | Throttled | None, failure: BaseException | None = None
    ) -> None:
        """It is over; ``failure`` is why it has not run."""

    def exchanged(self, exchanged: Exchanged) -> None:
        """A request has its answer, or the beginning of it."""

    def remarked(self, text: str) -> None:
        """What an answer does not say."""


class Front:
    """Serves one API, which may be exchanged between requests.

    ``tokens`` is called for what verifies the first token; None to ask no authorizer, and for no API key.
    """

    def __init__(self, api: Api, pool: Invokes, hears: Hears, tokens: Callable[[], Verifies] | None) -> None:
        self._pool = pool
        self._hears = hears
        self._tokens = tokens
        self._not_checked: set[str] = set()
        self._runs: set[asyncio.Task[Invocation | Throttled]] = set()
        self.use(api)

    def use(self, api: Api) -> None:
        """From the next request on. What authorizers have said is forgotten, as by a deployment."""
        self.api = api
        self._matcher = Matcher(api)
        self._authorizers = None if self._tokens is None else Authorizers(api, self._result, self._tokens)

    async def answer(self, request: HttpRequest) -> HttpAnswer:
        """Any request has an answer. Raises only for a fault of samlocal's own."""
        began = time.monotonic()
        api = self.api
        matched = self._matcher.match(request)
        made = await self._answer(api, matched, request)
        route = matched.route if isinstance(matched, Matched) else None
        self._hears.exchanged(
            Exchanged(
                api=api.id,
                method=request.method,
                path=request.path,
                status=made.status,
                duration=(time.monotonic() - began) * 1000,
                route=None if route is None else route.key,
                function=None if route is None else route.function,
            )
        )
        return made

    def routes(self, request: HttpRequest) -> bool:
        """Whether there is a route for a request."""
        return isinstance(self._matcher.match(request), Matched)

    async def close(self) -> None:
        """Waits until all is over that has been begun."""
        while self._runs:
            await asyncio.wait(self._runs)

    async def _answer(self, api: Api, matched: Matched | NoRoute, request: HttpRequest) -> HttpAnswer:
        asked = preflight(api, request, matched)
        if asked is not None:
            return asked
        if len(request.body) > BODY_BYTES[api.kind]:
            return refused(api, request, TOO_LARGE, matched if isinstance(matched, Matched) else None)
        if isinstance(matched, NoRoute):
            return refused(api, request, NO_ROUTE)
        caller = await self._caller(api, matched, request)
        if isinstance(caller, Refusal):
            return refused(api, request, caller, matched)
        integration = matched.route.integration
        match integration:
            case LambdaIntegration():
                return await self._run(api, matched, request, integration, caller)
            case HttpIntegration():
                return await self._pass_on(api, matched, request, integration)
            case MockIntegration(response=response):
                return fixed_answer(api, request, response)
            case RedirectIntegration():
                return redirect_answer(request, integration)
            case NotRun(reason=reason):
                self._hears.remarked(f"{api.id}: {matched.route.key} is not run: {reason}.")
                return _not_run(reason)
            case _:
                assert_never(integration)

    async def _caller(self, api: Api, matched: Matched, request: HttpRequest) -> Caller | Refusal:
        route = matched.route
        if self._authorizers is None or (route.authorizer is None and not route.api_key_required):
            return ANYBODY
        decision = await self._authorizers.decide(matched, request)
        if isinstance(decision, Denied):
            if decision.remark is not None:
                self._hears.remarked(f"{api.id}: {decision.remark}")
            return decision.refusal
        if decision.remark is not None and decision.remark not in self._not_checked:
            self._not_checked.add(decision.remark)
            self._hears.remarked(f"{api.id}: {decision.remark}")
        return decision.caller

    async def _run(
        self, api: Api, matched: Matched, request: HttpRequest, integration: LambdaIntegration, caller: Caller
    ) -> HttpAnswer:
        try:
            payload = event(api, matched, request, caller)
        except TooLargeError:
            return refused(api, request, TOO_LARGE, matched)
        except UnsupportedEncodingError:
            return refused(api, request, UNSUPPORTED, matched)
        try:
            async with asyncio.timeout(integration.timeout / 1000):
                if integration.streams:
                    return await self._stream(api, matched, request, integration, payload)
                return await self._whole(api, matched, request, integration, payload)
        except TimeoutError:
            return refused(api, request, TIMED_OUT, matched)
        except (SamlocalError, PoolClosedError):
            # Whoever hears of the event's end has heard why.
            return refused(api, request, FAILED, matched)

    async def _whole(
        self, api: Api, matched: Matched, request: HttpRequest, integration: LambdaIntegration, payload: bytes
    ) -> HttpAnswer:
        return self._made(api, matched, request, await self._result(integration.function, request, payload))

    async def _result(self, function: str, request: HttpRequest, payload: bytes) -> Result | Throttled:
        streamed = bytearray()
        run = self._begin(function, request, payload, streamed.extend)
        result = await run.answer()
        if isinstance(result, Success) and result.streamed:
            result = await run.whole()
        if isinstance(result, Success) and result.streamed:
            return Success(payload=bytes(streamed))
        return result

    async def _stream(
        self, api: Api, matched: Matched, request: HttpRequest, integration: LambdaIntegration, payload: bytes
    ) -> HttpAnswer:
        chunks = Chunks()
        run = self._begin(integration.function, request, payload, chunks.put)
        try:
            throttled = await run.begun(chunks.first)
            result = throttled if chunks.first.done() or throttled is not None else await run.answer()
            if result is not None and not isinstance(result, Success):
                chunks.leave()
                return self._made(api, matched, request, result)
            return await streamed_answer(api, matched, request, run, chunks)
        except BaseException:
            chunks.leave()
            raise

    def _made(self, api: Api, matched: Matched, request: HttpRequest, result: Result | Throttled) -> HttpAnswer:
        if isinstance(result, Throttled):
            return refused(api, request, THROTTLED, matched)
        answered = answer(api, matched, request, result)
        if answered.remark is not None:
            self._hears.remarked(answered.remark)
        return answered.answer

    def _begin(self, function: str, request: HttpRequest, payload: bytes, chunk: Callable[[bytes], None]) -> Run:
        request_id = str(uuid.uuid4())
        self._hears.begun(function, request_id)
        run = Run(
            self._pool,
            function,
            Request(payload=payload, request_id=request_id, trace_id=_traced(request)),
            chunk=chunk,
            over=lambda outcome, failure: self._hears.ended(request_id, outcome, failure),
        )
        self._runs.add(run.task)
        run.task.add_done_callback(self._runs.discard)
        return run

    async def _pass_on(
        self, api: Api, matched: Matched, request: HttpRequest, integration: HttpIntegration
    ) -> HttpAnswer:
        try:
            async with asyncio.timeout(integration.timeout / 1000):
                return await proxied(matched, request, integration)
        except TimeoutError:
            return refused(api, request, TIMED_OUT, matched)
        except HttpProxyError as error:
            self._hears.remarked(f"{api.id}: {matched.route.key}: {error}")
            return refused(api, request, FAILED, matched)


def _not_run(reason: str) -> HttpAnswer:
    """No answer of AWS's: it would have run."""
    body = json.dumps({"message": f"samlocal does not run this: {reason}."}).encode()
    return HttpAnswer(status=501, headers=(("Content-Type", "application/json"),), body=body)


def _traced(request: HttpRequest) -> str:
    """The X-Ray header of the event, of the same trace as the request's."""
    root = identifiers.trace_root(request)
    return root if "Parent=" in root else f"{root};Parent={request.request_id.replace('-', '')[:16]};Sampled=0"
