"""APIs and requests for tables: what a row does not speak of is the same in all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from samlocal.deployed.place import Place
from samlocal.http_api.caller import ANYBODY, Caller
from samlocal.http_api.events.event import event
from samlocal.http_api.exchange import HttpRequest, Matched
from samlocal.http_api.integration import LambdaIntegration, PayloadFormat
from samlocal.http_api.model import Api, ApiKind, Route

PLACE = Place.in_region("us-west-2", account="910345601053")
RECEIVED = 1783711144.836
"""10/Jul/2026:19:19:04 +0000"""

REQUEST_ID = "7c2af7db-31f3-42b5-8a6d-9ffc74e3b9e0"


def api_of(kind: ApiKind, route: Route | None = None, **members: Any) -> Api:
    stages = {ApiKind.REST: "live", ApiKind.WEBSOCKET: "prod"}
    given = {
        "id": "Api",
        "api_id": "5h7pqvr9u4",
        "kind": kind,
        "name": "Api",
        "place": PLACE,
        "routes": () if route is None else (route,),
        "stage": stages.get(kind, "$default"),
    }
    return Api(**(given | members))


def route_of(
    method: str = "ANY", path: str = "/{proxy+}", *, payload_format: PayloadFormat = PayloadFormat.V2, **members: Any
) -> Route:
    integration = LambdaIntegration(function="Fn", payload_format=payload_format)
    return Route(**({"method": method, "path": path, "integration": integration} | members))


def request_of(
    method: str = "GET", path: str = "/", query: str = "", headers: Mapping[str, str] | None = None, **members: Any
) -> HttpRequest:
    fields = tuple(({"Host": "example.com"} if headers is None else headers).items())
    given = {
        "method": method,
        "path": path,
        "query": query,
        "headers": fields,
        "received": RECEIVED,
        "request_id": REQUEST_ID,
    }
    return HttpRequest(**(given | members))


def matched_of(request: HttpRequest, route: Route | None = None, **path_parameters: str) -> Matched:
    return Matched(route=route or route_of(), path=request.path, path_parameters=path_parameters)


def event_of(api: Api, matched: Matched, request: HttpRequest, caller: Caller = ANYBODY) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(event(api, matched, request, caller))
    return made
