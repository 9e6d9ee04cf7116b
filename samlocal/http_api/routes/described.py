"""An integration as a template describes it, in whichever of its forms.

Sources: API Gateway developer guide, "x-amazon-apigateway-integration object"; the CloudFormation types
AWS::ApiGateway::Method and AWS::ApiGatewayV2::Integration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from msgspec import Struct, field

from samlocal.http_api.integration import IntegrationResponse
from samlocal.http_api.routes.stack import Stack
from samlocal.http_api.targets import ContentHandling
from samlocal.template.document import Map, Node

_Get: TypeAlias = Callable[[str], Node]
"""A member, by OpenAPI's name for it."""

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
    credentials: Node = None
    response_parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def of_openapi(stack: Stack, node: Map) -> Described:
    """An ``x-amazon-apigateway-integration``."""
    responses = [
        _response(stack, stack.mapping(each).get, None if pattern == "default" else pattern)
        for pattern, each in stack.mapping(node.get("responses")).items()
    ]
    return _described(stack, node.get, responses, method="httpMethod")


def of_method(stack: Stack, node: Map) -> Described:
    """The ``Integration`` of an AWS::ApiGateway::Method."""
    given = [_capitalized(stack.mapping(each)) for each in stack.items(node.get("IntegrationResponses"))]
    responses = [_response(stack, get, stack.text(get("selectionPattern")) or None) for get in given]
    return _described(stack, _capitalized(node), responses, method="integrationHttpMethod")


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
        credentials=node.get("CredentialsArn"),
        response_parameters={
            status: _listed(stack, each) for status, each in stack.mapping(node.get("ResponseParameters")).items()
        },
    )


def _described(stack: Stack, get: _Get, responses: list[IntegrationResponse], *, method: str) -> Described:
    """What both forms of a REST API's have, by OpenAPI's names, but for that of the method."""
    return Described(
        type=(stack.text(get("type")) or "").upper(),
        uri=get("uri"),
        method=stack.text(get(method)),
        payload_format=stack.text(get("payloadFormatVersion")),
        timeout=stack.number(get("timeoutInMillis")),
        streams=stack.text(get("responseTransferMode")) == "STREAM",
        subtype=stack.text(get("integrationSubtype")),
        through_vpc=stack.text(get("connectionType")) == "VPC_LINK",
        parameters=stack.pairs(get("requestParameters")),
        templates=stack.pairs(get("requestTemplates")),
        responses=tuple(responses),
        passthrough=(stack.text(get("passthroughBehavior")) or _WHEN_NO_MATCH).upper(),
        content=_content(stack, get("contentHandling")),
        credentials=get("credentials"),
        response_parameters={
            status: stack.pairs(each) for status, each in stack.mapping(get("responseParameters")).items()
        },
    )


def _response(stack: Stack, get: _Get, pattern: str | None) -> IntegrationResponse:
    return IntegrationResponse(
        pattern=pattern,
        status=stack.text(get("statusCode")) or "",
        parameters=stack.pairs(get("responseParameters")),
        templates=stack.pairs(get("responseTemplates")),
        content=_content(stack, get("contentHandling")),
    )


def _capitalized(node: Map) -> _Get:
    """CloudFormation's names are OpenAPI's with a capital."""
    return lambda name: node.get(name[0].upper() + name[1:])


def _listed(stack: Stack, node: Node) -> dict[str, str]:
    """A ``ResponseParameterList``, each with its ``Destination`` and its ``Source``."""
    pairs = {}
    for each in stack.items(stack.mapping(node).get("ResponseParameters")):
        said = stack.mapping(each)
        key, value = (stack.text(said.get(name)) for name in ("Destination", "Source"))
        if key is not None and value is not None:
            pairs[key] = value
    return pairs


def _content(stack: Stack, node: Node) -> ContentHandling | None:
    said = (stack.text(node) or "").upper()
    return next((handling for handling in ContentHandling if handling == said), None)
