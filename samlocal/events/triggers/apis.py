"""The requests and connections that start a function: routes of APIs, URLs, load balancers, and authorizers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from samlocal.events import catalog
from samlocal.events.triggers.trigger import Trigger
from samlocal.function.application import Application
from samlocal.http_api.events.websocket import CONNECT, DISCONNECT
from samlocal.http_api.integration import ANY, LambdaIntegration, MappedIntegration, PayloadFormat
from samlocal.http_api.model import (
    DEFAULT_ROUTE,
    Api,
    ApiKind,
    CognitoAuthorizer,
    JwtAuthorizer,
    LambdaAuthorizer,
    Route,
)
from samlocal.template.document import Map
from samlocal.template.model import Resource

Given = dict[str, list[Any]]


def of_apis(apis: tuple[Api, ...], owner: Application, function: Resource, path: str) -> Iterator[Trigger]:
    """``path`` is the function's way from the top."""
    for api in apis:
        for route in api.routes:
            if route.function == path:
                yield _of_route(api, route, owner, function)
        for authorizer in api.authorizers.values():
            if isinstance(authorizer, LambdaAuthorizer) and authorizer.function == path:
                yield _of_authorizer(api, authorizer)


def _of_route(api: Api, route: Route, owner: Application, function: Resource) -> Trigger:
    service, type_, given = _event(api, route)
    remarks: tuple[str, ...] = ()
    if isinstance(route.integration, MappedIntegration):
        remarks = (f"{api.id}: {route.key}: its mapping template makes the event, and is not followed.",)
    url = ("FunctionUrl",) if api.kind is ApiKind.FUNCTION_URL else ()
    names = (*url, *_named(route, owner, function), route.key, api.id)
    return _trigger(f"{service} {type_}", given, names, remarks=remarks)


def _event(api: Api, route: Route) -> tuple[str, str, Given]:
    method: Given = {} if route.method == ANY else {"method": [route.method]}
    match api.kind:
        case ApiKind.FUNCTION_URL:
            return "lambda-url", "request", {"url-id": [api.api_id]}
        case ApiKind.ALB:
            own = route.integration
            group: Given = (
                {"target-group-arn": [own.target_group]}
                if isinstance(own, LambdaIntegration) and own.target_group
                else {}
            )
            return "alb", "multi-value-request" if api.multi_value_headers else "request", method | group
        case ApiKind.WEBSOCKET:
            types = {CONNECT: "websocket-connect", DISCONNECT: "websocket-disconnect"}
            of_message: Given = {} if route.path in types else {"route-key": [route.path]}
            return "apigateway", types.get(route.path, "websocket-message"), _of_gateway(api) | of_message
        case ApiKind.HTTP:
            own = route.integration
            v2 = isinstance(own, LambdaIntegration) and own.payload_format is PayloadFormat.V2
            type_ = "http-api-proxy" if v2 else "http-api-proxy-v1"
        case _:
            type_ = "aws-proxy"
    given = _of_gateway(api) | method | {"resource": [route.path]} | _of_caller(api, route)
    # A request without a body, where its method has none.
    if method.get("method", ["POST"])[0] in ("GET", "HEAD", "DELETE", "OPTIONS"):
        given["body"] = [None]
    return "apigateway", type_, given


def _of_gateway(api: Api) -> Given:
    given: Given = {"api-id": [api.api_id], "stage": [api.stage]}
    if api.stage_variables:
        given["stage-variable"] = [list(api.stage_variables.items())]
    return given


def _of_caller(api: Api, route: Route) -> Given:
    match api.authorizers.get(route.authorizer or ""):
        case JwtAuthorizer() | CognitoAuthorizer():
            return {"claim": [[("sub", "example"), ("email", "jane@example.com")]]}
        case LambdaAuthorizer():
            return {"context": [[]]}
    return {}


def _of_authorizer(api: Api, authorizer: LambdaAuthorizer) -> Trigger:
    match api.kind:
        case ApiKind.WEBSOCKET:
            type_ = "websocket-authorizer"
        case ApiKind.HTTP:
            v2 = authorizer.payload_format is PayloadFormat.V2
            type_ = "http-api-authorizer" if v2 else "http-api-authorizer-v1"
        case _:
            type_ = "request-authorizer" if authorizer.request else "authorizer"
    names = (authorizer.name, f"{api.id}/{authorizer.name}")
    return _trigger(f"apigateway {type_}", {"api-id": [api.api_id], "stage": [api.stage]}, names)


def _trigger(name: str, given: Given, names: tuple[str, ...], *, remarks: tuple[str, ...] = ()) -> Trigger:
    service, type_ = name.split()
    kind = catalog.kinds(service)[type_]
    return Trigger(
        names=names,
        kind=kind,
        given={flag: value for flag, value in given.items() if flag in kind.flags},
        remarks=remarks,
    )


def _named(route: Route, owner: Application, function: Resource) -> tuple[str, ...]:
    """The function's own event for a route, by its name."""
    events = owner.evaluator.branch(function.properties.get("Events"))
    if not isinstance(events, Map):
        return ()
    found = []
    for name, event in events.items():
        properties = event.get("Properties") if isinstance(event, Map) else None
        own = properties if isinstance(properties, Map) else Map()
        method, path = str(own.get("Method", ANY)).upper(), own.get("Path", DEFAULT_ROUTE)
        method = ANY if method in ("*", "X-AMAZON-APIGATEWAY-ANY-METHOD") else method
        # $default takes every method, and has none of its own.
        if path == route.path and (method == route.method or path == DEFAULT_ROUTE):
            found.append(name)
    return tuple(found)
