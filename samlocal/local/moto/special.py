"""The kinds of resources that more than one API call makes, or a call with other words than CloudFormation's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from msgspec import Struct

from samlocal.aws import Aws

Json: TypeAlias = dict[str, Any]

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "x-amazon-apigateway-any-method")

_INTEGRATION = "x-amazon-apigateway-integration"
# A mock integration leads nowhere, but moto asks where.
_NOWHERE = {"uri": "", "httpMethod": "POST"}
_INTEGRATION_PARTS = ("type", "uri", "httpMethod", "payloadFormatVersion")

# SNS API reference, Subscribe: its attributes stand in CloudFormation as properties.
_SUBSCRIPTION = ("DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy")


class Special(Struct, frozen=True, kw_only=True):
    """``create`` gives what the resource's formats are filled in from, ``update`` what of it has changed; without
    one the resource is made anew.
    """

    create: Callable[[Aws, Json], Mapping[str, Any]]
    update: Callable[[Aws, Json, str], Mapping[str, Any]] | None = None


def _create_secret(aws: Aws, given: Json) -> Mapping[str, Any]:
    known = {name: given[name] for name in ("Name", "Description", "KmsKeyId", "Tags") if name in given}
    # A secret without a value has none on AWS either.
    return aws.call("secretsmanager", "create_secret", **known, **_secret_value(aws, given))


def _update_secret(aws: Aws, given: Json, arn: str) -> Mapping[str, Any]:
    if "GenerateSecretString" in given:
        # A generated value stays what it is.
        return {}
    return aws.call("secretsmanager", "update_secret", SecretId=arn, **_secret_value(aws, given))


def _secret_value(aws: Aws, given: Json) -> Json:
    """CloudFormation template reference, AWS::SecretsManager::Secret GenerateSecretString."""
    if "SecretString" in given:
        return {"SecretString": str(given["SecretString"])}
    wanted = given.get("GenerateSecretString")
    if wanted is None:
        return {}
    flags: Json = {
        name: str(value).lower() == "true" for name, value in wanted.items() if name.startswith(("Excl", "Incl"))
    }
    flags |= {"RequireEachIncludedType": str(wanted.get("RequireEachIncludedType", True)).lower() == "true"}
    if "ExcludeCharacters" in wanted:
        flags["ExcludeCharacters"] = wanted["ExcludeCharacters"]
    length = int(wanted.get("PasswordLength", 32))
    password = aws.call("secretsmanager", "get_random_password", PasswordLength=length, **flags)["RandomPassword"]
    if "SecretStringTemplate" not in wanted:
        return {"SecretString": password}
    filled = json.loads(wanted["SecretStringTemplate"]) | {wanted["GenerateStringKey"]: password}
    return {"SecretString": json.dumps(filled)}


def _schedule_rotation(aws: Aws, given: Json) -> Mapping[str, Any]:
    """AWS rotates at once unless it is told not to. Here nobody runs the function while a stack is deployed, and the
    secret would be without its value.
    """
    rules = {
        name: int(value) if name == "AutomaticallyAfterDays" else str(value)
        for name, value in (given.get("RotationRules") or {}).items()
    }
    known = {name: given[name] for name in ("SecretId", "RotationLambdaARN") if name in given}
    return aws.call("secretsmanager", "rotate_secret", **known, RotationRules=rules, RotateImmediately=False)


def _create_rest_api(aws: Aws, given: Json) -> Mapping[str, Any]:
    known = {
        name[0].lower() + name[1:]: given[name]
        for name in ("Name", "Description", "BinaryMediaTypes")
        if name in given
    }
    api = aws.call("apigateway", "create_rest_api", **known)
    return {**api, **_import_rest_api(aws, given, api["id"])}


def _import_rest_api(aws: Aws, given: Json, api_id: str) -> Mapping[str, Any]:
    """The OpenAPI body's methods and integrations: moto reads OpenAPI 3 only, and no method of the root."""
    body = given.get("Body") or {}
    paths = {path: dict(_methods(item)) for path, item in (body.get("paths") or {}).items() if isinstance(item, dict)}
    root_methods = paths.pop("/", {})
    document = {"openapi": "3.0.1", "info": {"title": given["Name"], "version": "1"}, "paths": paths}
    if body:
        aws.call("apigateway", "put_rest_api", restApiId=api_id, mode="overwrite", body=json.dumps(document).encode())
    resources = aws.call("apigateway", "get_resources", restApiId=api_id, limit=500)["items"]
    root = next(item["id"] for item in resources if item["path"] == "/")
    for method, operation in root_methods.items():
        place = {"restApiId": api_id, "resourceId": root, "httpMethod": method.upper()}
        aws.call("apigateway", "put_method", **place, authorizationType="NONE")
        integration = operation.get(_INTEGRATION) or {"type": "mock"}
        more = {"uri": integration["uri"]} if "uri" in integration else {}
        aws.call(
            "apigateway",
            "put_integration",
            **place,
            type=str(integration["type"]).upper(),
            integrationHttpMethod=integration.get("httpMethod", "POST"),
            **more,
        )
    return {"rootResourceId": root}


