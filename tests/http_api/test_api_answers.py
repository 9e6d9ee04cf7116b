"""What a client gets of what a function has returned, where the table exchanges.yaml cannot hold it well.

Each test says where AWS's own answer is found.
"""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest
from api_kit import REQUEST_ID, api_of, matched_of, request_of, route_of
from hypothesis import given
from hypothesis import strategies as st

from samlocal.http_api.answers.answer import Answered, answer, finished
from samlocal.http_api.answers.rest import mapped_answer
from samlocal.http_api.events.event import event
from samlocal.http_api.exchange import Fields, HttpAnswer
from samlocal.http_api.identifiers import extended_id
from samlocal.http_api.integration import PayloadFormat
from samlocal.http_api.model import ApiKind
from samlocal.sandbox.result import FunctionError, InitFailed, Result, Success, TimedOut, crashed, timed_out

EXTENDED = extended_id(REQUEST_ID)


def answered(
    kind: ApiKind, returned: object, *, payload_format: PayloadFormat = PayloadFormat.V2, method: str = "GET",
    headers: dict[str, str] | None = None, **members: Any,
) -> Answered:  # fmt: skip
    payload = returned if isinstance(returned, bytes) else json.dumps(returned).encode()
    request = request_of(method, headers={"Host": "h", **(headers or {})})
    route = route_of(payload_format=payload_format)
    api = api_of(kind, **members)
    found = answer(api, matched_of(request, route), request, Success(payload=payload))
    return Answered(answer=finished(api, request, found.answer), remark=found.remark)


def made(kind: ApiKind, returned: object, **more: Any) -> HttpAnswer:
    return answered(kind, returned, **more).answer


def values(answer: HttpAnswer, name: str) -> list[str]:
    return [value for each, value in answer.headers if each.lower() == name.lower()]


def content_type(answer: HttpAnswer) -> str:
    (value,) = values(answer, "content-type")
    return value


def test_a_rest_apis_answer_is_json_unless_the_function_says_otherwise() -> None:
    assert content_type(made(ApiKind.REST, {"statusCode": 200})) == "application/json"
    assert content_type(made(ApiKind.REST, {"headers": {"content-type": "text/html"}})) == "text/html"
    assert content_type(made(ApiKind.REST, {"multiValueHeaders": {"Content-Type": ["text/css"]}})) == "text/css"
    # aws/aws-sam-cli issue 1218: null takes it away.
    assert values(made(ApiKind.REST, {"headers": {"Content-Type": None}}), "content-type") == []


def test_a_rest_apis_answer_has_its_ids() -> None:
    # localstack/localstack, test_apigateway_http.snapshot.json, recorded on AWS.
    answer = made(ApiKind.REST, {})
    assert values(answer, "x-amzn-requestid") == [REQUEST_ID]
    assert values(answer, "x-amz-apigw-id") == [EXTENDED]
    assert values(answer, "x-amzn-trace-id")[0].startswith("Root=1-")


def test_a_rest_apis_ids_are_those_of_the_event() -> None:
    request = request_of()
    api = api_of(ApiKind.REST)
    context = json.loads(event(api, matched_of(request), request))["requestContext"]
    answer = made(ApiKind.REST, {})
    assert values(answer, "x-amz-apigw-id") == [context["extendedRequestId"]]
    assert values(answer, "x-amzn-requestid") == [context["requestId"]]


def test_single_and_multi_value_headers_are_one_list_without_doubles() -> None:
    # API Gateway developer guide, "Output format": merged; the same pair in both is there once.
    answer = made(
        ApiKind.REST,
        {
            "headers": {"a": "1", "b": "2", "Set-Cookie": "x=1"},
            "multiValueHeaders": {"a": ["1", "3"], "Set-Cookie": ["y=2", "z=3"]},
        },
    )
    assert sorted(values(answer, "a")) == ["1", "3"]
    assert values(answer, "b") == ["2"]
    assert values(answer, "set-cookie") == ["y=2", "z=3", "x=1"]


def test_header_values_that_are_no_strings_are_spelt_as_json() -> None:
    # localstack/localstack, aws.py: booleans validated on AWS.
    answer = made(ApiKind.REST, {"headers": {"a": True, "b": False, "c": 3}})
    assert [values(answer, name) for name in "abc"] == [["true"], ["false"], ["3"]]


@pytest.mark.parametrize(
    "name",
    ["Connection", "Content-Length", "Date", "Server", "WWW-Authenticate", "Authorization", "Host", "User-Agent"],
)
def test_a_rest_api_renames_headers_that_are_its_own(name: str) -> None:
    # API Gateway developer guide, "Important notes for REST APIs"; dherault/serverless-offline issue 236.
    answer = made(ApiKind.REST, {"headers": {name: "x"}})
    assert values(answer, f"x-amzn-remapped-{name}") == ["x"]
    assert values(answer, name) == []


def test_a_rest_api_that_cannot_decode_is_wrongly_configured() -> None:
    # API Gateway developer guide, "Gateway response types": API_CONFIGURATION_ERROR, 500.
    found = answered(ApiKind.REST, {"body": "!", "isBase64Encoded": True}, binary_media_types=("*/*",))
    assert (found.answer.status, found.answer.body) == (500, b'{"message": "Internal server error"}')
    assert "base64" in (found.remark or "")


