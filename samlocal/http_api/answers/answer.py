"""The answer to a request, whatever stands in front of the function.

What is made here is ``finished`` once, where it leaves the API, wherever it comes from.
"""

from __future__ import annotations

from typing import assert_never

from msgspec import Struct

from samlocal.http_api.answers.cors import with_cors
from samlocal.http_api.answers.function_url import url_answer, url_refusal
from samlocal.http_api.answers.gateway_responses import gateway_response
from samlocal.http_api.answers.http_api import http_answer, http_refusal
from samlocal.http_api.answers.load_balancer import load_balancer_answer, load_balancer_refusal
from samlocal.http_api.answers.payload import MalformedError, UndecodableError
from samlocal.http_api.answers.refusal import INTERNAL_ERROR, MALFORMED, Refusal
from samlocal.http_api.answers.rest import rest_answer
from samlocal.http_api.exchange import HttpAnswer, HttpRequest, Matched
from samlocal.http_api.integration import LambdaIntegration, PayloadFormat
from samlocal.http_api.model import Api, ApiKind
from samlocal.sandbox.result import Result, Success

_BODILESS = frozenset({204, 304})


class Answered(Struct, frozen=True, kw_only=True):
    """``remark`` says what the answer itself does not: why the function's response was refused."""

    answer: HttpAnswer
    remark: str | None = None


def answer(api: Api, matched: Matched, request: HttpRequest, result: Result) -> Answered:
    """Of what came of the event. Any result has an answer."""
    if not isinstance(result, Success):
        return Answered(answer=refused(api, request, MALFORMED, matched))
    try:
        made = _answer(api, matched, request, result.payload)
    except UndecodableError as error:
        return Answered(answer=refused(api, request, INTERNAL_ERROR, matched), remark=malformed(matched, error))
    except MalformedError as error:
        return Answered(answer=refused(api, request, MALFORMED, matched), remark=malformed(matched, error))
    return Answered(answer=made)


def refused(api: Api, request: HttpRequest, refusal: Refusal, matched: Matched | None = None) -> HttpAnswer:
    """What the API answers by itself."""
    match api.kind:
        case ApiKind.REST | ApiKind.WEBSOCKET:
            return gateway_response(api, request, matched, refusal)
        case ApiKind.HTTP:
            return http_refusal(request, refusal)
        case ApiKind.FUNCTION_URL:
            return url_refusal(request, refusal)
        case ApiKind.ALB:
            return load_balancer_refusal(refusal)
        case _:
            assert_never(api.kind)


def finished(api: Api, request: HttpRequest, made: HttpAnswer) -> HttpAnswer:
    """As a client gets it: with the API's CORS, and without a body where HTTP has none."""
    shared = with_cors(api, request, made)
    if has_body(request, shared.status):
        return shared
    return HttpAnswer(status=shared.status, headers=shared.headers)


def has_body(request: HttpRequest, status: int) -> bool:
    """HTTP's own: none for HEAD, nor with a status that has none."""
    return request.method != "HEAD" and status not in _BODILESS


def _answer(api: Api, matched: Matched, request: HttpRequest, payload: bytes) -> HttpAnswer:
    match api.kind:
        case ApiKind.REST | ApiKind.WEBSOCKET:
            return rest_answer(api, request, payload)
        case ApiKind.HTTP:
            integration = matched.route.integration
            in_v1 = isinstance(integration, LambdaIntegration) and integration.payload_format is PayloadFormat.V1
            return http_answer(request, payload, PayloadFormat.V1 if in_v1 else PayloadFormat.V2)
        case ApiKind.FUNCTION_URL:
            return url_answer(request, payload)
        case ApiKind.ALB:
            return load_balancer_answer(api, payload)
        case _:
            assert_never(api.kind)


def malformed(matched: Matched, error: MalformedError) -> str:
    """The remark on a response that is none."""
    return f"{matched.route.function or matched.route.key}: malformed response: {error}."
