"""One API in front of its functions: from a request to its answer, without sockets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import assert_never

from msgspec.structs import replace

from samlocal.errors import SamlocalError
from samlocal.http_api.answers.answer import Answered, answer, finished, refused
from samlocal.http_api.answers.cors import preflight
from samlocal.http_api.answers.fixed import fixed_answer, not_run, redirect_answer
from samlocal.http_api.answers.refusal import (
    FAILED,
    INTERNAL_ERROR,
    NO_ROUTE,
    THROTTLED,
    TIMED_OUT,
    TOO_LARGE,
    Refusal,
)
from samlocal.http_api.answers.response_parameters import with_response_parameters
from samlocal.http_api.authorizers.token_authorizers import Verifies
from samlocal.http_api.backend import Backend, Exchanged, Hears
from samlocal.http_api.caller import Caller
from samlocal.http_api.events.body import BodyError, plain_body
from samlocal.http_api.events.event import BODY_BYTES, event
from samlocal.http_api.exchange import HttpAnswer, HttpRequest, Matched, NoRoute
from samlocal.http_api.integration import (
    FixedResponse,
    HttpIntegration,
    LambdaIntegration,
    MappedIntegration,
    NotRun,
    RedirectIntegration,
    ServiceIntegration,
)
from samlocal.http_api.mapping import mapped
from samlocal.http_api.matching.matcher import Matcher
from samlocal.http_api.model import Api, ApiKind
from samlocal.http_api.outside import Outside
from samlocal.http_api.request_size import too_large_head
from samlocal.http_api.request_values import RequestValues
from samlocal.http_api.service_call import AsksServices
from samlocal.http_api.streamed import streamed_answer
from samlocal.http_api.time_limit import TimeLimitError, aside
from samlocal.http_api.usage import Usage
from samlocal.http_api.validation import refusal
from samlocal.pool.pool import PoolClosedError
from samlocal.pool.throttle import Throttled
from samlocal.sandbox.result import Result, Success
from samlocal.service.chunks import Chunks
from samlocal.service.run import Invokes


class Front:
    """Serves one API, which may be exchanged between requests.

    ``tokens`` is called for what verifies the first token; None to ask no authorizer, and for no API key.
    ``services`` asks AWS for integrations with its services; None where there is no environment.
    ``usage`` counts what API keys do.
    """

    def __init__(
        self,
        api: Api,
        pool: Invokes,
        hears: Hears,
        tokens: Callable[[], Verifies] | None,
        services: AsksServices | None = None,
        usage: Usage | None = None,
    ) -> None:
        self._hears = hears
        self._backend = Backend(pool, hears, tokens, usage)
        self._outside = Outside(self._backend, hears, services)
        self.use(api)

    def use(self, api: Api) -> None:
        """From the next request on."""
        self.api = api
        self._matcher = Matcher(api)
        self._backend.use(api)

    async def answer(self, request: HttpRequest) -> HttpAnswer:
        """Any request has an answer. Raises only for a fault of samlocal's own."""
        began = time.monotonic()
        api = self.api
        matched = self._matcher.match(request)
        made = preflight(api, request, matched)
        if made is None:
            made = finished(api, request, await self._answer(api, matched, request))
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

    def end(self) -> None:
        """Other servers are waited for no more; functions are, by ``close``."""
        self._outside.end()

    async def close(self) -> None:
        """Waits until all is over that has been begun."""
        await self._backend.close()

    async def _answer(self, api: Api, matched: Matched | NoRoute, request: HttpRequest) -> HttpAnswer:
        too_large = too_large_head(api.kind, request)
        if too_large is not None:
            return too_large
        if len(request.body) > BODY_BYTES[api.kind]:
            return refused(api, request, TOO_LARGE, matched if isinstance(matched, Matched) else None)
        if isinstance(matched, NoRoute):
            return refused(api, request, NO_ROUTE)
        caller = await self._backend.caller(matched, request)
        if isinstance(caller, Refusal):
            return refused(api, request, caller, matched)
        wrong = await self._invalid(api, matched, request)
        if wrong is not None:
            return refused(api, request, wrong, matched)
        integration = matched.route.integration
        match integration:
            case LambdaIntegration():
                return await self._run(api, matched, request, integration, caller)
            case HttpIntegration():
                return await self._outside.pass_on(api, matched, request, integration, caller)
            case MappedIntegration():
                return await self._outside.transform(api, matched, request, integration, caller)
            case ServiceIntegration():
                return await self._outside.ask_service(api, matched, request, integration, caller)
            case FixedResponse():
                return fixed_answer(integration)
            case RedirectIntegration():
                return redirect_answer(request, integration)
            case NotRun(reason=reason):
                self._hears.remarked(f"{api.id}: {matched.route.key} is not run: {reason}.")
                return not_run(reason)
            case _:
                assert_never(integration)

    async def _invalid(self, api: Api, matched: Matched, request: HttpRequest) -> Refusal | None:
        """What the route's validator has against a request."""
        validation = matched.route.validation
        if validation is None:
            return None
        try:
            plain = replace(request, body=plain_body(api, request))
            return await aside(partial(refusal, validation, RequestValues(api, matched, plain), plain))
        except BodyError as error:
            return error.refusal
        except TimeLimitError as error:
            self._hears.remarked(f"{api.id}: {matched.route.key}: its model, tried on the body: {error}.")
            return INTERNAL_ERROR

    async def _run(
        self, api: Api, matched: Matched, request: HttpRequest, integration: LambdaIntegration, caller: Caller
    ) -> HttpAnswer:
        try:
            if api.kind is ApiKind.HTTP:
                request = mapped(api, matched, request, integration.parameters, caller)
            payload = event(api, matched, request, caller)
        except BodyError as error:
            return refused(api, request, error.refusal, matched)
        try:
            async with asyncio.timeout(integration.timeout / 1000):
                if integration.streams:
                    return await self._stream(api, matched, request, integration, payload)
                return await self._whole(api, matched, request, integration, payload, caller)
        except TimeoutError:
            return refused(api, request, TIMED_OUT, matched)
        except (SamlocalError, PoolClosedError):
            # Whoever hears of the event's end has heard why.
            return refused(api, request, FAILED, matched)

    async def _whole(
        self,
        api: Api,
        matched: Matched,
        request: HttpRequest,
        integration: LambdaIntegration,
        payload: bytes,
        caller: Caller,
    ) -> HttpAnswer:
        result = await self._backend.result(integration.function, request, payload)
        if not integration.response_parameters or not isinstance(result, Success):
            return self._made(api, matched, request, result)
        answered = answer(api, matched, request, result)
        made = self._heard(answered)
        if answered.remark is not None:
            # It is the API's own.
            return made
        values = RequestValues(api, matched, request, caller)
        return with_response_parameters(made, integration.response_parameters, values)

    async def _stream(
        self, api: Api, matched: Matched, request: HttpRequest, integration: LambdaIntegration, payload: bytes
    ) -> HttpAnswer:
        chunks = Chunks()
        run = self._backend.begin(integration.function, request, payload, chunks.put, chunks.announced)
        try:
            throttled = await run.begun(chunks.first)
            result = throttled if chunks.first.done() or throttled is not None else await run.answer()
            if result is not None and not isinstance(result, Success):
                chunks.leave()
                return self._made(api, matched, request, result)
            return self._heard(await streamed_answer(api, matched, request, run, chunks))
        except BaseException:
            chunks.leave()
            raise

    def _made(self, api: Api, matched: Matched, request: HttpRequest, result: Result | Throttled) -> HttpAnswer:
        if isinstance(result, Throttled):
            return refused(api, request, THROTTLED, matched)
        return self._heard(answer(api, matched, request, result))

    def _heard(self, answered: Answered) -> HttpAnswer:
        if answered.remark is not None:
            self._hears.remarked(answered.remark)
        return answered.answer
