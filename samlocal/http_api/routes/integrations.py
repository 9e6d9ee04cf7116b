"""What stands behind a route: from an OpenAPI document or a resource to an Integration.

Sources: API Gateway developer guide, "x-amazon-apigateway-integration object", "Set up mock integrations"; the
CloudFormation types AWS::ApiGateway::Method and AWS::ApiGatewayV2::Integration.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from samlocal.http_api.model import (
    ANY,
    ApiKind,
    HttpIntegration,
    Integration,
    IntegrationResponse,
    LambdaIntegration,
    MappedIntegration,
    NotRun,
    PayloadFormat,
)
from samlocal.http_api.routes.callees import Callees, with_stage_variables
from samlocal.http_api.routes.stack import Stack
from samlocal.http_api.targets import ContentHandling, FunctionTarget, HttpTarget, Mock, Target
from samlocal.template.reader import Map, Node

# Milliseconds (API Gateway developer guide, "Quotas").
_TIMEOUTS = {ApiKind.REST: 29_000, ApiKind.HTTP: 30_000, ApiKind.WEBSOCKET: 29_000}

_WHEN_NO_MATCH = "WHEN_NO_MATCH"


class Described(Struct, frozen=True, kw_only=True):
    """An integration as it is described, in whichever form."""

    type: str
    uri: Node
    method: str | None
    payload_format: str | None
    timeout: int | None
    streams: bool
    subtype: str | None
    through_vpc: bool
    parameters: Mapping[str, str]
    templates: Mapping[str, str]
    responses: tuple[IntegrationResponse, ...]
    passthrough: str = _WHEN_NO_MATCH
    content: ContentHandling | None = None
    maps_responses: bool = False


def of_openapi(stack: Stack, node: Map) -> Described:
    """An ``x-amazon-apigateway-integration``."""
    responses = []
    for pattern, each in stack.mapping(node.get("responses")).items():
        response = stack.mapping(each)
        responses.append(
            IntegrationResponse(
                pattern=None if pattern == "default" else pattern,
                status=stack.text(response.get("statusCode")) or "",
                parameters=stack.pairs(response.get("responseParameters")),
                templates=stack.pairs(response.get("responseTemplates")),
                content=_content(stack, response.get("contentHandling")),
            )
        )
    return Described(
        type=(stack.text(node.get("type")) or "").upper(),
        uri=node.get("uri"),
        method=stack.text(node.get("httpMethod")),
        payload_format=stack.text(node.get("payloadFormatVersion")),
        timeout=stack.number(node.get("timeoutInMillis")),
        streams=stack.text(node.get("responseTransferMode")) == "STREAM",
        subtype=stack.text(node.get("integrationSubtype")),
        through_vpc=stack.text(node.get("connectionType")) == "VPC_LINK",
        parameters=stack.pairs(node.get("requestParameters")),
        templates=stack.pairs(node.get("requestTemplates")),
        responses=tuple(responses),
        passthrough=(stack.text(node.get("passthroughBehavior")) or _WHEN_NO_MATCH).upper(),
        content=_content(stack, node.get("contentHandling")),
        maps_responses=bool(stack.mapping(node.get("responseParameters"))),
    )


def of_method(stack: Stack, node: Map) -> Described:
    """The ``Integration`` of an AWS::ApiGateway::Method."""
    responses = []
    for each in stack.items(node.get("IntegrationResponses")):
        response = stack.mapping(each)
        responses.append(
            IntegrationResponse(
                pattern=stack.text(response.get("SelectionPattern")) or None,
                status=stack.text(response.get("StatusCode")) or "",
                parameters=stack.pairs(response.get("ResponseParameters")),
                templates=stack.pairs(response.get("ResponseTemplates")),
                content=_content(stack, response.get("ContentHandling")),
            )
        )
    return Described(
        type=(stack.text(node.get("Type")) or "").upper(),
        uri=node.get("Uri"),
        method=stack.text(node.get("IntegrationHttpMethod")),
        payload_format=None,
        timeout=stack.number(node.get("TimeoutInMillis")),
        streams=stack.text(node.get("ResponseTransferMode")) == "STREAM",
        subtype=None,
        through_vpc=stack.text(node.get("ConnectionType")) == "VPC_LINK",
        parameters=stack.pairs(node.get("RequestParameters")),
        templates=stack.pairs(node.get("RequestTemplates")),
        responses=tuple(responses),
        passthrough=(stack.text(node.get("PassthroughBehavior")) or _WHEN_NO_MATCH).upper(),
        content=_content(stack, node.get("ContentHandling")),
    )


def of_v2(stack: Stack, node: Map) -> Described:
    """The properties of an AWS::ApiGatewayV2::Integration."""
    return Described(
        type=(stack.text(node.get("IntegrationType")) or "").upper(),
        uri=node.get("IntegrationUri"),
        method=stack.text(node.get("IntegrationMethod")),
        payload_format=stack.text(node.get("PayloadFormatVersion")),
        timeout=stack.number(node.get("TimeoutInMillis")),
        streams=False,
        subtype=stack.text(node.get("IntegrationSubtype")),
        through_vpc=stack.text(node.get("ConnectionType")) == "VPC_LINK",
        parameters=stack.pairs(node.get("RequestParameters")),
        templates=stack.pairs(node.get("RequestTemplates")),
        responses=(),
        maps_responses=bool(stack.mapping(node.get("ResponseParameters"))),
    )


def integration(
    stack: Stack, callees: Callees, described: Described, kind: ApiKind, variables: Mapping[str, str]
) -> Integration:
    """What samlocal does for a route."""
    if described.maps_responses:
        stack.remarks.append("responseParameters of integrations are not mapped: answers reach clients as they come.")
    timeout = described.timeout or _TIMEOUTS[kind]
    match described.type:
        case "AWS_PROXY" if described.subtype:
            return NotRun(reason=f"the AWS service integration {described.subtype} is not run")
        case "AWS_PROXY":
            function = callees.find(stack, described.uri, variables)
            if isinstance(function, NotRun):
                return function
            return LambdaIntegration(
                function=function,
                payload_format=PayloadFormat.V2 if described.payload_format == "2.0" else PayloadFormat.V1,
                timeout=timeout,
                streams=described.streams,
                parameters=described.parameters,
            )
        case "HTTP_PROXY" | "HTTP" | "AWS" if described.through_vpc:
            return NotRun(reason="a VPC link leads nowhere from this machine")
        case "HTTP_PROXY" if kind is ApiKind.WEBSOCKET:
            return NotRun(reason="HTTP_PROXY is run for REST and HTTP APIs alone")
        case "HTTP" if kind is not ApiKind.REST:
            return NotRun(reason="HTTP that is no proxy is run for REST APIs alone")
        case "HTTP_PROXY" | "HTTP":
            return _server(stack, described, timeout, variables)
        case "MOCK":
            return _mock(described, kind)
        case "AWS" if kind is not ApiKind.REST:
            return NotRun(reason="AWS that is no proxy is run for REST APIs alone")
        case "AWS" if not _is_function(stack, described.uri):
            return NotRun(reason="integrations of AWS services are not run")
        case "AWS":
            function = callees.find(stack, described.uri, variables)
            if isinstance(function, NotRun):
                return function
            return _mapped(described, FunctionTarget(function=function), timeout)
    return NotRun(
        reason=f"integrations of type {described.type} are not run" if described.type else "it has no integration"
    )


def _server(stack: Stack, described: Described, timeout: int, variables: Mapping[str, str]) -> Integration:
    uri = stack.text(described.uri)
    if uri is None:
        return NotRun(reason="the URL that it leads to cannot be known")
    url, method = with_stage_variables(uri, variables), (described.method or ANY).upper()
    if described.type == "HTTP":
        return _mapped(described, HttpTarget(uri=url, method=method), timeout)
    return HttpIntegration(
        uri=url, method=method, streams=described.streams, timeout=timeout, parameters=described.parameters
    )


def _is_function(stack: Stack, uri: Node) -> bool:
    return ":lambda:" in (stack.text(uri) or ":lambda:")


def _content(stack: Stack, node: Node) -> ContentHandling | None:
    said = (stack.text(node) or "").upper()
    return next((handling for handling in ContentHandling if handling == said), None)


def _mapped(described: Described, target: Target, timeout: int = 0) -> Integration:
    return MappedIntegration(
        target=target,
        templates=described.templates,
        passthrough=described.passthrough,
        parameters=described.parameters,
        content=described.content,
        responses=described.responses,
        timeout=timeout,
    )


def _mock(described: Described, kind: ApiKind) -> Integration:
    texts = (
        *described.templates.values(),
        *(text for each in described.responses for text in each.templates.values()),
    )
    if kind is not ApiKind.REST and any("#" in text or "$" in text for text in texts):
        return NotRun(reason="MOCK with mapping templates (VTL) is run for REST APIs alone")
    return _mapped(described, Mock())
