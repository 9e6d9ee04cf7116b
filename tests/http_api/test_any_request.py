"""Whatever a client sends and whatever a function returns: there is an answer, which HTTP can carry."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping
from typing import Any

import pytest
from front_kit import FakePool, Heard, ran
from hypothesis import given
from hypothesis import strategies as st
from routes_kit import found, request

from samlocal.http_api.front import Front
from samlocal.http_api.model import Api, ApiKind, HttpAnswer
from samlocal.sandbox.result import FunctionError, Result, Success

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.11, Handler: app.handler, CodeUri: src}}
Resources:
  Rest: {Type: AWS::Serverless::Api, Properties: {StageName: p, BinaryMediaTypes: [image/png, "*/*"], Cors: "'*'",
    MinimumCompressionSize: 10, Auth: {ApiKeyRequired: false, Authorizers: {
      Asks: {FunctionArn: !GetAtt Doorman.Arn, Identity: {Header: X-Token, ValidationExpression: "[a-z]+"}}}}}}
  Http: {Type: AWS::Serverless::HttpApi, Properties: {CorsConfiguration: {AllowOrigins: ["https://*"],
    AllowCredentials: true}, Auth: {Authorizers: {Jwt: {IdentitySource: $request.querystring.x,
      JwtConfiguration: {issuer: "https://i.example", audience: [a]}}}}}}
  Doorman: {Type: AWS::Serverless::Function}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      FunctionUrlConfig: {AuthType: NONE, Cors: {AllowOrigins: ["*"]}}
      Events:
        All: {Type: Api, Properties: {RestApiId: !Ref Rest, Path: "/{proxy+}", Method: any}}
        Locked: {Type: Api, Properties: {RestApiId: !Ref Rest, Path: /x, Method: any, Auth: {Authorizer: Asks}}}
        Default: {Type: HttpApi, Properties: {ApiId: !Ref Http}}
        Old: {Type: HttpApi, Properties: {ApiId: !Ref Http, Path: "/x/{y}", Method: any, PayloadFormatVersion: "1.0"}}
        Jwt: {Type: HttpApi, Properties: {ApiId: !Ref Http, Path: /x, Method: get, Auth: {Authorizer: Jwt}}}
  Group: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {TargetType: lambda, Name: group,
    Targets: [{Id: !GetAtt Fn.Arn}]}}
  Listener: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {LoadBalancerArn: x, Port: 80,
    DefaultActions: [{Type: forward, TargetGroupArn: !Ref Group}]}}
"""
APIS = {api.kind: api for api in found(TEMPLATE, head="").apis}

# What an HTTP server lets through: visible characters in a target, Latin-1 without line ends in a header.
_TARGET = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="?#"), max_size=12)
_PIECE = st.one_of(_TARGET, st.sampled_from(["x", "%2F", "%", "%zz", "%ff", "%c3%a9", "..", "+", "{proxy+}", "%00"]))
_PATHS = st.lists(_PIECE, max_size=4).map(lambda parts: "/" + "/".join(parts))
_QUERIES = st.lists(st.one_of(_TARGET, st.sampled_from(["x=1", "x=", "=", "&", "a=%ff", "a[]=1"])), max_size=4).map(
    "&".join
)
_NAMES = st.sampled_from(
    [
        "Host", "Origin", "Accept", "Accept-Encoding", "Content-Type", "Content-Encoding", "Cookie", "X-Token",
        "Authorization", "Access-Control-Request-Method", "X-Forwarded-For", "X-Amzn-Trace-Id", "User-Agent", "x",
    ]
)  # fmt: skip
_VALUES = st.one_of(
    st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=20),
    st.sampled_from(["https://a.example", "gzip", "application/json", "image/png", "a=b; c", "Root=1-2-3", "abc"]),
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_RESPONSES = st.fixed_dictionaries(
    {},
    optional={
        "statusCode": st.integers(-1, 1000) | _JSON,
        "headers": st.dictionaries(st.text(max_size=8), _JSON, max_size=3) | _JSON,
        "multiValueHeaders": st.dictionaries(st.text(max_size=8), st.lists(_JSON, max_size=2), max_size=3) | _JSON,
        "body": st.text(max_size=8) | _JSON,
        "cookies": st.lists(st.text(max_size=8), max_size=2) | _JSON,
        "isBase64Encoded": st.booleans() | _JSON,
        "isAuthorized": st.booleans(),
        "principalId": st.text(max_size=3),
        "policyDocument": _JSON,
    },
)
_RESULTS: st.SearchStrategy[Result] = st.one_of(
    st.one_of(_RESPONSES, _JSON).map(lambda value: Success(payload=json.dumps(value).encode())),
    st.binary(max_size=8).map(lambda payload: Success(payload=payload)),
    st.binary(max_size=8).map(lambda payload: FunctionError(payload=payload)),
)


class Believes:
    async def claims(self, token: str, issuers: Collection[str]) -> Mapping[str, object]:
        return {"aud": "a", "scope": token}


@pytest.mark.parametrize("kind", sorted(APIS))
@given(data=st.data())
def test_any_request_has_an_answer_that_http_can_carry(kind: ApiKind, data: st.DataObject) -> None:
    api = APIS[kind]
    sent = request(
        data.draw(st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "QUERY"])),
        data.draw(_PATHS),
        query=data.draw(_QUERIES),
        headers=data.draw(st.dictionaries(_NAMES, _VALUES, max_size=5)),
        body=data.draw(st.binary(max_size=20)),
    )

    answer = ran(_answered(api, sent, data.draw(_RESULTS)))

    assert 100 <= answer.status <= 599
    for name, value in answer.headers:
        assert name.encode("ascii").decode().strip() == name != ""
        assert value.encode("latin-1")[:0] == b""
        assert not set(value) & {"\r", "\n", "\0"}
    if sent.method == "HEAD" or answer.status in (204, 304):
        assert answer.body == b""


async def _answered(api: Api, sent: Any, result: Result) -> HttpAnswer:
    front = Front(api, FakePool(result), Heard(), Believes)
    async with asyncio.timeout(10):
        answer = await front.answer(sent)
    await front.close()
    return answer
