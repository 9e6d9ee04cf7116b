"""A request written by hand: which API takes it, its event, and what the client of the API gets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from routes_kit import found

from samlocal.errors import EventError, FunctionNotFoundError
from samlocal.http_api.route_request import RoutedEvent, apis_of, route_request, routed_event
from samlocal.sandbox.result import FunctionError, Result, Success

SHOP = found(
    """
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      FunctionUrlConfig: {AuthType: NONE}
      Events:
        Get: {Type: Api, Properties: {Path: '/orders/{id}', Method: get, RestApiId: !Ref Rest}}
        Put: {Type: HttpApi, Properties: {Path: /orders, Method: post, ApiId: !Ref Http}}
        Open: {Type: HttpApi, Properties: {Path: /both, Method: get, ApiId: !Ref Http}}
        Both: {Type: Api, Properties: {Path: /both, Method: get, RestApiId: !Ref Rest}}
  Rest:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth: {DefaultAuthorizer: Users, Authorizers: {Users: {UserPoolArn: !GetAtt Pool.Arn}}}
  Pool: {Type: AWS::Cognito::UserPool}
  Http:
    Type: AWS::Serverless::HttpApi
    Properties: {CorsConfiguration: {AllowOrigins: ['https://shop.example']}}
  Elsewhere:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Http
      IntegrationType: HTTP_PROXY
      IntegrationMethod: GET
      IntegrationUri: https://example.com
      PayloadFormatVersion: '1.0'
  ElsewhereRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref Http, RouteKey: 'GET /elsewhere', Target: !Sub 'integrations/${Elsewhere}'}
"""
).apis


def routed(text: str, *, body: bytes = b"", **headers: str) -> RoutedEvent:
    request = route_request(text, headers=tuple(headers.items()), body=body)
    (api,) = apis_of(SHOP, request)
    return routed_event(api, request)


def event(text: str, *, body: bytes = b"", **headers: str) -> Any:
    return json.loads(routed(text, body=body, **headers).payload)


def test_a_rest_apis_route_gives_format_1_with_the_path_and_the_query_of_the_request() -> None:
    made = event("get /orders/4%202?x=1&x=2")

    assert made["httpMethod"] == "GET"
    assert made["resource"] == "/orders/{id}"
    assert made["path"] == "/orders/4%202"
    assert made["multiValueQueryStringParameters"] == {"x": ["1", "2"]}
    assert made["requestContext"]["stage"] == "prod"
    assert made["requestContext"]["domainName"].endswith(".execute-api.eu-west-1.amazonaws.com")
    assert made["headers"]["Host"] == made["requestContext"]["domainName"]
    assert made["headers"]["X-Forwarded-Proto"] == "https"


def test_an_http_apis_route_gives_format_2_with_headers_and_body() -> None:
    made = event("POST /orders", body=b'{"item": 7}', **{"Content-Type": "application/json", "X-A": "b"})

    assert made["version"] == "2.0"
    assert made["routeKey"] == "POST /orders"
    assert made["headers"]["x-a"] == "b"
    assert (made["body"], made["isBase64Encoded"]) == ('{"item": 7}', False)


def test_a_function_url_takes_what_no_route_of_another_api_takes() -> None:
    made = event("DELETE /anything?a=b")

    assert made["requestContext"]["domainName"].endswith(".lambda-url.eu-west-1.on.aws")
    assert (made["rawPath"], made["rawQueryString"]) == ("/anything", "a=b")
    assert routed("GET /orders/1").api.id == "Rest"


def test_the_stage_may_stand_before_the_path_as_in_the_apis_own_address() -> None:
    assert event("GET /prod/orders/1")["pathParameters"] == {"id": "1"}


def test_of_a_route_that_several_apis_have_all_are_named() -> None:
    taking = apis_of(SHOP, route_request("GET /both", headers=(), body=b""))
    assert sorted(api.id for api in taking) == ["Http", "Rest"]


def test_what_would_be_asked_before_the_function_is_said() -> None:
    assert routed("GET /orders/1").not_asked == ("the authorizer Users",)
    assert routed("POST /orders").not_asked == ()


def test_a_route_without_a_function_is_an_error_that_says_so() -> None:
    with pytest.raises(FunctionNotFoundError, match="Http: no function is behind GET /elsewhere"):
        routed("GET /elsewhere")


def test_a_route_that_is_not_there_is_an_error_with_the_nearest() -> None:
    request = route_request("GET /ordrs/1", headers=(), body=b"")
    with pytest.raises(
        FunctionNotFoundError, match=r"No route takes GET /ordrs/1; did you mean GET /orders/\{id\}"
    ) as caught:
        apis_of([api for api in SHOP if api.id == "Rest"], request)
    assert "GET /both" in str(caught.value.tip)


def test_a_body_that_the_api_refuses_runs_no_function() -> None:
    with pytest.raises(EventError, match="answers POST /orders by itself: 413"):
        routed("POST /orders", body=b"x" * (10 * 1024 * 1024 + 1))


def answered(made: RoutedEvent, result: Result) -> tuple[int, dict[str, str], bytes, tuple[str, ...]]:
    answer, remarks = made.answer(result)
    return answer.status, {name.lower(): value for name, value in answer.headers}, answer.body, remarks


def test_the_answer_is_the_apis_own_of_what_the_function_has_returned() -> None:
    """An HTTP API makes a response of any JSON (API Gateway developer guide, format 2.0); a REST API refuses it."""
    payload = Success(payload=b'{"item": 7}')

    status, headers, body, _ = answered(routed("POST /orders", Origin="https://shop.example"), payload)
    assert (status, json.loads(body)) == (200, {"item": 7})
    assert headers["content-type"] == "application/json"
    assert headers["access-control-allow-origin"] == "https://shop.example"

    status, _, body, remarks = answered(routed("GET /orders/1"), payload)
    assert (status, json.loads(body)) == (502, {"message": "Internal server error"})
    assert any("malformed response" in remark for remark in remarks)


def test_a_function_that_fails_is_a_502_to_the_client() -> None:
    failed = FunctionError(payload=b'{"errorType": "KeyError", "errorMessage": "1"}')
    assert answered(routed("GET /orders/1"), failed)[0] == 502
