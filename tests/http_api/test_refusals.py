"""What APIs answer by themselves: in AWS's words for the kind, and as a REST API's template has it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from api_kit import REQUEST_ID, api_of, matched_of, request_of, route_of

from samlocal.http_api.answers.answer import finished, refused
from samlocal.http_api.answers.cors import preflight, with_cors
from samlocal.http_api.answers.refusal import (
    FAILED,
    NO_ROUTE,
    TIMED_OUT,
    TOO_LARGE,
    UNSUPPORTED,
    Refusal,
    RefusalType,
)
from samlocal.http_api.exchange import HttpAnswer, HttpRequest, NoRoute
from samlocal.http_api.identifiers import extended_id
from samlocal.http_api.model import Api, ApiKind, Cors, GatewayResponse

EXTENDED = extended_id(REQUEST_ID)
DENIED = Refusal(type=RefusalType.ACCESS_DENIED)
EXPLICIT = Refusal(
    type=RefusalType.ACCESS_DENIED, message="User is not authorized to access this resource with an explicit deny"
)
UNAUTHORIZED = Refusal(type=RefusalType.UNAUTHORIZED)
BROKEN_AUTHORIZER = Refusal(type=RefusalType.AUTHORIZER_CONFIGURATION_ERROR)


def headers(answer: HttpAnswer) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers}


# Statuses: API Gateway developer guide, "Gateway response types". Types: localstack/localstack, gateway_response.py.
# Messages: AWS knowledge center, "403 Forbidden errors when using a Lambda authorizer"; dev.to, "API Gateway + Lambda
# authorizer + Lambda proxy integration failure modes", for the capital letter of those; DataBiosphere/azul issue 6284
# for the timeout; aws/chalice issue 670 for null.
@pytest.mark.parametrize(
    ("refusal", "status", "error_type", "body"),
    [
        (NO_ROUTE, 403, "MissingAuthenticationTokenException", '{"message":"Missing Authentication Token"}'),
        (UNAUTHORIZED, 401, "UnauthorizedException", '{"message":"Unauthorized"}'),
        (DENIED, 403, "AccessDeniedException", '{"Message":"User is not authorized to access this resource"}'),
        (
            EXPLICIT,
            403,
            "AccessDeniedException",
            '{"Message":"User is not authorized to access this resource with an explicit deny"}',
        ),
        (BROKEN_AUTHORIZER, 500, "AuthorizerConfigurationException", '{"message":null}'),
        (TIMED_OUT, 504, "InternalServerErrorException", '{"message": "Endpoint request timed out"}'),
        (TOO_LARGE, 413, "RequestTooLargeException", '{"message":"Request Too Long"}'),
        (UNSUPPORTED, 415, "BadRequestException", '{"message":"Unsupported Media Type"}'),
        (Refusal(type=RefusalType.INVALID_API_KEY), 403, "ForbiddenException", '{"message":"Forbidden"}'),
        (Refusal(type=RefusalType.THROTTLED), 429, "TooManyRequestsException", '{"message":"Too Many Requests"}'),
        (Refusal(type=RefusalType.QUOTA_EXCEEDED), 429, "LimitExceededException", '{"message":"Limit Exceeded"}'),
        (
            Refusal(type=RefusalType.BAD_REQUEST_PARAMETERS, message="Missing required request parameters: [issuer]"),
            400,
            "BadRequestException",
            '{"message":"Missing required request parameters: [issuer]"}',
        ),
    ],
)
def test_a_rest_api_refuses_in_aws_words(refusal: Refusal, status: int, error_type: str, body: str) -> None:
    answer = refused(api_of(ApiKind.REST), request_of(), refusal)
    assert (answer.status, answer.body.decode()) == (status, body)
    assert headers(answer) == {
        "content-type": "application/json",
        "x-amzn-requestid": REQUEST_ID,
        "x-amzn-errortype": error_type,
        "x-amz-apigw-id": EXTENDED,
    }


@pytest.mark.parametrize(
    ("kind", "refusal", "status", "body"),
    [
        (ApiKind.HTTP, NO_ROUTE, 404, '{"message":"Not Found"}'),
        # API Gateway developer guide, "Troubleshooting … JWT authorizers".
        (ApiKind.HTTP, UNAUTHORIZED, 401, '{"message":"Unauthorized"}'),
        (ApiKind.HTTP, DENIED, 403, '{"message":"Forbidden"}'),
        (ApiKind.HTTP, EXPLICIT, 403, '{"message":"Forbidden"}'),
        # API Gateway developer guide, "Troubleshooting Lambda authorizers": 500 Internal Server Error.
        (ApiKind.HTTP, BROKEN_AUTHORIZER, 500, '{"message":"Internal Server Error"}'),
        # cortexlabs/cortex issue 1225, recorded on AWS.
        (ApiKind.HTTP, TIMED_OUT, 503, '{"message":"Service Unavailable"}'),
        (ApiKind.HTTP, TOO_LARGE, 413, '{"message":"Request Entity Too Large"}'),
        (ApiKind.FUNCTION_URL, FAILED, 502, "Internal Server Error"),
        (ApiKind.FUNCTION_URL, DENIED, 403, '{"Message":"Forbidden"}'),
        (
            ApiKind.FUNCTION_URL,
            TOO_LARGE,
            413,
            '{"Type":"User","message":"Request must be smaller than 6291456 bytes for the InvokeFunction operation"}',
        ),
    ],
)
def test_other_kinds_have_words_of_their_own(kind: ApiKind, refusal: Refusal, status: int, body: str) -> None:
    answer = refused(api_of(kind), request_of(), refusal)
    assert (answer.status, answer.body.decode()) == (status, body)


@pytest.mark.parametrize(("refusal", "status"), [(FAILED, 502), (TIMED_OUT, 504), (TOO_LARGE, 413), (NO_ROUTE, 404)])
def test_a_load_balancer_refuses_with_a_page(refusal: Refusal, status: int) -> None:
    answer = refused(api_of(ApiKind.ALB), request_of(), refusal)
    assert answer.status == status
    assert f"<h1>{status} ".encode() in answer.body


def test_a_401_of_an_http_api_has_the_challenge_and_no_content_type() -> None:
    # API Gateway developer guide, "Troubleshooting … JWT authorizers": the whole answer.
    challenge = 'Bearer scope="" error="invalid_token" error_description="the token does not have a valid audience"'
    refusal = Refusal(type=RefusalType.UNAUTHORIZED, headers=(("www-authenticate", challenge),))
    answer = refused(api_of(ApiKind.HTTP), request_of(), refusal)
    assert headers(answer) == {"www-authenticate": challenge, "apigw-requestid": EXTENDED}


def rest(**responses: GatewayResponse) -> Api:
    return api_of(ApiKind.REST, gateway_responses=responses, stage_variables={"who": "me"})


# API Gateway developer guide, "Gateway responses in API Gateway" and its OpenAPI extension's examples.
@pytest.mark.parametrize(
    ("template", "body"),
    [
        ('{"message":$context.error.messageString}', '{"message":"Unauthorized"}'),
        (
            '{"m":"$context.error.message","t":"$context.error.responseType"}',
            '{"m":"Unauthorized","t":"UNAUTHORIZED"}',
        ),
        ('{"id":"$context.requestId"}', f'{{"id":"{REQUEST_ID}"}}'),
        ("$context.stage $context.httpMethod ${context.identity.sourceIp}", "live GET 127.0.0.1"),
        ("$stageVariables.who $method.request.header.Accept", "me a/b"),
        ("[$context.nothing.there]", "[]"),
        ("costs $5", "costs $5"),
    ],
)
def test_a_gateway_responses_template_knows_simple_variables(template: str, body: str) -> None:
    api = rest(UNAUTHORIZED=GatewayResponse(templates={"application/json": template}))
    assert refused(api, request_of(headers={"Accept": "a/b"}), UNAUTHORIZED).body.decode() == body


def test_a_gateway_response_changes_status_headers_and_content_type() -> None:
    api = rest(
        UNAUTHORIZED=GatewayResponse(
            status=418,
            headers={
                "Access-Control-Allow-Origin": "'*'",
                "x-path": "context.resourcePath",
                "x-origin": "method.request.header.Origin",
                "x-query": "method.request.querystring.q",
                "x-absent": "method.request.header.Absent",
            },
            templates={"text/plain": "no"},
        )
    )
    request = request_of("GET", "/a", "q=1", {"Origin": "http://o"})
    answer = refused(api, request, UNAUTHORIZED, matched_of(request, route_of("GET", "/{x}"), x="a"))
    found = headers(answer)
    assert (answer.status, answer.body, found["content-type"]) == (418, b"no", "text/plain")
    assert found["access-control-allow-origin"] == "*"
    assert (found["x-path"], found["x-origin"], found["x-query"]) == ("/{x}", "http://o", "1")
    assert "x-absent" not in found


def test_the_template_that_the_client_accepts_is_taken_else_the_json_one() -> None:
    said = GatewayResponse(templates={"text/html": "<p>", "application/json": "{}"})
    for accept, body in (("text/html,*/*", b"<p>"), ("image/png", b"{}")):
        assert refused(rest(UNAUTHORIZED=said), request_of(headers={"Accept": accept}), UNAUTHORIZED).body == body


@pytest.mark.parametrize(
    ("refusal", "status"), [(UNAUTHORIZED, 477), (NO_ROUTE, 477), (TIMED_OUT, 577), (FAILED, 577), (TOO_LARGE, 413)]
)
def test_the_defaults_stand_for_types_that_the_template_does_not_speak_of(refusal: Refusal, status: int) -> None:
    # API Gateway developer guide, "Gateway response types"; 413 is none of them ("Important notes").
    api = rest(DEFAULT_4XX=GatewayResponse(status=477), DEFAULT_5XX=GatewayResponse(status=577))
    assert refused(api, request_of(), refusal).status == status


def test_who_is_denied_is_told_so_by_the_template_where_it_speaks() -> None:
    # API Gateway developer guide, "Gateway responses in API Gateway": the default template.
    api = api_of(ApiKind.REST, gateway_responses={"DEFAULT_4XX": GatewayResponse(headers={"X-A": "'b'"})})
    answer = refused(api, request_of(), DENIED)
    assert answer.body == b'{"message":"User is not authorized to access this resource"}'


def test_the_type_itself_goes_before_the_default() -> None:
    api = rest(DEFAULT_4XX=GatewayResponse(status=477), UNAUTHORIZED=GatewayResponse(headers={"a": "'b'"}))
    answer = refused(api, request_of(), UNAUTHORIZED)
    assert (answer.status, headers(answer)["a"]) == (401, "b")


CORS = Cors(
    origins=("https://example.com", "http://localhost:*"),
    methods=("GET", "POST"),
    headers=("authorization", "x-api-key"),
    exposed=("date",),
    credentials=True,
    max_age=300,
)


NOWHERE = NoRoute()


def asked(origin: str | None = "https://example.com", **more: str) -> HttpRequest:
    given = {"Access-Control-Request-Method": "POST"} | more
    return request_of("OPTIONS", headers=given if origin is None else given | {"Origin": origin})


def test_an_http_api_answers_a_preflight_by_itself() -> None:
    # API Gateway developer guide, "Configure CORS for HTTP APIs".
    answer = preflight(api_of(ApiKind.HTTP, cors=CORS), asked(), NOWHERE)
    assert answer is not None
    assert (answer.status, answer.body) == (204, b"")
    assert headers(answer) == {
        "access-control-allow-origin": "https://example.com",
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET,POST",
        "access-control-allow-headers": "authorization,x-api-key",
        "access-control-max-age": "300",
        "vary": "Origin",
        "apigw-requestid": EXTENDED,
    }


def test_a_function_url_answers_a_preflight_by_itself() -> None:
    # Lambda developer guide, "Cross-origin resource sharing (CORS)".
    asks = asked("http://a")
    url = api_of(ApiKind.FUNCTION_URL, cors=Cors(origins=("*",), methods=("GET",)))
    answer = preflight(url, asks, matched_of(asks))
    assert answer is not None
    assert answer.status == 200
    assert headers(answer)["access-control-allow-origin"] == "*"
    assert headers(answer)["access-control-allow-methods"] == "GET"


def test_a_foreign_origin_is_told_nothing() -> None:
    answer = preflight(api_of(ApiKind.HTTP, cors=CORS), asked("https://example.com.evil"), NOWHERE)
    assert answer is not None
    assert (answer.status, set(headers(answer))) == (204, {"apigw-requestid"})


def test_a_wildcard_covers_what_it_stands_for() -> None:
    answer = preflight(api_of(ApiKind.HTTP, cors=CORS), asked("http://localhost:5173"), NOWHERE)
    assert answer is not None
    assert headers(answer)["access-control-allow-origin"] == "http://localhost:5173"


@pytest.mark.parametrize(
    "request_",
    [asked(None), request_of("OPTIONS", headers={"Origin": "https://example.com"}), request_of("GET")],
)
def test_what_is_no_preflight_goes_to_the_routes(request_: HttpRequest) -> None:
    assert preflight(api_of(ApiKind.HTTP, cors=CORS), request_, NOWHERE) is None
    assert preflight(api_of(ApiKind.HTTP), asked(), NOWHERE) is None


def test_a_route_that_takes_options_takes_preflights_too_and_its_answer_is_one() -> None:
    # API Gateway developer guide, "Configuring CORS for an HTTP API with a $default route and an authorizer".
    api, asks = api_of(ApiKind.HTTP, cors=CORS), asked()
    assert preflight(api, asks, matched_of(asks)) is None
    answer = with_cors(api, asks, HttpAnswer(status=200, headers=(("access-control-allow-methods", "PUT"),)))
    assert headers(answer)["access-control-allow-methods"] == "GET,POST"
    assert headers(answer)["access-control-max-age"] == "300"
    assert "access-control-expose-headers" not in headers(answer)


OF_FUNCTION = HttpAnswer(status=200, headers=(("Access-Control-Allow-Origin", "https://mine"), ("a", "b")))


def origins(kind: ApiKind, **members: Any) -> list[str]:
    request = request_of(headers={"Origin": "https://example.com"})
    answer = with_cors(api_of(kind, **members), request, OF_FUNCTION)
    return [value for name, value in answer.headers if name.lower() == "access-control-allow-origin"]


def test_an_http_api_puts_its_own_in_place_of_the_functions() -> None:
    # API Gateway developer guide: "API Gateway ignores CORS headers returned from your backend integration".
    assert origins(ApiKind.HTTP, cors=CORS) == ["https://example.com"]
    assert origins(ApiKind.HTTP) == ["https://mine"]


def test_a_function_url_adds_its_own_to_the_functions() -> None:
    # Lambda developer guide: both are returned, duplicates too.
    assert origins(ApiKind.FUNCTION_URL, cors=CORS) == ["https://mine", "https://example.com"]


def test_refusals_can_be_read_by_a_browser_too() -> None:
    request = request_of(headers={"Origin": "https://example.com"})
    api = api_of(ApiKind.HTTP, cors=CORS)
    answer = finished(api, request, refused(api, request, UNAUTHORIZED))
    assert headers(answer)["access-control-expose-headers"] == "date"
    assert json.loads(answer.body) == {"message": "Unauthorized"}
