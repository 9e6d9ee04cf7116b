"""What authorizers' functions get, and how what they and tokens say gets into the event of the route's function."""

from __future__ import annotations

from typing import Any

import pytest
from api_kit import api_of, event_of, matched_of, request_of, route_of

from samlocal.http_api.caller import Caller
from samlocal.http_api.events import authorizer
from samlocal.http_api.integration import PayloadFormat
from samlocal.http_api.model import ApiKind

REQUEST = request_of(
    "GET", "/request", "QueryString1=queryValue1", {"Host": "h", "HeaderAuth1": "headerValue1"}, source_ip="10.1.1.1"
)
ROUTE = route_of("GET", "/request")
MATCHED = matched_of(REQUEST, ROUTE)
ARN = "arn:aws:execute-api:us-west-2:910345601053:abcdef123/test/GET/request"


def api(kind: ApiKind, **members: Any) -> Any:
    return api_of(kind, ROUTE, **({"api_id": "abcdef123", "stage": "test"} | members))


def test_a_token_authorizer_gets_three_members() -> None:
    # API Gateway developer guide, "Input to an API Gateway Lambda authorizer".
    assert authorizer.token_event(api(ApiKind.REST), MATCHED, REQUEST, "allow") == {
        "type": "TOKEN",
        "methodArn": ARN,
        "authorizationToken": "allow",
    }


def test_the_method_arn_has_the_path_that_was_asked_for() -> None:
    # API Gateway developer guide, "Input …": ymy8tbxw7b/*/GET/ for the root.
    route = route_of("ANY", "/items/{id}")
    request = request_of("DELETE", "/items/a%20b")
    event = authorizer.token_event(api(ApiKind.REST), matched_of(request, route, id="a%20b"), request, "t")
    assert event["methodArn"] == "arn:aws:execute-api:us-west-2:910345601053:abcdef123/test/DELETE/items/a%20b"
    root = request_of("GET", "/")
    event = authorizer.token_event(api(ApiKind.REST), matched_of(root), root, "t")
    assert event["methodArn"] == "arn:aws:execute-api:us-west-2:910345601053:abcdef123/test/GET/"


def test_a_rest_apis_request_authorizer_gets_the_request() -> None:
    # aws/aws-lambda-go, apigw-custom-auth-request-type-request.json: empty mappings, no null.
    event = authorizer.rest_request_event(api(ApiKind.REST), MATCHED, REQUEST)
    context = event.pop("requestContext")
    headers = event.pop("headers")
    assert event.pop("multiValueHeaders") == {name: [value] for name, value in headers.items()}
    assert headers["HeaderAuth1"] == "headerValue1"
    assert event == {
        "type": "REQUEST",
        "methodArn": ARN,
        "resource": "/request",
        "path": "/request",
        "httpMethod": "GET",
        "queryStringParameters": {"QueryString1": "queryValue1"},
        "multiValueQueryStringParameters": {"QueryString1": ["queryValue1"]},
        "pathParameters": {},
        "stageVariables": {},
    }
    assert isinstance(context, dict)
    assert context["path"] == "/test/request"
    assert context["identity"]["sourceIp"] == "10.1.1.1"


def test_an_http_apis_authorizer_gets_format_1() -> None:
    # aws/aws-lambda-go, apigw-v2-custom-authorizer-v1-request.json.
    event = authorizer.http_v1_event(api(ApiKind.HTTP), MATCHED, REQUEST, ["user1", "123"])
    assert (event["version"], event["type"], event["methodArn"]) == ("1.0", "REQUEST", ARN)
    assert event["identitySource"] == event["authorizationToken"] == "user1,123"
    assert event["pathParameters"] == {}
    assert event["resource"] == "/request"


def test_an_http_apis_authorizer_gets_format_2() -> None:
    # aws/aws-lambda-go, apigw-v2-custom-authorizer-v2-request.json.
    event = authorizer.http_v2_event(api(ApiKind.HTTP), MATCHED, REQUEST, ["user1", "123"])
    assert (event["version"], event["type"], event["routeArn"]) == ("2.0", "REQUEST", ARN)
    assert event["identitySource"] == ["user1", "123"]
    assert event["routeKey"] == "GET /request"
    assert "body" not in event


CONTEXT = Caller(principal_id="user", context={"stringKey": "stringval", "numberKey": 123, "booleanKey": True})
TOKEN = Caller(
    claims={
        "sub": "cdad23f0",
        "email_verified": True,
        "auth_time": 1469814773,
        "exp": 1469818373,
        "iat": 1469814773,
        "cognito:groups": ["group1", "group2"],
    },
)
# amazon-archives/amazon-cognito-identity-js issue 92, recorded on AWS, whose exp and iat these are.
OF_REST = {
    "sub": "cdad23f0",
    "email_verified": "true",
    "auth_time": "1469814773",
    "exp": "Fri Jul 29 18:52:53 UTC 2016",
    "iat": "Fri Jul 29 17:52:53 UTC 2016",
    "cognito:groups": "group1,group2",
}
# Events of HTTP APIs in public repositories: "exp": "1746385209", "email_verified": "true", "[group1 group2]".
OF_HTTP = {
    "sub": "cdad23f0",
    "email_verified": "true",
    "auth_time": "1469814773",
    "exp": "1469818373",
    "iat": "1469814773",
    "cognito:groups": "[group1 group2]",
}
STRINGS = {"stringKey": "stringval", "numberKey": "123", "booleanKey": "true"}


@pytest.mark.parametrize(
    ("kind", "payload_format", "caller", "expected"),
    [
        # API Gateway developer guide, "Output from an API Gateway Lambda authorizer": all stringified.
        (ApiKind.REST, PayloadFormat.V1, CONTEXT, {**STRINGS, "principalId": "user", "integrationLatency": 0}),
        (ApiKind.REST, PayloadFormat.V1, TOKEN, {"claims": OF_REST}),
        (ApiKind.HTTP, PayloadFormat.V1, TOKEN, {"claims": OF_HTTP, "scopes": None}),
        (ApiKind.HTTP, PayloadFormat.V2, TOKEN, {"jwt": {"claims": OF_HTTP, "scopes": None}}),
        # aws/aws-lambda-go, apigw-v2-request-lambda-authorizer.json.
        (ApiKind.HTTP, PayloadFormat.V2, CONTEXT, {"lambda": dict(CONTEXT.context or {})}),
        # aws/aws-lambda-go, apigw-v2-request-jwt-authorizer.json.
        (
            ApiKind.HTTP,
            PayloadFormat.V2,
            Caller(claims={"claim1": "value1"}, scopes=("scope1", "scope2")),
            {"jwt": {"claims": {"claim1": "value1"}, "scopes": ["scope1", "scope2"]}},
        ),
    ],
)
def test_what_is_known_of_the_caller_is_in_the_event(
    kind: ApiKind, payload_format: PayloadFormat, caller: Caller, expected: dict[str, Any]
) -> None:
    route = route_of("GET", "/request", payload_format=payload_format)
    event = event_of(api(kind), matched_of(REQUEST, route), REQUEST, caller)
    assert event["requestContext"]["authorizer"] == expected


def test_an_api_key_is_part_of_a_rest_apis_identity() -> None:
    # aws/aws-lambda-go, apigw-restapi-openapi-request.json.
    event = event_of(api(ApiKind.REST), MATCHED, REQUEST, Caller(api_key="theApiKey", api_key_id="theApiKeyId"))
    identity = event["requestContext"]["identity"]
    assert (identity["apiKey"], identity["apiKeyId"]) == ("theApiKey", "theApiKeyId")
    assert "authorizer" not in event["requestContext"]
