"""What an authorizer's function gets.

Sources: API Gateway developer guide, "Input to an API Gateway Lambda authorizer" and "Control access to HTTP APIs
with AWS Lambda authorizers"; aws/aws-lambda-go, ``apigw-custom-auth-request-type-request.json`` and
``apigw-v2-custom-authorizer-v*-request.json``.
"""

from __future__ import annotations

from collections.abc import Sequence

from samlocal.http_api.caller import ANYBODY, Caller
from samlocal.http_api.events import proxy_v1, proxy_v2
from samlocal.http_api.exchange import HttpRequest, Matched
from samlocal.http_api.method_arn import method_arn
from samlocal.http_api.model import Api

Json = dict[str, object]

_MAPPINGS = ("queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables")


def token_event(api: Api, matched: Matched, request: HttpRequest, token: str) -> Json:
    return {"type": "TOKEN", "methodArn": method_arn(api, matched, request.method), "authorizationToken": token}


def rest_request_event(api: Api, matched: Matched, request: HttpRequest, caller: Caller = ANYBODY) -> Json:
    return {
        "type": "REQUEST",
        "methodArn": method_arn(api, matched, request.method),
        **_filled(proxy_v1.rest_request(api, matched, request)),
        "requestContext": proxy_v1.rest_context(api, matched, request, caller),
    }


def http_v1_event(api: Api, matched: Matched, request: HttpRequest, identity: Sequence[str]) -> Json:
    """``identity`` are the values of the authorizer's identity sources."""
    source = ",".join(identity)
    return {
        "version": "1.0",
        "type": "REQUEST",
        "methodArn": method_arn(api, matched, request.method),
        "identitySource": source,
        "authorizationToken": source,
        **_filled(proxy_v1.http_request(api, matched, request)),
        "requestContext": proxy_v1.http_context(api, matched, request, ANYBODY),
    }


def http_v2_event(api: Api, matched: Matched, request: HttpRequest, identity: Sequence[str]) -> Json:
    return {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": method_arn(api, matched, request.method),
        "identitySource": list(identity) or None,
        **proxy_v2.http_request(api, matched, request),
        "requestContext": proxy_v2.http_context(api, matched, request, ANYBODY),
    }


def _filled(described: Json) -> Json:
    """An authorizer gets an empty mapping where a function gets null."""
    return described | {name: described[name] or {} for name in _MAPPINGS}
