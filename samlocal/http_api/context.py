"""The variables by which templates, mappings and identity sources speak of a request: ``$context.…``.

Sources: API Gateway developer guide, "Variables for data transformations" (REST APIs) and "Customizing HTTP API
access logs" (HTTP APIs, whose request id is the extended one).
"""

from __future__ import annotations

from collections.abc import Mapping

from samlocal.http_api import identifiers
from samlocal.http_api.caller import ANYBODY, Caller
from samlocal.http_api.events import claims
from samlocal.http_api.events.moment import clf_time, epoch_ms
from samlocal.http_api.events.paths import with_stage
from samlocal.http_api.exchange import HttpRequest, Matched
from samlocal.http_api.model import Api, ApiKind


def context_variables(
    api: Api, matched: Matched | None, request: HttpRequest, caller: Caller = ANYBODY
) -> Mapping[str, str]:
    """By their names behind ``context.``. ``matched`` is None where no route takes the request."""
    domain = identifiers.domain_name(api, request)
    extended = identifiers.extended_id(request.request_id)
    variables = {
        "accountId": api.place.account,
        "apiId": api.api_id,
        "domainName": domain,
        "domainPrefix": identifiers.domain_prefix(domain),
        "extendedRequestId": extended,
        "httpMethod": request.method,
        "identity.sourceIp": request.source_ip,
        "identity.userAgent": request.header("user-agent") or "",
        "path": with_stage(api, request.path if matched is None else matched.path),
        "protocol": request.protocol,
        "requestId": extended if api.kind is ApiKind.HTTP else request.request_id,
        "requestTime": clf_time(request.received),
        "requestTimeEpoch": str(epoch_ms(request.received)),
        "resourcePath": "" if matched is None else matched.route.path,
        "stage": api.stage,
    }
    if api.kind is ApiKind.REST:
        variables["deploymentId"] = identifiers.deployment_id(api)
    if matched is not None:
        variables["routeKey"] = matched.route.key
        if api.kind is ApiKind.REST:
            variables["resourceId"] = identifiers.resource_id(api, matched.route.path)
    if caller.api_key is not None:
        variables |= {"identity.apiKey": caller.api_key, "identity.apiKeyId": caller.api_key_id or ""}
    return variables | _of_authorizer(api, caller)


def _of_authorizer(api: Api, caller: Caller) -> dict[str, str]:
    """Values are texts: a claim as the API's events have it."""
    in_claims = claims.of_http_api if api.kind is ApiKind.HTTP else claims.of_rest_api
    variables = {} if caller.principal_id is None else {"authorizer.principalId": caller.principal_id}
    variables |= {f"authorizer.{name}": value for name, value in claims.stringified(caller.context or {}).items()}
    variables |= {f"authorizer.claims.{name}": value for name, value in in_claims(caller.claims or {}).items()}
    return variables
