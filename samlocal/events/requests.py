"""Events of requests: those of APIs, their authorizers, function URLs and load balancers.

Their files describe the request; what AWS makes of one is `http_api/events`' to say, which serves APIs with it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from samlocal.deployed.place import Place, partition_of
from samlocal.events.flags import FlagsError
from samlocal.http_api.caller import Caller
from samlocal.http_api.events import authorizer, websocket
from samlocal.http_api.events.event import event as event_of
from samlocal.http_api.exchange import HttpRequest, Matched, NoRoute
from samlocal.http_api.integration import LambdaIntegration, PayloadFormat
from samlocal.http_api.matching.matcher import Matcher
from samlocal.http_api.method_arn import method_arn
from samlocal.http_api.model import DEFAULT_ROUTE, Api, ApiKind, Route

Json = dict[str, Any]
Pairs = Sequence[tuple[str, str]]

Form: TypeAlias = Literal[
    "rest", "http-v1", "http-v2", "url", "alb",
    "authorizer-rest", "authorizer-http-v1", "authorizer-http-v2",
    "websocket-connect", "websocket-message", "websocket-disconnect", "websocket-authorizer",
]  # fmt: skip


class Described(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request, the API it comes to and who asks, as a file describes them. ``at`` is in seconds since 1970.

    ``identity`` are the values of an authorizer's identity sources. ``path`` is as a
    client writes it, without its stage.
    """

    form: Form
    account: str | None
    region: str
    partition: str | None
    api_id: str
    stage: str
    domain: str
    at: float
    request_id: str
    source_ip: str
    user_agent: str
    method: str = "GET"
    resource: str = "/"
    path: str | None = None
    path_parameters: Pairs | None = None
    query: Pairs | None = None
    query_object: Mapping[str, Any] | None = None
    headers: Pairs | None = None
    body: str | None = None
    base64: bool | None = None
    stage_variables: Pairs | None = None
    claims: Pairs | None = None
    context: Pairs | None = None
    principal_id: str | None = None
    identity: str | None = None
    target_group: str = ""
    multi_value: bool = False
    code: int = 1000
    reason: str | None = None


def event_of_request(document: Any) -> Json:
    """Raises FlagsError for a path that the route does not take."""
    described = msgspec.convert(document, Described)
    api = _api(described)
    request = _request(described)
    if api.kind is ApiKind.WEBSOCKET:
        return _of_websocket(described, api, request)
    if not described.resource.startswith("/") and described.resource != DEFAULT_ROUTE:
        raise FlagsError(
            f"--resource {described.resource} is no route's path. Write one such as /items/{{id}}, or $default."
        )
    matched = Matcher(api).match(request)
    if isinstance(matched, NoRoute):
        raise FlagsError(
            f"--path {described.path} is none of --resource {described.resource}. Give one of them; the path is made "
            "of the resource and --path-parameter."
        )
    if described.form in _AUTHORIZERS:
        return _AUTHORIZERS[described.form](api, matched, request, described.identity or "")
    made: Json = msgspec.json.decode(event_of(api, matched, request, _caller(described)))
    if described.base64 and described.body is not None:
        made |= {"body": base64.b64encode(described.body.encode()).decode(), "isBase64Encoded": True}
    return made


def _rest(api: Api, matched: Matched, request: HttpRequest, _: str) -> Json:
    return authorizer.rest_request_event(api, matched, request)


def _http_v1(api: Api, matched: Matched, request: HttpRequest, identity: str) -> Json:
    return authorizer.http_v1_event(api, matched, request, identity.split(","))


def _http_v2(api: Api, matched: Matched, request: HttpRequest, identity: str) -> Json:
    return authorizer.http_v2_event(api, matched, request, identity.split(","))


_AUTHORIZERS: Mapping[str, Callable[[Api, Matched, HttpRequest, str], Json]] = {
    "authorizer-rest": _rest,
    "authorizer-http-v1": _http_v1,
    "authorizer-http-v2": _http_v2,
}

