"""An integration as a template describes it, in whichever of its forms.

Sources: API Gateway developer guide, "x-amazon-apigateway-integration object"; the CloudFormation types
AWS::ApiGateway::Method and AWS::ApiGatewayV2::Integration.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from samlocal.http_api.integration import IntegrationResponse
from samlocal.http_api.routes.stack import Stack
from samlocal.http_api.targets import ContentHandling
from samlocal.template.reader import Map, Node

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
        credentials=node.get("credentials"),
        response_parameters={
            status: stack.pairs(each) for status, each in stack.mapping(node.get("responseParameters")).items()
        },
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
        credentials=node.get("Credentials"),
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
        credentials=node.get("CredentialsArn"),
        response_parameters={
            status: _listed(stack, each) for status, each in stack.mapping(node.get("ResponseParameters")).items()
        },
    )


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
