"""Authorizers that are functions of the template's.

Sources: API Gateway developer guide, "Use API Gateway Lambda authorizers" and "Control access to HTTP APIs with AWS
Lambda authorizers"; AWS knowledge center, "401 Unauthorized errors after creating a Lambda authorizer". How long they
are waited for: API Gateway developer guide, "Quotas for configuring and running an HTTP API" (10,000 ms); a REST API
waits 29 s for any function, and answers as for one that failed (dev.to, "API Gateway + Lambda authorizer + Lambda
proxy integration failure modes").
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import assert_never

import msgspec
from msgspec import Struct

from samlocal.errors import SamlocalError
from samlocal.http_api.authorizers.decision import (
    EXPLICIT_DENY,
    Allowed,
    Decision,
    Denied,
    broken,
    forbidden,
    unauthorized,
)
from samlocal.http_api.authorizers.identity_sources import identity_value
from samlocal.http_api.authorizers.policy import Verdict
from samlocal.http_api.authorizers.verdicts import Kept, Saying, SayingError, policy_saying, simple_saying
from samlocal.http_api.caller import Caller
from samlocal.http_api.events import authorizer as events
from samlocal.http_api.events.websocket import Connection
from samlocal.http_api.events.websocket import authorizer_event as websocket_event
from samlocal.http_api.exchange import HttpRequest, Matched
from samlocal.http_api.integration import PayloadFormat
from samlocal.http_api.method_arn import method_arn
from samlocal.http_api.model import Api, ApiKind, LambdaAuthorizer
from samlocal.http_api.regular_expression import PatternError, fits
from samlocal.http_api.time_limit import TimeLimitError, aside
from samlocal.pool.pool import PoolClosedError
from samlocal.pool.throttle import Throttled
from samlocal.sandbox.result import Result, Success, error_message

Run = Callable[[str, HttpRequest, bytes], Awaitable[Result | Throttled]]
"""Runs a function, by its way from the top template, with an event that is made of a request. May raise
SamlocalError, PoolClosedError."""

_SECONDS_OF_HTTP_API = 10.0
_SECONDS = 29.0

_TOKEN_SOURCE = "method.request.header.Authorization"  # noqa: S105 - where the token is


class Heard(Struct, frozen=True, kw_only=True):
    """What came of asking, and the API key that a function names."""

    decision: Decision
    usage_key: str | None = None


class LambdaAuthorizers:
    """Asks the functions of one API, and keeps what they say for the time that each authorizer has for it."""

    def __init__(self, api: Api, run: Run, clock: Callable[[], float]) -> None:
        self._api = api
        self._run = run
        self._clock = clock
        self._kept = Kept(clock)

    async def hear(self, authorizer: LambdaAuthorizer, matched: Matched, request: HttpRequest) -> Heard:
        identity = await self._identity(authorizer, matched, request)
        if isinstance(identity, Denied):
            return Heard(decision=identity)
        key = (authorizer.name, *identity) if identity and authorizer.ttl > 0 else None
        saying = None if key is None else self._kept.get(key)
        latency = 0
        if saying is None:
            begun = self._clock()
            asked = await self._ask(authorizer, matched, request, identity)
            latency = round((self._clock() - begun) * 1000)
            if isinstance(asked, Denied):
                return Heard(decision=asked)
            saying = asked
            if key is not None:
                self._kept.keep(key, saying, seconds=authorizer.ttl)
        try:
            found = saying.on(method_arn(self._api, matched, request.method), source_ip=request.source_ip)
        except SayingError as error:
            return Heard(decision=broken(f"{authorizer.name}: {error}"))
        caller = Caller(principal_id=saying.principal_id, context=saying.context, latency=latency)
        who = f"{authorizer.name}: {authorizer.function}"
        match found.verdict:
            case Verdict.ALLOWED:
                return Heard(decision=Allowed(caller=caller), usage_key=saying.usage_key)
            case Verdict.EXPLICIT_DENY:
                return Heard(decision=forbidden(f"{who} denies it", message=EXPLICIT_DENY, caller=caller))
            case Verdict.IMPLICIT_DENY:
                return Heard(decision=forbidden(f"{who} does not allow it", caller=caller))
            case Verdict.UNKNOWN_CONDITION:
                conditions = " and ".join(found.unknown)
                said = f"{who} lets it depend on {conditions}, which samlocal does not evaluate: nobody passes"
                return Heard(decision=forbidden(said, caller=caller))
            case _:
                assert_never(found.verdict)

    async def _identity(
        self, authorizer: LambdaAuthorizer, matched: Matched, request: HttpRequest
    ) -> tuple[str, ...] | Denied:
        """The values by which the function is asked, and what it says is kept. 401 where one is missing or wrong."""
        if authorizer.request:
            sources = authorizer.identity_sources
            values = [identity_value(source, self._api, matched, request) or "" for source in sources]
            if "" in values:
                missing = ", ".join(source for source, value in zip(sources, values, strict=True) if not value)
                return unauthorized(f"{authorizer.name}: the request has no {missing}")
            return tuple(values)
        source = authorizer.identity_sources[0] if authorizer.identity_sources else _TOKEN_SOURCE
        token = identity_value(source, self._api, matched, request)
        if not token:
            return unauthorized(f"{authorizer.name}: the request has no {source}")
        if authorizer.validation:
            try:
                is_valid = await aside(partial(fits, authorizer.validation, token))
            except (PatternError, TimeLimitError) as error:
                return broken(f"{authorizer.name}: its IdentityValidationExpression: {error}")
            if not is_valid:
                return unauthorized(f"{authorizer.name}: the token does not match {authorizer.validation}")
        return (token,)

    async def _ask(
        self, authorizer: LambdaAuthorizer, matched: Matched, request: HttpRequest, identity: Sequence[str]
    ) -> Saying | Denied:
        event = msgspec.json.encode(self._event(authorizer, matched, request, identity))
        seconds = _SECONDS_OF_HTTP_API if self._api.kind is ApiKind.HTTP else _SECONDS
        try:
            async with asyncio.timeout(seconds):
                result = await self._run(authorizer.function, request, event)
        except TimeoutError:
            return broken(f"{authorizer.name}: {authorizer.function} has not answered within {seconds:g} s")
        except (SamlocalError, PoolClosedError) as error:
            return broken(f"{authorizer.name}: {error}")
        if isinstance(result, Throttled):
            return broken(f"{authorizer.name}: {authorizer.function} is throttled: {result.reason.value}")
        if not isinstance(result, Success):
            if error_message(result.payload) == "Unauthorized":
                return unauthorized(f"{authorizer.name}: it raised Unauthorized")
            return broken(f"{authorizer.name}: {authorizer.function} failed")
        try:
            if authorizer.simple_responses and authorizer.payload_format is PayloadFormat.V2:
                return simple_saying(result.payload)
            return policy_saying(result.payload, scalars=self._api.kind is not ApiKind.HTTP)
        except SayingError as error:
            return broken(f"{authorizer.name}: {error}")

    def _event(
        self, authorizer: LambdaAuthorizer, matched: Matched, request: HttpRequest, identity: Sequence[str]
    ) -> dict[str, object]:
        api = self._api
        if api.kind is ApiKind.WEBSOCKET:
            return websocket_event(api, Connection(request=request), method_arn(api, matched, request.method))
        if api.kind is ApiKind.HTTP:
            if authorizer.payload_format is PayloadFormat.V2:
                return events.http_v2_event(api, matched, request, identity)
            return events.http_v1_event(api, matched, request, identity)
        if authorizer.request:
            return events.rest_request_event(api, matched, request)
        return events.token_event(api, matched, request, identity[0])
