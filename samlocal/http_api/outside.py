"""Integrations that are no function with its event: those that templates map, AWS services, other servers."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import assert_never

from msgspec.structs import replace

from samlocal.errors import ConfigurationError, SamlocalError
from samlocal.http_api.answers.answer import refused
from samlocal.http_api.answers.http_api import service_answer
from samlocal.http_api.answers.refusal import (
    FAILED,
    INTERNAL_ERROR,
    THROTTLED,
    TIMED_OUT,
    Refusal,
    RefusalType,
)
from samlocal.http_api.answers.response_parameters import with_response_parameters
from samlocal.http_api.answers.rest import passed_answer
from samlocal.http_api.backend import Backend, Hears
from samlocal.http_api.caller import Caller
from samlocal.http_api.events.body import BodyError
from samlocal.http_api.exchange import HttpAnswer, HttpRequest, Matched
from samlocal.http_api.http_proxy import proxied, without_hop
from samlocal.http_api.integration import (
    HttpIntegration,
    MappedIntegration,
    ServiceIntegration,
)
from samlocal.http_api.lineage import LoopError, passed_on
from samlocal.http_api.mapping import mapped, path_values
from samlocal.http_api.model import Api, ApiKind
from samlocal.http_api.request_values import RequestValues
from samlocal.http_api.server_connection import AnswerTooLargeError, HttpProxyError, threads
from samlocal.http_api.server_request import server_answer
from samlocal.http_api.service_call import AsksServices, ServiceCall
from samlocal.http_api.services import NoValueError, service_call, subtype_call
from samlocal.http_api.targets import FunctionTarget, HttpTarget, Mock, ServiceTarget
from samlocal.http_api.time_limit import aside
from samlocal.http_api.transformed import RefusedError, Transformation
from samlocal.pool.pool import PoolClosedError
from samlocal.pool.throttle import Throttled
from samlocal.sandbox.result import Success
from samlocal.service.waits import Waits


class Outside:
    """``services`` asks AWS; None where there is no environment. ``hears`` is told why something fails."""

    def __init__(self, backend: Backend, hears: Hears, services: AsksServices | None) -> None:
        self._backend = backend
        self._hears = hears
        self._services = services
        self._waits = Waits()

    def end(self) -> None:
        """Servers and services are waited for no more: whoever asks has timed out."""
        self._waits.end()

    async def transform(
        self, api: Api, matched: Matched, request: HttpRequest, integration: MappedIntegration, caller: Caller
    ) -> HttpAnswer:
        """Through the templates, both ways."""
        transformation = Transformation(api, matched, request, integration, caller)
        try:
            target = integration.target
            match target:
                case Mock():
                    return await aside(transformation.of_mock)
                case FunctionTarget(function=function) if not transformation.waits:
                    event = await aside(transformation.event)
                    self._backend.begin(function, request, event, _unheard)
                    return await aside(partial(transformation.of_success, b""))
                case FunctionTarget(function=function):
                    event = await aside(transformation.event)
                    async with asyncio.timeout(integration.timeout / 1000):
                        result = await self._backend.result(function, request, event)
                    if isinstance(result, Throttled):
                        return refused(api, request, THROTTLED, matched)
                    of = transformation.of_success if isinstance(result, Success) else transformation.of_error
                    return await aside(partial(of, result.payload))
                case HttpTarget():
                    sent = await aside(transformation.server_request)
                    seconds = integration.timeout / 1000
                    said = await server_answer(api, request, target, sent, timeout=seconds, waits=self._waits)
                    return await aside(partial(transformation.of_server, said))
                case ServiceTarget(role=role, region=region):
                    call = service_call(target, request, await aside(transformation.server_request))
                    said = await self._asked(call, role, region, integration.timeout)
                    return await aside(partial(transformation.of_server, said))
                case _:
                    assert_never(target)
        except RefusedError as error:
            if str(error):
                self._hears.remarked(f"{api.id}: {matched.route.key}: {error}.")
            return refused(api, request, error.refusal, matched)
        except BodyError as error:
            return refused(api, request, error.refusal, matched)
        except TimeoutError:
            return refused(api, request, TIMED_OUT, matched)
        except (HttpProxyError, AnswerTooLargeError, LoopError) as error:
            return self._of_failed_server(api, matched, request, error)
        except (SamlocalError, PoolClosedError) as error:
            if isinstance(integration.target, ServiceTarget):
                return self._of_failed_server(api, matched, request, error)
            # Whoever hears of the event's end has heard why.
            return refused(api, request, FAILED, matched)
        finally:
            for remark in transformation.remarks:
                self._hears.remarked(f"{api.id}: {matched.route.key}: {remark}.")

    async def ask_service(
        self, api: Api, matched: Matched, request: HttpRequest, integration: ServiceIntegration, caller: Caller
    ) -> HttpAnswer:
        """What an AWS service answers, as it is."""
        try:
            call = subtype_call(integration, RequestValues(api, matched, request, caller))
            said = await self._asked(call, integration.role, integration.region, integration.timeout)
        except NoValueError as error:
            self._hears.remarked(f"{api.id}: {matched.route.key}: {error}.")
            return refused(api, request, Refusal(type=RefusalType.BAD_REQUEST_PARAMETERS), matched)
        except TimeoutError:
            return refused(api, request, TIMED_OUT, matched)
        except (SamlocalError, AnswerTooLargeError) as error:
            return self._of_failed_server(api, matched, request, error)
        if said.status >= 300:
            text = said.body.decode(errors="replace")
            self._hears.remarked(f"{api.id}: {matched.route.key}: {integration.subtype}: {said.status} {text}")
            return refused(api, request, FAILED, matched)
        values = RequestValues(api, matched, request, caller)
        return with_response_parameters(service_answer(request, said), integration.response_parameters, values)

    async def _asked(self, call: ServiceCall, role: str, region: str, timeout: int) -> HttpAnswer:
        services = self._services
        if services is None:
            raise ConfigurationError(f"{call.service} is asked in an environment alone.")
        async with self._waits.within(timeout / 1000):
            ask = partial(services.ask, call, role=role, region=region)
            return await asyncio.get_running_loop().run_in_executor(threads(), ask)

    async def pass_on(
        self, api: Api, matched: Matched, request: HttpRequest, integration: HttpIntegration, caller: Caller
    ) -> HttpAnswer:
        """What another server answers, as it is."""
        try:
            parameters = integration.parameters
            values = path_values(api, matched, request, parameters, caller)
            sent = mapped(api, matched, request, parameters, caller)
            own = {"X-Amzn-Trace-Id": passed_on(request)}
            if api.kind is ApiKind.REST:
                own["X-Amzn-Apigateway-Api-Id"] = api.api_id
            named = {name.lower() for name in own}
            kept = (pair for pair in sent.headers if pair[0].lower() not in named)
            sent = replace(sent, headers=(*kept, *own.items()))
            said = await proxied(api.kind, sent, integration, values, waits=self._waits)
            if api.kind is ApiKind.REST:
                return passed_answer(api, request, said)
            seen = RequestValues(api, matched, request, caller)
            passed = replace(said, headers=without_hop(said.headers))
            return with_response_parameters(passed, integration.response_parameters, seen)
        except TimeoutError:
            return refused(api, request, TIMED_OUT, matched)
        except (HttpProxyError, AnswerTooLargeError, LoopError) as error:
            return self._of_failed_server(api, matched, request, error)

    def _of_failed_server(self, api: Api, matched: Matched, request: HttpRequest, error: Exception) -> HttpAnswer:
        said = " ".join((error.in_a_line if isinstance(error, SamlocalError) else str(error)).split())
        self._hears.remarked(f"{api.id}: {matched.route.key}: {said}")
        match error:
            case AnswerTooLargeError():
                return refused(api, request, INTERNAL_ERROR, matched)
            case LoopError():
                # What comes of it on AWS, after 29 s.
                return refused(api, request, TIMED_OUT, matched)
        return refused(api, request, FAILED, matched)


def _unheard(_: bytes) -> None:
    """What nobody waits for."""
