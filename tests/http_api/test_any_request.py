"""Whatever comes, and whatever a function returns: each request has an answer that HTTP takes."""

from __future__ import annotations

import asyncio
import functools
import json
import os
from collections.abc import Collection, Mapping

import h11
import pytest
from front_kit import FakePool, Heard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from routes_kit import api

from samlocal.http_api.exchange import HttpRequest
from samlocal.http_api.front import Front
from samlocal.http_api.model import Api
from samlocal.sandbox.result import FunctionError, Result, Success

EXAMPLES = int(os.environ.get("SAMLOCAL_FUZZ", "100"))

ROUTES = """
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        A: {Type: KIND, Properties: {Path: "/a/{b}", Method: any}}
        B: {Type: KIND, Properties: {Path: "/b/{c+}", Method: post}}
        C: {Type: KIND, Properties: {Path: /, Method: get}}
"""
BALANCED = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.11, Handler: a.b}}
  Group: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {TargetType: lambda, Name: group,
    Targets: [{Id: !GetAtt Fn.Arn}]}}
  Listener: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {LoadBalancerArn: x, Port: 80,
    DefaultActions: [{Type: forward, TargetGroupArn: !Ref Group}]}}
"""
URL = """
  Fn:
    Type: AWS::Serverless::Function
    Properties: {FunctionUrlConfig: {AuthType: NONE, Cors: {AllowOrigins: ["*"]}}}
"""
# Everything that asks who is there, and changes bodies.
LOCKED = """
  Rest: {Type: AWS::Serverless::Api, Properties: {StageName: p, BinaryMediaTypes: [image/png, "*/*"], Cors: "'*'",
    MinimumCompressionSize: 10, Auth: {Authorizers: {Asks: {FunctionArn: !GetAtt Doorman.Arn,
      Identity: {Header: X-Token, ValidationExpression: "[a-z]+"}}}}}}
  Doorman: {Type: AWS::Serverless::Function}
  Fn: {Type: AWS::Serverless::Function, Properties: {Events: {
    All: {Type: Api, Properties: {RestApiId: !Ref Rest, Path: "/{proxy+}", Method: any}},
    Asks: {Type: Api, Properties: {RestApiId: !Ref Rest, Path: "/a/{b}", Method: any, Auth: {Authorizer: Asks}}},
    Key: {Type: Api, Properties: {RestApiId: !Ref Rest, Path: /, Method: get, Auth: {ApiKeyRequired: true}}}}}}
"""
TOKENS = """
  Http: {Type: AWS::Serverless::HttpApi, Properties: {CorsConfiguration: {AllowOrigins: ["https://*"],
    AllowCredentials: true}, Auth: {Authorizers: {Jwt: {IdentitySource: $request.header.Authorization,
      JwtConfiguration: {issuer: "https://i.example", audience: [a]}}}}}}
  Fn: {Type: AWS::Serverless::Function, Properties: {Events: {
    Default: {Type: HttpApi, Properties: {ApiId: !Ref Http}},
    Jwt: {Type: HttpApi, Properties: {ApiId: !Ref Http, Path: "/a/{b}", Method: any, PayloadFormatVersion: "1.0",
      Auth: {Authorizer: Jwt, AuthorizationScopes: [x]}}}}}}
