"""The variables by which templates, mappings and identity sources speak of a request: ``$context.…``.

Sources: API Gateway developer guide, "Variables for data transformations" (REST APIs) and "Customizing HTTP API
access logs" (HTTP APIs, whose request id is the extended one).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from samlocal.http_api import identifiers
from samlocal.http_api.caller import ANYBODY, Caller
from samlocal.http_api.events.moment import clf_time, epoch_ms
from samlocal.http_api.events.paths import with_stage
from samlocal.http_api.model import Api, ApiKind, HttpRequest, Matched


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
    if matched is not None:
        variables["routeKey"] = matched.route.key
    return variables | _of_authorizer(caller)


def _of_authorizer(caller: Caller) -> dict[str, str]:
    variables = {} if caller.principal_id is None else {"authorizer.principalId": caller.principal_id}
    for prefix, members in (("authorizer", caller.context), ("authorizer.claims", caller.claims)):
        for name, value in (members or {}).items():
            variables[f"{prefix}.{name}"] = value if isinstance(value, str) else json.dumps(value)
    return variables
