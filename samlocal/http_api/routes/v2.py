"""HTTP and WebSocket APIs: AWS::ApiGatewayV2::Api with its document, its routes and its stages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from samlocal.http_api.integration import ANY, Integration, LambdaIntegration, NotRun, PayloadFormat
from samlocal.http_api.model import DEFAULT_ROUTE, Api, ApiKind, Authorizer, Route
from samlocal.http_api.routes.authorizers import of_v2_resource
from samlocal.http_api.routes.callees import Callees
from samlocal.http_api.routes.definition import Stage, asked_authorizer, definition
from samlocal.http_api.routes.described import of_v2
from samlocal.http_api.routes.identity import api_id, deployed_url
from samlocal.http_api.routes.integrations import integration
from samlocal.http_api.routes.openapi import OpenApi, openapi, openapi_cors
from samlocal.http_api.routes.stack import Stack
from samlocal.template.document import Map
from samlocal.template.model import Resource


def v2_apis(stack: Stack, callees: Callees, given: Mapping[str, str]) -> Iterator[Api]:
    """One for each stage of each API; ``given`` are stage variables over the template's."""
    for resource in stack.resources("AWS::ApiGatewayV2::Api"):
        websocket = stack.text(resource.properties.get("ProtocolType")) == "WEBSOCKET"
        kind = ApiKind.WEBSOCKET if websocket else ApiKind.HTTP
        stages = list(_stages(stack, resource)) or [Stage(name=DEFAULT_ROUTE, variables={})]
        for stage in stages:
            name = stack.path(resource) if len(stages) == 1 else f"{stack.path(resource)}/{stage.name}"
            yield _api(stack, callees, resource, kind, name, stage, {**stage.variables, **given})


def _stages(stack: Stack, api: Resource) -> Iterator[Stage]:
    for stage in stack.of(api, "ApiId", "AWS::ApiGatewayV2::Stage"):
        yield Stage(
            name=stack.text(stage.properties.get("StageName")) or DEFAULT_ROUTE,
            variables=stack.pairs(stage.properties.get("StageVariables")),
        )


def _api(
    stack: Stack,
    callees: Callees,
    resource: Resource,
    kind: ApiKind,
    name: str,
    stage: Stage,
    variables: Mapping[str, str],
) -> Api:
    own = resource.properties
    document = _document(stack, callees, resource, kind, variables)
    authorizers: dict[str, Authorizer] = dict(document.authorizers) if document else {}
    for each in stack.of(resource, "ApiId", "AWS::ApiGatewayV2::Authorizer"):
        authorizers[each.logical_id] = of_v2_resource(stack, callees, each, kind, variables)
    routes = list(document.routes) if document else []
    for route in stack.of(resource, "ApiId", "AWS::ApiGatewayV2::Route"):
        routes.append(_route(stack, callees, route, kind, authorizers, variables))
    routes += _quick(stack, callees, resource, variables)
    return Api(
        id=name,
        api_id=api_id(stack, resource),
        url=deployed_url(stack, resource, stage.name, scheme="wss" if kind is ApiKind.WEBSOCKET else "https"),
        kind=kind,
        name=stack.text(own.get("Name")) or (document.title if document else None) or resource.logical_id,
        place=stack.application.place,
        routes=tuple(routes),
        stage=stage.name,
        stage_variables=variables,
        cors=openapi_cors(stack, own.get("CorsConfiguration")) or (document.cors if document else None),
        authorizers=authorizers,
        route_selection_expression=stack.text(own.get("RouteSelectionExpression")) or "$request.body.action",
    )


def _document(
    stack: Stack,
    callees: Callees,
    resource: Resource,
    kind: ApiKind,
    variables: Mapping[str, str],
) -> OpenApi | None:
    body = definition(stack, resource)
    if not body:
        return None
    base_path = (stack.text(resource.properties.get("BasePath")) or "ignore").lower()
    return openapi(stack, callees, body, kind, variables, base_path=base_path)


def _route(
    stack: Stack,
    callees: Callees,
    route: Resource,
    kind: ApiKind,
    authorizers: dict[str, Authorizer],
    variables: Mapping[str, str],
) -> Route:
    own = route.properties
    key = stack.text(own.get("RouteKey")) or "?"
    method, space, path = key.partition(" ")
    if not space:
        # $default, or a WebSocket API's route.
        method, path = ANY, key
    return Route(
        method=method.upper(),
        path=path,
        integration=_integration(stack, callees, own, kind, variables),
        authorizer=asked_authorizer(stack, own, authorizers, types=("CUSTOM", "JWT")),
        scopes=stack.texts(own.get("AuthorizationScopes")),
        api_key_required=stack.flag(own.get("ApiKeyRequired")),
        operation_name=stack.text(own.get("OperationName")),
        responds=kind is ApiKind.WEBSOCKET and any(stack.of(route, "RouteId", "AWS::ApiGatewayV2::RouteResponse")),
    )


def _integration(
    stack: Stack, callees: Callees, own: Map, kind: ApiKind, variables: Mapping[str, str]
) -> Integration:
    target = stack.referred(own.get("Target"))
    if target is None or target.type != "AWS::ApiGatewayV2::Integration":
        return NotRun(reason="it has no integration in this template")
    return integration(stack, callees, of_v2(stack, target.properties), kind, variables)


def _quick(stack: Stack, callees: Callees, api: Resource, variables: Mapping[str, str]) -> Iterator[Route]:
    """An API made with ``Target`` has one route of its own, with payloads 2.0 (API reference, "CreateApi")."""
    target = api.properties.get("Target")
    if target is None:
        return
    found = callees.find(stack, target, variables)
    method, space, path = (stack.text(api.properties.get("RouteKey")) or DEFAULT_ROUTE).partition(" ")
    yield Route(
        method=method.upper() if space else ANY,
        path=path if space else method,
        integration=found
        if isinstance(found, NotRun)
        else LambdaIntegration(function=found, payload_format=PayloadFormat.V2, timeout=30_000),
    )
