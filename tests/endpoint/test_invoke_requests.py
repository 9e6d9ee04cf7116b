"""What Lambda takes of a request, and what it refuses with which words."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable

import pytest

from samlocal.deployed.place import Place
from samlocal.endpoint.api_error import ApiError
from samlocal.endpoint.function_reference import FunctionReference, function_reference
from samlocal.endpoint.invoke_request import InvocationType, invoke_request

HERE = Place(region="eu-west-1", account="123456789012")


@pytest.mark.parametrize(
    ("text", "name", "qualifier"),
    [
        ("my-function", "my-function", None),
        ("my-function:v1", "my-function", "v1"),
        ("my-function:$LATEST", "my-function", "$LATEST"),
        ("function:my-function", "my-function", None),
        ("123456789012:function:my-function", "my-function", None),
        ("123456789012:function:my-function:v1", "my-function", "v1"),
        ("arn:aws:lambda:eu-west-1:123456789012:function:my-function", "my-function", None),
        ("arn:aws:lambda:eu-west-1:123456789012:function:my-function:v1", "my-function", "v1"),
        ("Child/Fn", "Child/Fn", None),
    ],
)
def test_a_function_is_named_by_name_part_of_an_arn_or_all_of_it(text: str, name: str, qualifier: str | None) -> None:
    assert function_reference(text, qualifier=None, place=HERE) == FunctionReference(name=name, qualifier=qualifier)


def test_the_qualifier_may_stand_in_the_query_and_in_the_name_when_it_is_the_same() -> None:
    assert function_reference("fn:v1", qualifier="v1", place=HERE).qualifier == "v1"
    assert function_reference("fn", qualifier="v1", place=HERE).qualifier == "v1"


@pytest.mark.parametrize(
    ("text", "qualifier", "status", "error_type", "message"),
    [
        (
            "fn:v1",
            "v2",
            400,
            "InvalidParameterValueException",
            "The derived qualifier from the function name does not match the specified qualifier.",
        ),
        (
            "arn:aws:lambda:us-east-2:123456789012:function:fn",
            None,
            404,
            "ResourceNotFoundException",
            "Functions from 'us-east-2' are not reachable in this region ('eu-west-1')",
        ),
        (
            "arn:aws:lambda:eu-west-1:999999999999:function:fn",
            None,
            404,
            "ResourceNotFoundException",
            "Function not found: arn:aws:lambda:eu-west-1:999999999999:function:fn",
        ),
        ("what is this", None, 400, "ValidationException", "1 validation error detected: Value 'what is this'"),
        (
            "fn",
            "no such!",
            400,
            "ValidationException",
            "1 validation error detected: Value 'no such!' at 'qualifier'",
        ),
        (
            "fn",
            "q" * 129,
            400,
            "ValidationException",
            f"1 validation error detected: Value '{'q' * 129}' at 'qualifier' failed to satisfy constraint: "
            "Member must have length less than or equal to 128",
        ),
    ],
)
def test_what_names_no_function_is_refused_in_lambdas_words(
    text: str, qualifier: str | None, status: int, error_type: str, message: str
) -> None:
    with pytest.raises(ApiError) as refused:
        function_reference(text, qualifier=qualifier, place=HERE)
    assert (refused.value.status, refused.value.error_type) == (status, error_type)
    body = refused.value.body
    assert (body.get("message") or body["Message"]).startswith(message)


@pytest.mark.parametrize(
    ("headers", "body", "status", "error_type", "message"),
    [
        ({}, b"{x", 400, "InvalidRequestContentException", "Could not parse request body into json: Could not parse"),
        ({}, b"NaN", 400, "InvalidRequestContentException", "Could not parse request body into json: "),
        ({}, b"\xff", 400, "InvalidRequestContentException", "Could not parse request body into json: "),
        (
            {},
            b'"' + b"x" * 6_291_456 + b'"',
            413,
            "RequestEntityTooLargeException",
            "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
        ),
        (
            {"x-amz-invocation-type": "Event"},
            b'"' + b"x" * 1_048_575 + b'"',
            413,
            "RequestEntityTooLargeException",
            "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)",
        ),
        (
            {"x-amz-client-context": "no base64!"},
            b"",
            400,
            "InvalidRequestContentException",
            "Client context must be a valid Base64-encoded JSON object.",
        ),
        (
            {"x-amz-client-context": base64.b64encode(b"[]").decode()},
            b"",
            400,
            "InvalidRequestContentException",
            "Client context must be a valid Base64-encoded JSON object.",
        ),
        (
            {"x-amz-invocation-type": "Later"},
            b"",
            400,
            "ValidationException",
            "1 validation error detected: Value 'Later' at 'invocationType' failed to satisfy constraint: "
            "Member must satisfy enum value set: [Event, RequestResponse, DryRun]",
        ),
    ],
)
def test_a_wrong_request_is_refused_in_lambdas_words(
    headers: dict[str, str], body: bytes, status: int, error_type: str, message: str
) -> None:
    with pytest.raises(ApiError) as refused:
        invoke_request(headers, body, request_id="r", qualifier=None)
    assert (refused.value.status, refused.value.error_type) == (status, error_type)
    assert refused.value.body["message"].startswith(message)


def test_no_body_is_the_empty_event() -> None:
    assert invoke_request({}, b"", request_id="r", qualifier=None).request.payload == b"{}"


def test_the_payload_reaches_the_function_as_it_was_sent() -> None:
    body = b'{ "n": 1%s, "a" : [1.0] }' % (b"0" * 5000)
    assert invoke_request({}, body, request_id="r", qualifier=None).request.payload == body


@pytest.mark.parametrize(
    "body",
    [
        b"[1,]",
        b'{"a" 1}',
        b"{}x",
        b"01",
        b"tru",
        b'"\x01"',
        b'"\\x"',
        b'["\xff"]',
        b'[{"\xc3": 1}]',
        b"[NaN]",
        b"-Infinity",
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
    ],
)
def test_what_is_no_json_is_refused_wherever_its_fault_is(body: bytes) -> None:
    with pytest.raises(ApiError) as refused:
        invoke_request({}, body, request_id="r", qualifier=None)
    assert refused.value.error_type == "InvalidRequestContentException"


@pytest.mark.parametrize("body", [b' {"a": 1, "a": 2}\n', b'"\\ud800"', b"1e999999", b'"\xf0\x9f\x98\x80"'])
def test_json_that_is_seldom_is_json(body: bytes) -> None:
    assert invoke_request({}, body, request_id="r", qualifier=None).request.payload == body


def test_a_large_event_is_checked_in_a_fraction_of_what_pythons_json_takes() -> None:
    # Nobody else is served meanwhile.
    body = json.dumps([{"number": number, "text": "x" * 50} for number in range(75_000)]).encode()
    assert 5_500_000 < len(body) < 6_291_456

    def fastest(work: Callable[[], object]) -> float:
        took = []
        for _ in range(5):
            began = time.perf_counter()
            work()
            took.append(time.perf_counter() - began)
        return min(took)

    ours = fastest(lambda: invoke_request({}, body, request_id="r", qualifier=None))
    assert ours < 0.4 * fastest(lambda: json.loads(body))


def test_a_request_without_a_trace_has_one() -> None:
    request = invoke_request({}, b"", request_id="r", qualifier=None).request
    assert request.trace_id is not None
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=[01]", request.trace_id)


def test_the_headers_of_a_request_are_the_invocations_own() -> None:
    context = json.dumps({"custom": {"k": "ü"}})
    asked = invoke_request(
        {
            "x-amz-invocation-type": "Event",
            "x-amz-log-type": "Tail",
            "x-amz-client-context": base64.b64encode(context.encode()).decode(),
            "x-amzn-trace-id": "Root=1-5759e988-bd862e3fe1be46a994272793",
            "x-amz-tenant-id": "blue",
        },
        b"1",
        request_id="r",
        qualifier="live",
    )
    assert (asked.type, asked.tail) == (InvocationType.EVENT, True)
    request = asked.request
    assert request.client_context == context
    assert request.trace_id == "Root=1-5759e988-bd862e3fe1be46a994272793"
    assert (request.tenant_id, request.request_id, request.qualifier) == ("blue", "r", "live")


def test_a_streamed_response_is_never_asked_for_as_an_event() -> None:
    with pytest.raises(ApiError) as refused:
        invoke_request({"x-amz-invocation-type": "Event"}, b"", request_id="r", qualifier=None, streams=True)
    assert refused.value.body["message"].endswith("enum value set: [RequestResponse, DryRun]")