def _methods(item: Json) -> Iterator[tuple[str, Json]]:
    for name, operation in item.items():
        if name.lower() in _METHODS:
            method = "any" if name.startswith("x-") else name.lower()
            # Where it leads is what matters; moto cannot read all that an API says of its responses.
            integration = operation.get(_INTEGRATION) if isinstance(operation, dict) else None
            kept = {name: value for name, value in (integration or {}).items() if name in _INTEGRATION_PARTS}
            yield method, {_INTEGRATION: _NOWHERE | kept} if kept else {}


def _create_http_api(aws: Aws, given: Json) -> Mapping[str, Any]:
    body = given.get("Body")
    name = given["Name"]
    if body:
        name = (body.get("info") or {}).get("title", name)
    known = {key: given[key] for key in ("Description", "RouteSelectionExpression") if key in given}
    protocol = given.get("ProtocolType", "HTTP")
    api = aws.call("apigatewayv2", "create_api", Name=str(name), ProtocolType=protocol, **known)
    return {**api, **_import_http_api(aws, given, api["ApiId"])}


def _import_http_api(aws: Aws, given: Json, api_id: str) -> Mapping[str, Any]:
    """The OpenAPI body's routes, which moto's own import takes without their integrations."""
    for route in aws.call("apigatewayv2", "get_routes", ApiId=api_id).get("Items", ()):
        aws.call("apigatewayv2", "delete_route", ApiId=api_id, RouteId=route["RouteId"])
    for path, item in ((given.get("Body") or {}).get("paths") or {}).items():
        for method, operation in _methods(item if isinstance(item, dict) else {}):
            integration = operation.get(_INTEGRATION) or {}
            made = aws.call(
                "apigatewayv2",
                "create_integration",
                ApiId=api_id,
                IntegrationType=str(integration.get("type", "AWS_PROXY")).upper(),
                IntegrationUri=str(integration.get("uri", "")),
                PayloadFormatVersion=str(integration.get("payloadFormatVersion", "2.0")),
            )
            key = "$default" if path == "/$default" else f"{method.upper()} {path}"
            target = f"integrations/{made['IntegrationId']}"
            aws.call("apigatewayv2", "create_route", ApiId=api_id, RouteKey=key, Target=target)
    return {}


def _subscribe(aws: Aws, given: Json) -> Mapping[str, Any]:
    attributes = {name: _text(given[name]) for name in _SUBSCRIPTION if name in given}
    return aws.call(
        "sns",
        "subscribe",
        TopicArn=given["TopicArn"],
        Protocol=given["Protocol"],
        Endpoint=given.get("Endpoint", ""),
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )


def _queue_policy(aws: Aws, given: Json) -> Mapping[str, Any]:
    for url in given["Queues"]:
        policy = {"Policy": _text(given["PolicyDocument"])}
        aws.call("sqs", "set_queue_attributes", QueueUrl=url, Attributes=policy)
    return {}


def _topic_policy(aws: Aws, given: Json) -> Mapping[str, Any]:
    for arn in given["Topics"]:
        policy = _text(given["PolicyDocument"])
        aws.call("sns", "set_topic_attributes", TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    return {}


def _text(value: object) -> str:
    match value:
        case str():
            return value
        case bool():
            return str(value).lower()
    return json.dumps(value)


SPECIAL: Mapping[str, Special] = {
    "AWS::SecretsManager::Secret": Special(create=_create_secret, update=_update_secret),
    "AWS::SecretsManager::RotationSchedule": Special(create=_schedule_rotation),
    "AWS::ApiGateway::RestApi": Special(create=_create_rest_api, update=_import_rest_api),
    "AWS::ApiGatewayV2::Api": Special(create=_create_http_api, update=_import_http_api),
    "AWS::SNS::Subscription": Special(create=_subscribe),
    "AWS::SQS::QueuePolicy": Special(create=_queue_policy),
    "AWS::SNS::TopicPolicy": Special(create=_topic_policy),
}