"""
# What templates make of requests and of what comes of them.
MAPPED = """
  Rest:
    Type: AWS::Serverless::Api
    Properties:
      StageName: p
      DefinitionBody:
        openapi: 3.0.1
        info: {title: t}
        paths:
          /{proxy+}:
            x-amazon-apigateway-any-method:
              x-amazon-apigateway-integration:
                type: aws
                httpMethod: POST
                uri: !Sub "arn:aws:apigateway:x:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations"
                requestTemplates:
                  application/json: |
                    {"all": "$util.escapeJavaScript($input.params())", "body": $input.json('$.body')
                    #foreach($each in $input.path('$')), "$each": "$util.urlEncode($each)"#end}
                responses:
                  default: &default
                    statusCode: 200
                    responseParameters: {method.response.header.X-Body: integration.response.body}
                    responseTemplates:
                      application/json: |
                        #set($context.responseOverride.status = $input.path('$.statusCode'))
                        #set($context.responseOverride.header.own = $input.path('$.body'))
                        $input.path('$') $input.body
                      text/plain: $util.base64Encode($input.body)
                  ".+": *default
          /a/{b}:
            x-amazon-apigateway-any-method:
              x-amazon-apigateway-integration:
                type: mock
                requestTemplates: {application/json: "{statusCode: $input.path('$.status')200}"}
                responses: {"200": {statusCode: 200, responseTemplates: {text/x: "$input.params('b')"}}}
  Fn: {Type: AWS::Serverless::Function}
"""

TEMPLATES = {
    "mapped": {"text": MAPPED},
    "rest": {"text": ROUTES.replace("KIND", "Api")},
    "http": {"text": ROUTES.replace("KIND", "HttpApi")},
    "url": {"text": URL},
    "stream": {"text": URL.replace("NONE,", "NONE, InvokeMode: RESPONSE_STREAM,")},
    "alb": {"text": BALANCED, "head": ""},
    "locked": {"text": LOCKED},
    "tokens": {"text": TOKENS},
}


@functools.cache
def served(kind: str) -> Api:
    return api(**TEMPLATES[kind])


# What a client can send at all: h11 lets nothing else through.
VISIBLE = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=20).map(
    str.strip
)
NAMES = st.sampled_from(
    ("Host", "Content-Type", "Content-Encoding", "Cookie", "Origin", "X-Amzn-Trace-Id", "Authorization", "x-api-key",
     "X-Token", "Access-Control-Request-Method", "Accept", "Accept-Encoding", "User-Agent", "X-Forwarded-For")
) | st.text(st.sampled_from("abcXYZ-_09"), min_size=1, max_size=8)  # fmt: skip
REQUESTS = st.builds(
    HttpRequest,
    method=st.sampled_from(("GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH", "BREW")),
    path=st.one_of(
        st.text(VISIBLE, max_size=30).map(lambda text: "/" + text.replace("?", "")),
        st.text(VISIBLE, max_size=10).map(lambda text: "/a/" + text.replace("?", "")),
        st.just("/b/%ff%00/%zz//"),
    ),
    query=st.text(VISIBLE, max_size=30),
    headers=st.lists(st.tuples(NAMES, VALUES), max_size=5).map(tuple),
    body=st.binary(max_size=40),
    received=st.just(1_790_000_000.0),
    request_id=st.just("00000000-0000-4000-8000-000000000000"),
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
RESPONSES = JSON | st.fixed_dictionaries(
    {},
    optional={
        "statusCode": JSON | st.integers(100, 599),
        "headers": JSON | st.dictionaries(st.text(max_size=8), JSON, max_size=3),
        "multiValueHeaders": JSON | st.dictionaries(st.text(max_size=8), st.lists(JSON, max_size=2), max_size=2),
        "cookies": JSON,
        "body": JSON,
        "isBase64Encoded": JSON,
        "principalId": JSON,
        "policyDocument": JSON,
    },
)
RESULTS = (
    st.builds(Success, payload=RESPONSES.map(lambda value: json.dumps(value).encode()))
    | st.builds(Success, payload=st.binary(max_size=20))
    | st.builds(FunctionError, payload=JSON.map(lambda value: json.dumps(value).encode()))
)


class Believes:
    """Takes any token for this one."""

    async def claims(self, token: str, issuers: Collection[str]) -> Mapping[str, object]:
        return {"aud": "a", "scope": token}


@pytest.mark.parametrize("kind", TEMPLATES)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(request=REQUESTS, result=RESULTS)
def test_every_request_has_an_answer_that_http_takes(kind: str, request: HttpRequest, result: Result) -> None:
    asyncio.run(_check(served(kind), request, result))


async def _check(served: Api, request: HttpRequest, result: Result) -> None:
    async with asyncio.timeout(60):
        front = Front(served, FakePool(result), Heard(), Believes)
        answer = await front.answer(request)
        body = answer.body
        if answer.stream is not None:
            body = b"".join([part async for part in answer.stream])
        await front.close()
    headers = [
        (name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in answer.headers
    ]
    # It raises for what is no header and no status.
    h11.Response(status_code=answer.status, headers=headers)
    if request.method == "HEAD" or answer.status in (204, 304):
        assert body == b""
