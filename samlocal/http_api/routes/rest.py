"""REST APIs: AWS::ApiGateway::RestApi with its document, its resources and methods, its stages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from samlocal.http_api.integration import NotRun
from samlocal.http_api.model import Api, ApiKind, Authorizer, GatewayResponse, Route
from samlocal.http_api.routes.authorizers import of_rest_resource
from samlocal.http_api.routes.callees import Callees
from samlocal.http_api.routes.definition import Stage, asked_authorizer, definition
from samlocal.http_api.routes.described import of_method
from samlocal.http_api.routes.identity import api_id, deployed_url
from samlocal.http_api.routes.integrations import integration
from samlocal.http_api.routes.openapi import OpenApi, gateway_response, openapi
from samlocal.http_api.routes.stack import Stack
from samlocal.http_api.routes.usage_plans import api_keys
from samlocal.http_api.routes.validations import method_validation
from samlocal.template.model import Resource

_UNNAMED_STAGE = "Prod"
"""SAM's; an API that has no stage cannot be called on AWS."""

_POLICY = "x-amazon-apigateway-policy"
_NOT_ASKED = "its resource policy is not asked: whom it keeps out comes in here."


def rest_apis(stack: Stack, callees: Callees, given: Mapping[str, str]) -> Iterator[Api]:
    """One for each stage of each REST API; ``given`` are stage variables over the template's."""
    for resource in stack.resources("AWS::ApiGateway::RestApi"):
        stages = list(_stages(stack, resource)) or [Stage(name=_UNNAMED_STAGE, variables={})]
        for stage in stages:
            name = stack.path(resource) if len(stages) == 1 else f"{stack.path(resource)}/{stage.name}"
            yield _api(stack, callees, resource, name, stage, {**stage.variables, **given})


def _stages(stack: Stack, api: Resource) -> Iterator[Stage]:
    found = False
    for stage in stack.of(api, "RestApiId", "AWS::ApiGateway::Stage"):
        found = True
        yield Stage(
            name=stack.text(stage.properties.get("StageName")) or _UNNAMED_STAGE,
            variables=stack.pairs(stage.properties.get("Variables")),
        )
    # A deployment can make a stage by itself, and a later one deploys to that. SAM's always names one, which it does
    # not mean.
    made: dict[str, Stage] = {}
    for deployment in () if found else stack.of(api, "RestApiId", "AWS::ApiGateway::Deployment"):
        name = stack.text(deployment.properties.get("StageName"))
        if name is not None:
            described = stack.mapping(deployment.properties.get("StageDescription"))
            made[name] = Stage(name=name, variables=stack.pairs(described.get("Variables")))
    yield from made.values()


def _api(
    stack: Stack, callees: Callees, resource: Resource, name: str, stage: Stage, variables: Mapping[str, str]
) -> Api:
    own = resource.properties
    document = _document(stack, callees, resource, variables)
    authorizers: dict[str, Authorizer] = dict(document.authorizers) if document else {}
    for each in stack.of(resource, "RestApiId", "AWS::ApiGateway::Authorizer"):
        authorizers[each.logical_id] = of_rest_resource(stack, callees, each, variables)
    routes = list(document.routes) if document else []
    for method in stack.of(resource, "RestApiId", "AWS::ApiGateway::Method"):
        routes.append(_method(stack, callees, resource, method, authorizers, variables))
    binary = stack.texts(own.get("BinaryMediaTypes")) + (document.binary_media_types if document else ())
    size = stack.number(own.get("MinimumCompressionSize"))
    return Api(
        id=name,
        api_id=api_id(stack, resource),
        url=deployed_url(stack, resource, stage.name),
        kind=ApiKind.REST,
        name=stack.text(own.get("Name")) or (document.title if document else None) or resource.logical_id,
        place=stack.application.place,
        routes=tuple(routes),
        stage=stage.name,
        stage_variables=variables,
        # SAM's templates write a slash as JSON pointers do.
        binary_media_types=tuple(dict.fromkeys(each.replace("~1", "/") for each in binary)),
        minimum_compression_size=size
        if size is not None
        else (document.minimum_compression_size if document else None),
        authorizers=authorizers,
        gateway_responses={
            **(document.gateway_responses if document else {}),
            **dict(_gateway_responses(stack, resource)),
        },
        api_keys=tuple(api_keys(stack, resource, stage.name)),
        api_key_source=stack.text(own.get("ApiKeySourceType"))
        or (document.api_key_source if document else None)
        or "HEADER",
        remarks=(_NOT_ASKED,) if _has_policy(stack, resource) else (),
    )


def _has_policy(stack: Stack, api: Resource) -> bool:
    # The Serverless Framework writes an empty one where there is none.
    given = api.properties.get("Policy", "")
    return given != "" or _POLICY in stack.mapping(api.properties.get("Body"))


def _document(stack: Stack, callees: Callees, resource: Resource, variables: Mapping[str, str]) -> OpenApi | None:
    body = definition(stack, resource)
    if not body:
        return None
    parameters = stack.pairs(resource.properties.get("Parameters"))
    return openapi(
        stack, callees, body, ApiKind.REST, variables, base_path=parameters.get("basepath", "ignore").lower()
    )


def _method(
    stack: Stack,
    callees: Callees,
    api: Resource,
    method: Resource,
    authorizers: dict[str, Authorizer],
    variables: Mapping[str, str],
) -> Route:
    own = method.properties
    described = stack.mapping(own.get("Integration"))
    return Route(
        method=(stack.text(own.get("HttpMethod")) or "ANY").upper(),
        path=_path(stack, api, stack.referred(own.get("ResourceId"))),
        integration=integration(stack, callees, of_method(stack, described), ApiKind.REST, variables)
        if described
        else NotRun(reason="it has no integration"),
        authorizer=asked_authorizer(stack, own, authorizers, types=("CUSTOM", "COGNITO_USER_POOLS")),
        scopes=stack.texts(own.get("AuthorizationScopes")),
        api_key_required=stack.flag(own.get("ApiKeyRequired")),
        operation_name=stack.text(own.get("OperationName")),
        validation=method_validation(stack, api, method),
    )


def _path(stack: Stack, api: Resource, resource: Resource | None) -> str:
    """A resource's whole path; each names its own part and its parent, up to the API itself."""
    parts: list[str] = []
    seen: set[str] = set()
    while resource is not None and resource.logical_id != api.logical_id and resource.logical_id not in seen:
        seen.add(resource.logical_id)
        parts.append((stack.text(resource.properties.get("PathPart")) or "?").strip("/"))
        resource = stack.referred(resource.properties.get("ParentId"))
    return "/" + "/".join(reversed(parts))


def _gateway_responses(stack: Stack, api: Resource) -> Iterator[tuple[str, GatewayResponse]]:
    for resource in stack.of(api, "RestApiId", "AWS::ApiGateway::GatewayResponse"):
        own = resource.properties
        yield (
            stack.text(own.get("ResponseType")) or "?",
            gateway_response(
                status=stack.number(own.get("StatusCode")),
                parameters=stack.pairs(own.get("ResponseParameters")),
                templates=stack.pairs(own.get("ResponseTemplates")),
            ),
        )
