"""One value of a request, by whatever asks for it.

Sources: API Gateway developer guide, "Mapping template and parameter mapping for REST APIs", "Transform API requests
and responses for HTTP APIs" (several values of one name are combined with commas), "Important notes" (semicolons),
"Variables for data transformations".
"""

from __future__ import annotations

import pytest
from api_kit import api_of, matched_of, request_of, route_of
from msgspec.structs import replace

from samlocal.http_api.answers.gateway_responses import gateway_response
from samlocal.http_api.answers.refusal import Refusal, RefusalType
from samlocal.http_api.authorizers.identity_sources import identity_value
from samlocal.http_api.caller import ANYBODY, Caller
from samlocal.http_api.mapping import mapped
from samlocal.http_api.model import ApiKind, GatewayResponse
from samlocal.http_api.request_values import RequestValues, in_body

REQUEST = replace(
    request_of("POST", "/items/7", query="q=1&q=2%20x;r=3"),
    headers=(("Host", "h"), ("X-Two", "a"), ("x-two", "b")),
)
GUEST = Caller(
    principal_id="me",
    context={"admin": True},
    claims={"exp": 1469818573, "cognito:groups": ["a", "b"]},
    api_key="secret",
    api_key_id="k1",
)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (ApiKind.REST, "method.request.header.X-TWO", "b"),
        (ApiKind.HTTP, "$request.header.X-TWO", "a,b"),
        (ApiKind.WEBSOCKET, "route.request.header.X-TWO", "b"),
        (ApiKind.REST, "method.request.querystring.q", "2 x"),
        (ApiKind.REST, "method.request.querystring.r", "3"),
        (ApiKind.HTTP, "$request.querystring.q", "1,2 x;r=3"),
        (ApiKind.WEBSOCKET, "route.request.querystring.q", "2 x;r=3"),
        (ApiKind.REST, "stageVariables.colour", "blue"),
        (ApiKind.HTTP, "$stageVariables.colour", "blue"),
        (ApiKind.HTTP, "$context.httpMethod", "POST"),
        (ApiKind.REST, "method.request.header.none", None),
        (ApiKind.REST, "method.request.querystring.none", None),
        (ApiKind.REST, "context.none", None),
        (ApiKind.REST, "none", None),
        (ApiKind.REST, "method.request.headerX-TWO", None),
    ],
)
def test_authorizers_and_templates_find_the_same(kind: ApiKind, name: str, value: str | None) -> None:
    api = api_of(kind, route_of(), stage_variables={"colour": "blue"})
    matched = matched_of(REQUEST)

    assert RequestValues(api, matched, REQUEST).value(name) == value
    assert identity_value(name, api, matched, REQUEST) == value


@pytest.mark.parametrize(
    ("kind", "key", "name", "value"),
    [
        (ApiKind.REST, "integration.request.header.to", "method.request.header.X-Two", "b"),
        (ApiKind.HTTP, "append:header.to", "$request.header.X-Two", "a,b"),
        (ApiKind.REST, "integration.request.header.to", "method.request.querystring.r", "3"),
    ],
)
def test_mappings_find_the_same(kind: ApiKind, key: str, name: str, value: str) -> None:
    made = mapped(api_of(kind, route_of()), matched_of(REQUEST), REQUEST, {key: name})

    assert made.header("to") == value


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (ApiKind.REST, "authorizer.principalId", "me"),
        (ApiKind.REST, "authorizer.admin", "true"),
        (ApiKind.REST, "authorizer.claims.exp", "Fri Jul 29 18:56:13 UTC 2016"),
        (ApiKind.REST, "authorizer.claims.cognito:groups", "a,b"),
        (ApiKind.HTTP, "authorizer.claims.exp", "1469818573"),
        (ApiKind.HTTP, "authorizer.claims.cognito:groups", "[a b]"),
        (ApiKind.REST, "identity.apiKey", "secret"),
        (ApiKind.REST, "identity.apiKeyId", "k1"),
    ],
)
def test_who_asks_is_told_as_events_tell_it(kind: ApiKind, name: str, value: str) -> None:
    assert RequestValues(api_of(kind), matched_of(REQUEST), REQUEST, GUEST).value(f"context.{name}") == value


def test_who_asks_without_a_key_has_none() -> None:
    assert RequestValues(api_of(ApiKind.REST), None, REQUEST, ANYBODY).value("context.identity.apiKey") is None


def test_a_gateway_response_has_the_key_and_parts_of_the_request() -> None:
    names = {
        "X-Key": "context.identity.apiKey",
        "X-Header": "method.request.header.x-two",
        "X-Query": "method.request.querystring.r",
        "X-Path": "method.request.path.id",
        "X-Type": "context.error.responseType",
        "X-Static": "'it'",
        "X-None": "method.request.path.none",
    }
    api = api_of(ApiKind.REST, gateway_responses={"ACCESS_DENIED": GatewayResponse(headers=names)})

    answer = gateway_response(
        api, REQUEST, matched_of(REQUEST, id="7"), Refusal(type=RefusalType.ACCESS_DENIED, caller=GUEST)
    )

    found = dict(answer.headers)
    assert [found.get(name) for name in names] == ["secret", "b", "3", "7", "ACCESS_DENIED", "it", None]


@pytest.mark.parametrize(
    ("body", "path", "value"),
    [
        (b'{"a": [{"b": 1}]}', ".a[0].b", "1"),
        (b'{"a": {"b.c": "x"}}', ".a['b.c']", "x"),
        (b'{"a": {"b": [1, 2]}}', ".a", '{"b":[1,2]}'),
        ('{"größe": {"1st": 7}}'.encode(), ".größe.1st", "7"),
        (b'["x"]', ".0", None),
        (b'{"custom:tenant": "x"}', "['custom:tenant']", "x"),
        (b'{"a": 1}', ".b", None),
        (b'"text"', "", "text"),
        (b"no json", "", "no json"),
        (b"no json", ".a", None),
        (b"{}", ".[", None),
    ],
)
def test_a_part_of_a_body_is_found_by_its_path(body: bytes, path: str, value: str | None) -> None:
    assert in_body(body, path) == value


@pytest.mark.parametrize(("pattern", "value"), [("^a+$", '[{"t":"aaa"}]'), ("^(a+)+!$", "[]"), ("(", None)])
def test_a_pattern_in_a_path_finds_what_fits_and_comes_to_an_end(pattern: str, value: str | None) -> None:
    body = b'{"several": [{"t": "aaa"}, {"t": "' + b"a" * 60 + b'b"}]}'

    assert in_body(body, f'.several[?(@.t =~ "{pattern}")]') == value
