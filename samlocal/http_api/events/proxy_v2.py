"""Format 2.0: what a function behind an HTTP API gets, and behind a URL of its own.

Sources: API Gateway developer guide, "AWS Lambda proxy integrations for HTTP APIs"; Lambda developer guide, "Invoking
Lambda function URLs"; hotsock/voker, ``vokerhttp/testdata``, and aws/aws-lambda-go, ``apigw-v2-request-*.json``,
recorded on AWS: what is not there is left out.
"""

from __future__ import annotations

from urllib.parse import unquote

from samlocal.http_api import identifiers
from samlocal.http_api.caller import Caller
from samlocal.http_api.events import claims, headers, query
from samlocal.http_api.events.body import event_body
from samlocal.http_api.events.moment import clf_time, epoch_ms
from samlocal.http_api.events.paths import http_api_path
from samlocal.http_api.exchange import HttpRequest, Matched
from samlocal.http_api.model import DEFAULT_ROUTE, Api

Json = dict[str, object]

ANONYMOUS = "anonymous"
"""The account of who calls a URL that asks for no signature."""


def http_event(api: Api, matched: Matched, request: HttpRequest, caller: Caller) -> Json:
    return {
        "version": "2.0",
        **http_request(api, matched, request),
        "requestContext": http_context(api, matched, request, caller),
        **_body(api, request),
    }


def url_event(api: Api, matched: Matched, request: HttpRequest) -> Json:
    """The raw path stays encoded, the context's does not."""
    path = matched.path
    return {
        "version": "2.0",
        **_request(request, route_key=DEFAULT_ROUTE, raw_path=path, values=headers.function_url(request)),
        "requestContext": _context(api, request, route_key=DEFAULT_ROUTE, path=unquote(path))
        | {"accountId": ANONYMOUS, "requestId": request.request_id},
        **_body(api, request),
    }


def http_request(api: Api, matched: Matched, request: HttpRequest) -> Json:
    """What an event says of the request itself, without its body. The path is called raw and is decoded."""
    raw_path = http_api_path(api, matched)
    described = _request(request, route_key=matched.route.key, raw_path=raw_path, values=headers.http_v2(request))
    if matched.path_parameters:
        described["pathParameters"] = matched.path_parameters
    if api.stage_variables:
        described["stageVariables"] = api.stage_variables
    return described


def http_context(api: Api, matched: Matched, request: HttpRequest, caller: Caller) -> Json:
    context = _context(api, request, route_key=matched.route.key, path=http_api_path(api, matched))
    if caller.context is not None:
        context["authorizer"] = {"lambda": caller.context}
    elif caller.claims is not None:
        scopes = None if caller.scopes is None else list(caller.scopes)
        context["authorizer"] = {"jwt": {"claims": claims.of_http_api(caller.claims), "scopes": scopes}}
    return context


def _request(request: HttpRequest, *, route_key: str, raw_path: str, values: headers.Values) -> Json:
    described: Json = {
        "routeKey": route_key,
        "rawPath": raw_path,
        "rawQueryString": request.query,
        "headers": headers.joined_values(values),
    }
    if cookies := headers.cookies(request):
        described["cookies"] = cookies
    if pairs := query.decoded(request.query):
        described["queryStringParameters"] = query.joined_values(pairs)
    return described


def _context(api: Api, request: HttpRequest, *, route_key: str, path: str) -> Json:
    domain = identifiers.domain_name(api, request)
    return {
        "accountId": api.place.account,
        "apiId": api.api_id,
        "domainName": domain,
        "domainPrefix": identifiers.domain_prefix(domain),
        "http": {
            "method": request.method,
            "path": path,
            "protocol": request.protocol,
            "sourceIp": request.source_ip,
            "userAgent": request.header("user-agent") or "",
        },
        "requestId": identifiers.extended_id(request.request_id),
        "routeKey": route_key,
        "stage": api.stage,
        "time": clf_time(request.received),
        "timeEpoch": epoch_ms(request.received),
    }


def _body(api: Api, request: HttpRequest) -> Json:
    body = event_body(api, request)
    flag: Json = {"isBase64Encoded": body.base64}
    return flag if body.text is None else {"body": body.text, **flag}
