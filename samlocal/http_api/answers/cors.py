"""What an HTTP API and a function URL add to answers for browsers, and what they answer a browser's question with.

Sources: API Gateway developer guide, "Configure CORS for HTTP APIs" (the function's own CORS headers are ignored);
Lambda developer guide, "Cross-origin resource sharing (CORS)" (a function's are kept beside); the Fetch standard for
what a preflight is.
"""

from __future__ import annotations

from samlocal.http_api import identifiers
from samlocal.http_api.answers.function_url import url_headers
from samlocal.http_api.exchange import Fields, HttpAnswer, HttpRequest, Matched, NoRoute
from samlocal.http_api.model import Api, ApiKind, Cors
from samlocal.wildcard import wildcard

_OF_CORS = "access-control-"


def preflight(api: Api, request: HttpRequest, matched: Matched | NoRoute) -> HttpAnswer | None:
    """The answer to a browser's question whether it may ask; None where this is none, or where another answers.

    A route of an HTTP API that takes OPTIONS, be it ANY or ``$default``, takes these too, with its authorizer (API
    Gateway developer guide, "Configuring CORS for an HTTP API with a $default route and an authorizer";
    anomalyco/sst issue 5493 and aws/serverless-application-model issue 1603 for ANY).
    """
    cors = api.cors
    if cors is None or not _is_preflight(request):
        return None
    if api.kind is ApiKind.FUNCTION_URL:
        return HttpAnswer(status=200, headers=url_headers(request, _of_preflight(cors, request)))
    if isinstance(matched, Matched):
        return None
    own = ("apigw-requestid", identifiers.extended_id(request.request_id))
    return HttpAnswer(status=204, headers=(*_lowered(_of_preflight(cors, request)), own))


def with_cors(api: Api, request: HttpRequest, answer: HttpAnswer) -> HttpAnswer:
    """The answer as a browser may read it."""
    cors = api.cors
    if cors is None:
        return answer
    if _is_preflight(request):
        allowed = _of_preflight(cors, request)
    else:
        allowed = _allowed(cors, request)
        if allowed and cors.exposed:
            allowed += (("Access-Control-Expose-Headers", ",".join(cors.exposed)),)
    if api.kind is ApiKind.FUNCTION_URL:
        headers = (*answer.headers, *allowed)
    else:
        kept = tuple(pair for pair in answer.headers if not pair[0].lower().startswith(_OF_CORS))
        headers = (*kept, *_lowered(allowed))
    return HttpAnswer(status=answer.status, headers=headers, body=answer.body, stream=answer.stream)


def _is_preflight(request: HttpRequest) -> bool:
    return (
        request.method == "OPTIONS"
        and request.header("origin") is not None
        and request.header("access-control-request-method") is not None
    )


def _of_preflight(cors: Cors, request: HttpRequest) -> Fields:
    allowed = _allowed(cors, request)
    if not allowed:
        return ()
    several = (("Access-Control-Allow-Methods", cors.methods), ("Access-Control-Allow-Headers", cors.headers))
    allowed += tuple((name, ",".join(values)) for name, values in several if values)
    return allowed if cors.max_age is None else (*allowed, ("Access-Control-Max-Age", str(cors.max_age)))


def _allowed(cors: Cors, request: HttpRequest) -> Fields:
    """Nothing for an origin that is not among the configured ones, and for who sends none."""
    origin = request.header("origin")
    if origin is None or not any(_matches(origin, pattern) for pattern in cors.origins):
        return ()
    any_origin = "*" in cors.origins and not cors.credentials
    allowed: Fields = (("Access-Control-Allow-Origin", "*" if any_origin else origin),)
    if not any_origin:
        allowed += (("Vary", "Origin"),)
    return (*allowed, ("Access-Control-Allow-Credentials", "true")) if cors.credentials else allowed


def _matches(origin: str, pattern: str) -> bool:
    """``*`` and ``https://*`` stand for what they cover; the rest is compared without case, as hosts are."""
    return wildcard(pattern, ignore_case=True).fullmatch(origin) is not None


def _lowered(fields: Fields) -> Fields:
    return tuple((name.lower(), value) for name, value in fields)
