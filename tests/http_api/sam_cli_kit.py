"""A template with the functions that SAM CLI's integration tests ask for, behind a REST API and an HTTP API.

Source: aws/aws-sam-cli, ``tests/integration/testdata/start_api/main.py`` and ``lambda_authorizers/app.py``.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import kit
from handlers_kit import Handler

GIF = base64.b64decode("R0lGODdhAQABAJEAAAAAAP///wAAAAAAACH5BAkAAAIALAAAAAABAAEAAAICRAEAOw==")
WORLD = {"statusCode": 200, "body": json.dumps({"hello": "world"})}
MULTI = {"statusCode": 200, "multiValueHeaders": {"MyCustomHeader": ["Value1", "Value2"]}}
PLAIN = {"Content-Type": "text/plain"}
IMAGE = {"Content-Type": "image/gif"}


def returned(value: object) -> Handler:
    return lambda event: value


def _echo(event: Any) -> Any:
    return {"statusCode": 200, "body": json.dumps(event)}


def _back(event: Any) -> Any:
    said = {"body": event["body"], "isBase64Encoded": event["isBase64Encoded"]}
    return said | {"statusCode": 200, "headers": IMAGE}


def _raise(event: Any) -> Any:
    raise ValueError("no")


def _policy(effect: str) -> Handler:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": ["arn:aws:execute-api:*"]}
    context = {"passed": "from authorizer", "number": 1, "bool": True}
    return returned({"principalId": "user", "policyDocument": {"Statement": [statement]}, "context": context})


def _image(*, decoded: bool) -> Handler:
    body = base64.b64encode(GIF).decode()
    return returned({"statusCode": 200, "body": body, "isBase64Encoded": decoded, "headers": IMAGE})


HANDLERS: dict[str, Handler] = {
    "Hello": returned(WORLD),
    "Echo": _echo,
    "Other": lambda event: _echo(event | {"handler": "other"}),
    "OnlyStatus": returned({"statusCode": 200}),
    "OnlyBody": returned({"body": WORLD["body"]}),
    "IntegerBody": returned({"statusCode": 200, "body": 42}),
    "StringStatus": returned({"statusCode": "200", "body": "x"}),
    "Text": returned("This is invalid"),
    "Integer": returned(2),
    "Hash": returned({"foo": "bar"}),
    "Unexpected": returned(WORLD | {"key": "value"}),
    "Image": _image(decoded=True),
    "NotDecoded": _image(decoded=False),
    "Multi": returned(MULTI | {"headers": PLAIN}),
    "Overridden": returned(MULTI | {"headers": {**PLAIN, "MyCustomHeader": "Custom"}}),
    "Back": _back,
    "NoContent": returned(WORLD | {"statusCode": 204}),
    "Allow": _policy("Allow"),
    "Deny": _policy("Deny"),
    "Fails": _raise,
    "Simple": returned({"isAuthorized": True, "context": {"passed": "from authorizer"}}),
    "SimpleNo": returned({"isAuthorized": False}),
}
"""By logical id."""

_ROUTES = {
    "Hello": [("ANY", "/anyandall"), ("POST", "/id"), ("GET", "/proxypath/{proxy+}")],
    "Echo": [("GET", "/id/{id}"), ("GET", "/id/{id}/user/{user}"), ("POST", "/echo")],
    "Other": [("GET", "/echo")],
    "NoContent": [("OPTIONS", "/nocontent")],
    "Back": [("POST", "/back")],
}
"""Of other functions: GET of their own name."""

_REST_AUTHORIZERS = ("Allow", "Deny", "Fails")
_HTTP_AUTHORIZERS = ("Simple", "SimpleNo", "Fails")


def _event(kind: str, method: str, path: str, **more: Any) -> dict[str, Any]:
    api = {"RestApiId": {"Ref": "Rest"}} if kind == "Api" else {"ApiId": {"Ref": "Http"}}
    return {"Type": kind, "Properties": {"Method": method, "Path": path, **api, **more}}


def _function(logical_id: str) -> dict[str, Any]:
    routes = _ROUTES.get(logical_id, [("GET", f"/{logical_id.lower()}")])
    events = [_event(kind, method, path) for method, path in routes for kind in ("Api", "HttpApi")]
    if logical_id in ("Hash", "Text"):
        events.append(_event("HttpApi", "GET", f"/old/{logical_id.lower()}", PayloadFormatVersion="1.0"))
    if logical_id == "Echo":
        for kind, names in (("Api", _REST_AUTHORIZERS), ("HttpApi", _HTTP_AUTHORIZERS)):
            events += [_event(kind, "GET", f"/asks/{name.lower()}", Auth={"Authorizer": name}) for name in names]
    return kit.function(Events={f"Event{number}": event for number, event in enumerate(events)})


def _authorizers(names: tuple[str, ...], **more: Any) -> dict[str, Any]:
    identity = {"Headers": ["header"], "QueryStrings": ["query"]}
    return {
        "Authorizers": {
            name: {"FunctionArn": {"Fn::GetAtt": [name, "Arn"]}, "Identity": identity, **more} for name in names
        }
    }


_REST = {
    "StageName": "Prod",
    "Variables": {"VarName": "varValue"},
    "BinaryMediaTypes": ["image~1gif", "image~1png"],
    "Auth": _authorizers(_REST_AUTHORIZERS, FunctionPayloadType="REQUEST"),
}
_HTTP = {
    "StageVariables": {"VarName": "varValue"},
    "CorsConfiguration": {
        "AllowOrigins": ["*"],
        "AllowMethods": ["GET", "OPTIONS", "POST"],
        "AllowHeaders": ["origin"],
        "MaxAge": 42,
    },
    "Auth": _authorizers(_HTTP_AUTHORIZERS, AuthorizerPayloadFormatVersion="2.0", EnableSimpleResponses=True),
}
TEMPLATE = json.dumps(
    kit.template(
        Rest={"Type": "AWS::Serverless::Api", "Properties": _REST},
        Http={"Type": "AWS::Serverless::HttpApi", "Properties": _HTTP},
        **{logical_id: _function(logical_id) for logical_id in HANDLERS},
    )
)
