"""What an HTTP API changes in an answer, by the integration's response parameters.

Source: API Gateway developer guide, "Transform API requests and responses for HTTP APIs", with its examples.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from api_kit import api_of, matched_of, request_of, route_of
from front_kit import FakePool, answered
from routes_kit import api, request

from samlocal.http_api.answers.response_parameters import with_response_parameters
from samlocal.http_api.exchange import HttpAnswer
from samlocal.http_api.model import ApiKind
from samlocal.http_api.request_values import RequestValues
from samlocal.sandbox.result import Success

ANSWER = HttpAnswer(
    status=500,
    headers=(("content-type", "application/json"), ("x-one", "1"), ("x-many", "a"), ("x-many", "b")),
    body=b'{"error": {"code": "E1", "details": [1, 2]}, "ok": false}',
)


@pytest.mark.parametrize(
    ("parameters", "status", "headers"),
    [
        ({"append:header.error": "$response.body.error.code"}, 500, {"error": ["E1"]}),
        ({"append:header.error": "$response.body.error.details"}, 500, {"error": ["[1,2]"]}),
        ({"append:header.x-one": "2"}, 500, {"x-one": ["1", "2"]}),
        ({"overwrite:header.X-One": "${stageVariables.v}-${context.stage}"}, 500, {"x-one": ["3-live"]}),
        ({"overwrite:header.X-Copy": "$response.header.X-Many"}, 500, {"x-copy": ["a,b"]}),
        ({"remove:header.X-Many": "''"}, 500, {"x-many": []}),
        ({"overwrite:statuscode": "403"}, 403, {"x-one": ["1"]}),
        ({"overwrite:statuscode": "$response.body.none"}, 500, {}),
        ({"overwrite:statuscode": "$response.body.ok"}, 500, {}),
        ({"append:header.none": "$response.header.none"}, 500, {"none": []}),
    ],
)  # fmt: skip
def test_an_answer_is_changed_as_its_status_parameters_say(
    parameters: dict[str, str], status: int, headers: dict[str, list[str]]
) -> None:
    asked = request_of()
    served = api_of(ApiKind.HTTP, route_of(), stage="live", stage_variables={"v": "3"})
    values = RequestValues(served, matched_of(asked), asked)
    made = with_response_parameters(ANSWER, {"500": parameters, "200": {"overwrite:statuscode": "201"}}, values)

    assert (made.status, made.body) == (status, ANSWER.body)
    assert {name: [value for each, value in made.headers if each == name] for name in headers} == headers


PLAIN = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.11, Handler: app.handler, Code: src, Role: r}}
  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: HTTP}}
  Int: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref Api, IntegrationType: AWS_PROXY,
    IntegrationUri: !GetAtt Fn.Arn, PayloadFormatVersion: "2.0", ResponseParameters: {"404": {ResponseParameters: [
      {Destination: "overwrite:statuscode", Source: "403"}, {Destination: "append:header.why", Source: hidden}]},
      "500": {ResponseParameters: [{Destination: "overwrite:statuscode", Source: "200"}]}}}}
  Any: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: $default,
    Target: !Sub "integrations/${Int}"}}
"""
OPENAPI = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.11, Handler: app.handler, Code: src, Role: r}}
  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {Body: {openapi: 3.0.1, info: {title: t}, paths: {/a: {get:
    {x-amazon-apigateway-integration: {type: aws_proxy, httpMethod: POST, payloadFormatVersion: "2.0", uri: !Sub
    "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations", responseParameters: {
    "404": {"overwrite:statuscode": "403", "append:header.why": hidden},
    "500": {"overwrite:statuscode": "200"}}}}}}}}}
"""


@pytest.mark.parametrize("template", [PLAIN, OPENAPI])
@pytest.mark.parametrize(
    ("returned", "status", "why"),
    [
        ({"statusCode": 404}, 403, "hidden"),
        ({"statusCode": 200}, 200, None),
        ({"statusCode": 500}, 200, None),
        # It is no answer of the integration's, but the API's own.
        ({"statusCode": "none"}, 500, None),
    ],
)
def test_a_templates_response_parameters_change_what_a_function_answers_and_nothing_else(
    template: str, returned: dict[str, Any], status: int, why: str | None
) -> None:
    pool = FakePool(Success(payload=json.dumps(returned).encode()))
    got, headers, _ = answered(api(template, head=""), request("GET", "/a"), pool)

    assert (got, headers.get("why")) == (status, why)
