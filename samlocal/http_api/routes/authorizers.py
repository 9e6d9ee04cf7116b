"""Who decides about a request: from security schemes and resources to Authorizers.

Sources: API Gateway developer guide, "x-amazon-apigateway-authorizer object"; the CloudFormation types
AWS::ApiGateway::Authorizer and AWS::ApiGatewayV2::Authorizer.
"""

from __future__ import annotations

from collections.abc import Mapping

from samlocal.http_api.integration import NotRun, PayloadFormat
from samlocal.http_api.model import (
    ApiKind,
    Authorizer,
    CognitoAuthorizer,
    IamAuthorizer,
    JwtAuthorizer,
    LambdaAuthorizer,
    UnknownAuthorizer,
)
from samlocal.http_api.routes.callees import Callees
from samlocal.http_api.routes.stack import Stack
from samlocal.template.document import Map, Node
from samlocal.template.model import Resource

_REST_TTL = 300
"""Seconds, where a REST API's authorizer says nothing; an HTTP API's keeps nothing then."""

_REST_HEADER = "method.request.header."
_HTTP_HEADER = "$request.header.Authorization"


def of_scheme(
    stack: Stack, callees: Callees, name: str, scheme: Map, kind: ApiKind, variables: Mapping[str, str]
) -> Authorizer | None:
    """A security scheme of an OpenAPI document; None for an API key, and for what API Gateway makes nothing of."""
    if stack.text(scheme.get("x-amazon-apigateway-authtype")) == "awsSigv4":
        return IamAuthorizer(name=name)
    described = stack.mapping(scheme.get("x-amazon-apigateway-authorizer"))
    if not described:
        if stack.text(scheme.get("type")) in ("oauth2", "openIdConnect") and kind is ApiKind.HTTP:
            return UnknownAuthorizer(name=name, reason="its scheme has no x-amazon-apigateway-authorizer")
        return None
    header = stack.text(scheme.get("name")) or "Authorization"
    ttl = stack.number(described.get("authorizerResultTtlInSeconds"))
    sources = _sources(stack, described.get("identitySource"))
    validation = stack.text(described.get("identityValidationExpression"))
    match (stack.text(described.get("type")) or "").lower():
        case "jwt":
            jwt = stack.mapping(described.get("jwtConfiguration"))
            return _jwt(stack, name, jwt.get("issuer"), jwt.get("audience"), sources)
        case "cognito_user_pools":
            pools = stack.texts(described.get("providerARNs"))
            return _cognito(name, pools, sources or (f"{_REST_HEADER}{header}",), validation)
        case "token":
            function = callees.find(stack, described.get("authorizerUri"), variables)
            return _lambda(
                name,
                function,
                request=False,
                sources=(f"{_REST_HEADER}{header}",),
                validation=validation,
                ttl=_REST_TTL if ttl is None else ttl,
            )
        case "request":
            function = callees.find(stack, described.get("authorizerUri"), variables)
            return _lambda(
                name,
                function,
                request=True,
                sources=sources,
                ttl=_ttl(ttl, kind),
                payload_format=stack.text(described.get("authorizerPayloadFormatVersion")),
                simple=stack.flag(described.get("enableSimpleResponses")),
            )
    return UnknownAuthorizer(name=name, reason="samlocal does not know its type")


def of_rest_resource(stack: Stack, callees: Callees, resource: Resource, variables: Mapping[str, str]) -> Authorizer:
    """An AWS::ApiGateway::Authorizer."""
    own = resource.properties
    name = resource.logical_id
    sources = _sources(stack, own.get("IdentitySource"))
    validation = stack.text(own.get("IdentityValidationExpression"))
    ttl = stack.number(own.get("AuthorizerResultTtlInSeconds"))
    match stack.text(own.get("Type")):
        case "COGNITO_USER_POOLS":
            return _cognito(name, stack.texts(own.get("ProviderARNs")), sources, validation)
        case "TOKEN" | "REQUEST" as type_:
            function = callees.find(stack, own.get("AuthorizerUri"), variables)
            return _lambda(
                name,
                function,
                request=type_ == "REQUEST",
                sources=sources,
                validation=validation,
                ttl=_REST_TTL if ttl is None else ttl,
            )
    return UnknownAuthorizer(name=name, reason="samlocal does not know its type")


def of_v2_resource(
    stack: Stack, callees: Callees, resource: Resource, kind: ApiKind, variables: Mapping[str, str]
) -> Authorizer:
    """An AWS::ApiGatewayV2::Authorizer."""
    own = resource.properties
    name = resource.logical_id
    sources = _sources(stack, own.get("IdentitySource"))
    match stack.text(own.get("AuthorizerType")):
        case "JWT":
            jwt = stack.mapping(own.get("JwtConfiguration"))
            return _jwt(stack, name, jwt.get("Issuer"), jwt.get("Audience"), sources)
        case "REQUEST":
            return _lambda(
                name,
                callees.find(stack, own.get("AuthorizerUri"), variables),
                request=True,
                sources=sources,
                ttl=_ttl(stack.number(own.get("AuthorizerResultTtlInSeconds")), kind),
                payload_format=stack.text(own.get("AuthorizerPayloadFormatVersion")),
                simple=stack.flag(own.get("EnableSimpleResponses")),
            )
    return UnknownAuthorizer(name=name, reason="samlocal does not know its type")


def _sources(stack: Stack, node: Node) -> tuple[str, ...]:
    """REST APIs have them in one text, with commas between them."""
    return tuple(source.strip() for each in stack.texts(node) for source in each.split(",") if source.strip())


def _ttl(ttl: int | None, kind: ApiKind) -> int:
    if ttl is not None:
        return ttl
    return _REST_TTL if kind is ApiKind.REST else 0


def _jwt(stack: Stack, name: str, issuer: Node, audiences: Node, sources: tuple[str, ...]) -> Authorizer:
    known = stack.text(issuer)
    if known is None:
        return UnknownAuthorizer(name=name, reason="its issuer cannot be known")
    return JwtAuthorizer(
        name=name,
        issuer=known,
        audiences=stack.texts(audiences),
        identity_source=sources[0] if sources else _HTTP_HEADER,
    )


def _cognito(name: str, pools: tuple[str, ...], sources: tuple[str, ...], validation: str | None) -> Authorizer:
    if not pools:
        return UnknownAuthorizer(name=name, reason="its user pools cannot be known")
    return CognitoAuthorizer(
        name=name,
        user_pools=pools,
        identity_source=sources[0] if sources else f"{_REST_HEADER}Authorization",
        validation=validation,
    )


def _lambda(
    name: str,
    function: str | NotRun,
    *,
    request: bool,
    sources: tuple[str, ...],
    ttl: int,
    validation: str | None = None,
    payload_format: str | None = None,
    simple: bool = False,
) -> Authorizer:
    if isinstance(function, NotRun):
        return UnknownAuthorizer(name=name, reason=function.reason)
    return LambdaAuthorizer(
        name=name,
        function=function,
        request=request,
        identity_sources=sources,
        validation=validation,
        ttl=ttl,
        payload_format=PayloadFormat.V2 if payload_format == "2.0" else PayloadFormat.V1,
        simple_responses=simple,
    )
