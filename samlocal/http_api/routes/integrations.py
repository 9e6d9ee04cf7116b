"""What stands behind a route: from an OpenAPI document or a resource to an Integration.

Sources: API Gateway developer guide, "x-amazon-apigateway-integration object", "Set up mock integrations", "Transform
API requests and responses for HTTP APIs" (headers that nobody may map); the CloudFormation types
AWS::ApiGateway::Method and AWS::ApiGatewayV2::Integration.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from samlocal.http_api.integration import (
    ANY,
    HttpIntegration,
    Integration,
    LambdaIntegration,
    MappedIntegration,
    NotRun,
    PayloadFormat,
)
from samlocal.http_api.model import ApiKind
from samlocal.http_api.routes.callees import Callees, with_stage_variables
from samlocal.http_api.routes.described import Described
from samlocal.http_api.routes.services import service_target, subtype_integration
from samlocal.http_api.routes.stack import Stack
from samlocal.http_api.targets import FunctionTarget, HttpTarget, Mock, Target
from samlocal.template.document import Node

# Milliseconds (API Gateway developer guide, "Quotas").
_TIMEOUTS = {ApiKind.REST: 29_000, ApiKind.HTTP: 30_000, ApiKind.WEBSOCKET: 29_000}

_MAPPED_HEADER = re.compile(r"(?:append|overwrite|remove):header\.(.+)")
_RESERVED = re.compile(
    "access-control-.*|apigw-.*|authorization|connection|content-(?:encoding|length|location)|forwarded|keep-alive|"
    "origin|proxy-authenticate|proxy-authorization|te|trailers|transfer-encoding|upgrade|x-amzn?-.*|"
    "x-forwarded-(?:for|host|proto)|via",
    re.IGNORECASE,
)


def integration(
    stack: Stack, callees: Callees, described: Described, kind: ApiKind, variables: Mapping[str, str]
) -> Integration:
    """What samlocal does for a route."""
    timeout = described.timeout or _TIMEOUTS[kind]
    if kind is ApiKind.HTTP and (header := _reserved_header(described)) is not None:
        return NotRun(reason=f"AWS refuses it: nobody may map the header {header}")
    match described.type:
        case "AWS_PROXY" if described.subtype:
            return subtype_integration(stack, described, timeout)
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
                response_parameters=described.response_parameters if kind is ApiKind.HTTP else {},
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
            service = service_target(stack, described, variables)
            return service if isinstance(service, NotRun) else _mapped(described, service, timeout)
        case "AWS":
            function = callees.find(stack, described.uri, variables)
            if isinstance(function, NotRun):
                return function
            return _mapped(described, FunctionTarget(function=function), timeout)
    return NotRun(
        reason=f"integrations of type {described.type} are not run" if described.type else "it has no integration"
    )


def _reserved_header(described: Described) -> str | None:
    for parameters in (described.parameters, *described.response_parameters.values()):
        for key in parameters:
            mapped = _MAPPED_HEADER.fullmatch(key)
            if mapped and _RESERVED.fullmatch(mapped[1]):
                return mapped[1]
    return None


def _server(stack: Stack, described: Described, timeout: int, variables: Mapping[str, str]) -> Integration:
    uri = stack.text(described.uri)
    if uri is None:
        return NotRun(reason="the URL that it leads to cannot be known")
    url, method = with_stage_variables(uri, variables), (described.method or ANY).upper()
    if described.type == "HTTP":
        return _mapped(described, HttpTarget(uri=url, method=method), timeout)
    return HttpIntegration(
        uri=url,
        method=method,
        streams=described.streams,
        timeout=timeout,
        parameters=described.parameters,
        response_parameters=described.response_parameters,
    )


def _is_function(stack: Stack, uri: Node) -> bool:
    return ":lambda:" in (stack.text(uri) or ":lambda:")


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