_KINDS: Mapping[str, ApiKind] = {
    "rest": ApiKind.REST,
    "http-v1": ApiKind.HTTP,
    "http-v2": ApiKind.HTTP,
    "url": ApiKind.FUNCTION_URL,
    "alb": ApiKind.ALB,
    "authorizer-rest": ApiKind.REST,
    "authorizer-http-v1": ApiKind.HTTP,
    "authorizer-http-v2": ApiKind.HTTP,
}


def _of_websocket(described: Described, api: Api, request: HttpRequest) -> Json:
    connection = websocket.Connection(request=request, caller=_caller(described))
    # A connection is a minute old when something comes over it.
    later = f"{request.request_id}:later"
    earlier = msgspec.structs.replace(
        connection, request=msgspec.structs.replace(request, received=described.at - 60)
    )
    match described.form:
        case "websocket-message":
            return websocket.message_event(
                api, earlier, described.resource, described.body or "", request_id=later, received=described.at
            )
        case "websocket-disconnect":
            return websocket.disconnect_event(
                api,
                earlier,
                code=described.code,
                reason=described.reason or "",
                request_id=later,
                received=described.at,
            )
        case "websocket-authorizer":
            matched = Matched(route=api.routes[0], path="/")
            return websocket.authorizer_event(api, connection, method_arn(api, matched, request.method))
    return websocket.connect_event(api, connection)


def _api(described: Described) -> Api:
    payload_format = PayloadFormat.V2 if described.form in ("http-v2", "url") else PayloadFormat.V1
    integration = LambdaIntegration(function="Fn", payload_format=payload_format, target_group=described.target_group)
    kind = _KINDS.get(described.form, ApiKind.WEBSOCKET)
    method = "ANY" if kind is ApiKind.FUNCTION_URL else described.method
    path = DEFAULT_ROUTE if kind is ApiKind.FUNCTION_URL else described.resource
    return Api(
        id="Api",
        api_id=described.api_id,
        kind=kind,
        name="Api",
        place=_place(described),
        routes=(Route(method=method, path=path, integration=integration),),
        stage=described.stage,
        stage_variables=dict(described.stage_variables or ()),
        multi_value_headers=described.multi_value,
    )


def _place(described: Described) -> Place:
    """Account and partition are None where the event says nothing of them."""
    partition = described.partition or partition_of(described.region)
    return Place(partition=partition, region=described.region, account=described.account or "")


def _request(described: Described) -> HttpRequest:
    return HttpRequest(
        method=described.method,
        path=_path(described),
        query=_query(described),
        headers=tuple(_headers(described)),
        body=(described.body or "").encode(),
        source_ip=described.source_ip,
        scheme="https",
        received=described.at,
        request_id=described.request_id,
    )


def _path(described: Described) -> str:
    if described.path is not None:
        return f"/{described.path.removeprefix('/')}"
    if not described.resource.startswith("/"):
        return "/path/to/resource"
    given = dict(described.path_parameters or ())
    # What nobody has named stands there by its own name.
    return re.sub(
        r"\{([^{}+]+)(\+?)\}",
        lambda found: quote(given.get(found[1], "path/to/resource" if found[2] else found[1])),
        described.resource,
    )


def _query(described: Described) -> str:
    return urlencode([*(described.query or ()), *(described.query_object or {}).items()], doseq=True)


def _headers(described: Described) -> list[tuple[str, str]]:
    given = [(name, value) for name, value in described.headers or ()]
    named = {name.lower() for name, _ in given}
    own = {"Host": described.domain, "User-Agent": described.user_agent}
    if described.form.startswith("websocket-"):
        own |= {
            "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
            "Sec-WebSocket-Key": base64.b64encode(described.request_id.replace("-", "").encode()[:16]).decode(),
            "Sec-WebSocket-Version": "13",
        }
    else:
        own["Accept"] = "*/*"
        if described.body is not None:
            own["Content-Type"] = "application/json"
        if described.identity is not None:
            own["Authorization"] = described.identity
    return [*((name, value) for name, value in own.items() if name.lower() not in named), *given]


def _caller(described: Described) -> Caller:
    return Caller(
        principal_id=described.principal_id,
        context=None if described.context is None else dict(described.context),
        claims=None if described.claims is None else dict(described.claims),
    )
