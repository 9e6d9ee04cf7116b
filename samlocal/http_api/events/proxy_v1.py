"""Format 1.0: what a function behind a REST API gets, and behind an HTTP API whose integration asks for it.

Sources: API Gateway developer guide, "Lambda proxy integrations in API Gateway" and "AWS Lambda proxy integrations
for HTTP APIs"; localstack/localstack, ``test_apigateway_lambda.snapshot.json`` (REST, recorded on AWS);
aws-powertools/powertools-lambda-python, ``tests/events``.
"""

from __future__ import annotations

from samlocal.http_api import identifiers
from samlocal.http_api.caller import Caller
from samlocal.http_api.events import claims, headers, query
from samlocal.http_api.events.body import event_body
from samlocal.http_api.events.moment import clf_time, epoch_ms
from samlocal.http_api.events.paths import http_api_path, with_stage
from samlocal.http_api.exchange import HttpRequest, Matched
from samlocal.http_api.model import Api

Json = dict[str, object]

_IDENTITY = (
    "accessKey",
    "accountId",
    "caller",
    "cognitoAuthenticationProvider",
    "cognitoAuthenticationType",
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
    "principalOrgId",
    "user",
    "userArn",
)


def rest_event(api: Api, matched: Matched, request: HttpRequest, caller: Caller) -> Json:
    """Raises BodyError."""
    body = event_body(api, request)
    return {
        **rest_request(api, matched, request),
        "requestContext": rest_context(api, matched, request, caller),
        "body": body.text,
        "isBase64Encoded": body.base64,
    }


def http_event(api: Api, matched: Matched, request: HttpRequest, caller: Caller) -> Json:
    body = event_body(api, request)
    return {
        "version": "1.0",
        **http_request(api, matched, request),
        "requestContext": http_context(api, matched, request, caller),
        "body": body.text,
        "isBase64Encoded": body.base64,
    }


def rest_request(api: Api, matched: Matched, request: HttpRequest) -> Json:
    """What an event says of the request itself, without its body."""
    values = headers.rest(request)
    pairs = query.decoded(request.query, semicolons=True)
    return _request(api, matched, request, values, pairs) | {"path": matched.path}


def http_request(api: Api, matched: Matched, request: HttpRequest) -> Json:
    values = headers.http_v1(request)
    pairs = query.decoded(request.query)
    return _request(api, matched, request, values, pairs) | {"path": http_api_path(api, matched)}


def rest_context(api: Api, matched: Matched, request: HttpRequest, caller: Caller) -> Json:
    context = _context(api, request) | {
        "deploymentId": identifiers.deployment_id(api),
        "identity": _identity(request, caller),
        "path": with_stage(api, matched.path),
        "requestId": request.request_id,
        "resourceId": identifiers.resource_id(api, matched.route.path),
        "resourcePath": matched.route.path,
    }
    if matched.route.operation_name is not None:
        context["operationName"] = matched.route.operation_name
    authorizer = lambda_authorizer(caller)
    if authorizer is None and caller.claims is not None:
        authorizer = {"claims": claims.of_rest_api(caller.claims)}
    if authorizer is not None:
        context["authorizer"] = authorizer
    return context


def http_context(api: Api, matched: Matched, request: HttpRequest, caller: Caller) -> Json:
    context = _context(api, request) | {
        "identity": _identity(request, caller) | {"cognitoAmr": None},
        "path": http_api_path(api, matched),
        "requestId": identifiers.extended_id(request.request_id),
        "resourceId": matched.route.key,
        "resourcePath": matched.route.path,
    }
    if caller.context is not None:
        principal = {} if caller.principal_id is None else {"principalId": caller.principal_id}
        context["authorizer"] = {**caller.context, **principal}
    elif caller.claims is not None:
        scopes = None if caller.scopes is None else list(caller.scopes)
        context["authorizer"] = {"claims": claims.of_http_api(caller.claims), "scopes": scopes}
    return context


def lambda_authorizer(caller: Caller) -> Json | None:
    """What a Lambda authorizer of a REST or WebSocket API has said; None where none was asked."""
    if caller.context is None:
        return None
    return {
        **claims.stringified(caller.context),
        "principalId": caller.principal_id,
        "integrationLatency": caller.latency,
    }


def _request(api: Api, matched: Matched, request: HttpRequest, values: headers.Values, pairs: query.Pairs) -> Json:
    return {
        "resource": matched.route.path,
        "httpMethod": request.method,
        "headers": headers.last_values(values),
        "multiValueHeaders": values,
        "queryStringParameters": query.last_values(pairs) or None,
        "multiValueQueryStringParameters": query.all_values(pairs) or None,
        "pathParameters": matched.path_parameters or None,
        "stageVariables": api.stage_variables or None,
    }


def _context(api: Api, request: HttpRequest) -> Json:
    domain = identifiers.domain_name(api, request)
    return {
        "accountId": api.place.account,
        "apiId": api.api_id,
        "domainName": domain,
        "domainPrefix": identifiers.domain_prefix(domain),
        "extendedRequestId": identifiers.extended_id(request.request_id),
        "httpMethod": request.method,
        "protocol": request.protocol,
        "requestTime": clf_time(request.received),
        "requestTimeEpoch": epoch_ms(request.received),
        "stage": api.stage,
    }


def _identity(request: HttpRequest, caller: Caller) -> Json:
    identity: Json = dict.fromkeys(_IDENTITY)
    identity |= {"sourceIp": request.source_ip, "userAgent": request.header("user-agent")}
    if caller.api_key is not None:
        identity |= {"apiKey": caller.api_key, "apiKeyId": caller.api_key_id}
    return identity