def test_a_rest_api_compresses_what_is_large_enough_for_who_takes_it() -> None:
    # API Gateway developer guide, "Enable payload compression".
    returned = {"body": "x" * 100}
    packed = made(ApiKind.REST, returned, headers={"Accept-Encoding": "br, gzip"}, minimum_compression_size=100)
    assert gzip.decompress(packed.body) == b"x" * 100
    assert values(packed, "content-encoding") == ["gzip"]
    for least, accepted in ((101, "gzip"), (100, "br"), (None, "gzip")):
        headers = {"Accept-Encoding": accepted}
        plain = made(ApiKind.REST, returned, headers=headers, minimum_compression_size=least)
        assert plain.body == b"x" * 100


def test_an_http_api_says_its_request_id() -> None:
    # API Gateway developer guide, "Troubleshooting … JWT authorizers": apigw-requestid: Mc7UVioPPHcEKPA=.
    assert values(made(ApiKind.HTTP, "x"), "apigw-requestid") == [EXTENDED]


PAGE = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    b"<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
)


def test_a_load_balancer_sends_one_date_and_one_name_of_a_server() -> None:
    # RFC 9110, 6.6.1 and 10.2.4: neither is a list.
    answer = made(ApiKind.ALB, {"statusCode": 200, "headers": {"Date": "today", "Server": "mine"}})
    assert (values(answer, "date"), values(answer, "server")) == ([], ["mine"])
    assert values(made(ApiKind.ALB, {"statusCode": 200}), "server") == ["awselb/2.0"]


def test_a_load_balancer_takes_no_more_than_a_megabyte() -> None:
    # ELB user guide, "Lambda functions as targets".
    answer = made(ApiKind.ALB, {"statusCode": 200, "headers": {}, "body": "x" * 1024 * 1024})
    assert (answer.status, answer.body, content_type(answer)) == (502, PAGE, "text/html")


FAILURES: list[Result] = [
    FunctionError(payload=b'{"errorMessage": "x", "errorType": "Exception"}'),
    timed_out("r", 3),
    crashed("r", 1, out_of_memory=False),
    InitFailed(payload=b"{}"),
]


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        # faiscadev/fakecloud pull request 2413; serverless/serverless issue 8671.
        (ApiKind.REST, 502, b'{"message": "Internal server error"}'),
        # awslabs/aws-lambda-cpp issue 117.
        (ApiKind.HTTP, 500, b'{"message":"Internal Server Error"}'),
        # localstack/localstack, test_lambda_url_invocation_exception, validated on AWS.
        (ApiKind.FUNCTION_URL, 502, b"Internal Server Error"),
        (ApiKind.ALB, 502, PAGE),
    ],
)
def test_a_function_that_fails_is_not_shown_to_the_client(
    kind: ApiKind, status: int, body: bytes, failure: Result
) -> None:
    request = request_of()
    found = answer(api_of(kind), matched_of(request), request, failure)
    assert (found.answer.status, found.answer.body) == (status, body)


def test_head_and_bodiless_statuses_have_no_body() -> None:
    for kind in (ApiKind.REST, ApiKind.HTTP, ApiKind.FUNCTION_URL, ApiKind.ALB):
        assert made(kind, {"statusCode": 200, "body": "x"}, method="HEAD").body == b""
        assert made(kind, {"statusCode": 204, "body": "x"}).body == b""


def test_an_integration_response_answers_with_its_headers_and_the_apis_own() -> None:
    headers = {"Access-Control-Allow-Origin": "*"}
    answer = mapped_answer(api_of(ApiKind.REST), request_of("OPTIONS"), status=200, headers=headers, body=b"{}\n")
    assert (answer.status, answer.body) == (200, b"{}\n")
    assert values(answer, "access-control-allow-origin") == ["*"]
    assert values(answer, "x-amzn-requestid") == [REQUEST_ID]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
RESPONSES = st.dictionaries(
    st.sampled_from(
        ["statusCode", "headers", "multiValueHeaders", "cookies", "body", "isBase64Encoded", "statusDescription"]
    ),
    JSON | st.integers(99, 600) | st.dictionaries(st.text(max_size=8), JSON, max_size=3),
)
PAYLOADS = st.binary(max_size=30) | (JSON | RESPONSES).map(lambda value: json.dumps(value).encode())


def is_sent(headers: Fields) -> bool:
    return all(
        name.isascii() and name and not set(name) & set(" :\r\n\0") and not set(value.encode("latin-1")) & {0, 10, 13}
        for name, value in headers
    )


@given(
    kind=st.sampled_from([ApiKind.REST, ApiKind.HTTP, ApiKind.FUNCTION_URL, ApiKind.ALB]),
    payload_format=st.sampled_from(PayloadFormat),
    payload=PAYLOADS,
    multi=st.booleans(),
    binary=st.sampled_from([(), ("*/*",)]),
)
def test_any_payload_has_an_answer_that_http_can_carry(
    kind: ApiKind, payload_format: PayloadFormat, payload: bytes, binary: tuple[str, ...], *, multi: bool
) -> None:
    found = answered(
        kind, payload, payload_format=payload_format, multi_value_headers=multi, binary_media_types=binary
    )
    assert 200 <= found.answer.status < 600
    assert is_sent(found.answer.headers)


@given(st.binary(max_size=60))
def test_bytes_survive_base64(data: bytes) -> None:
    returned = {"statusCode": 200, "body": base64.b64encode(data).decode(), "isBase64Encoded": True}
    for kind in (ApiKind.HTTP, ApiKind.FUNCTION_URL, ApiKind.ALB):
        assert made(kind, returned).body == data
    assert made(ApiKind.REST, returned, binary_media_types=("*/*",)).body == data


def test_a_timeout_of_the_functions_own_is_a_failure() -> None:
    assert isinstance(FAILURES[1], TimedOut)
