"""The situations in which SAM CLI's own integration tests ask ``sam local start-api``, and what it is to answer.

Source: aws/aws-sam-cli, ``tests/integration/local/start_api/test_start_api.py`` and ``lambda_authorizers/``. Where
the deployed API answers otherwise, so does samlocal: ``DIFFERENT`` has what SAM CLI expects, and AWS's word. Requests
are as the library ``requests`` sends them, which accepts ``*/*``.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
from handlers_kit import Served
from sam_cli_kit import GIF, HANDLERS, TEMPLATE, WORLD

from samlocal.http_api.exchange import HttpAnswer
from samlocal.http_api.model import ApiKind

REST, HTTP = ApiKind.REST, ApiKind.HTTP
HELLO = json.loads(str(WORLD["body"]))
INTERNAL = {"message": "Internal server error"}
UNAUTHORIZED = {"message": "Unauthorized"}
SENT_IMAGE = {"Content-Type": "image/gif"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LISTED = {"Content-Type": "application/x-www-form-urlencoded, image/gif"}
KNOWN = {"header": "myheader"}


class Answer(NamedTuple):
    """``body`` is JSON, text or bytes; None says nothing of it. A header that is None is not there."""

    status: int
    body: Any = None
    headers: Mapping[str, str | None] = {}


class Asked(NamedTuple):
    kind: ApiKind
    method: str
    target: str
    headers: Mapping[str, str] = {}
    body: bytes = b""


AGREED = [
    *((Asked(kind, method, "/anyandall"), Answer(200, HELLO)) for kind in (REST, HTTP)
      for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")),
    *((Asked(kind, "HEAD", "/anyandall"), Answer(200, "")) for kind in (REST, HTTP)),
    *((Asked(kind, "GET", "/proxypath/this/is/some/path"), Answer(200, HELLO)) for kind in (REST, HTTP)),
    *((Asked(kind, "OPTIONS", "/nocontent"), Answer(204)) for kind in (REST, HTTP)),
    *((Asked(kind, "GET", "/multi"), Answer(200, None, {"content-type": "text/plain",
      "mycustomheader": "Value1, Value2"})) for kind in (REST, HTTP)),
    (Asked(REST, "GET", "/overridden"), Answer(200, None, {"mycustomheader": "Value1, Value2, Custom"})),
    (Asked(REST, "GET", "/id"), Answer(403, {"message": "Missing Authentication Token"})),
    (Asked(REST, "GET", "/text"), Answer(502, INTERNAL)),
    (Asked(REST, "GET", "/hash"), Answer(502, INTERNAL)),
    (Asked(REST, "GET", "/onlystatus"), Answer(200, "", {"content-type": "application/json",
     "access-control-allow-origin": None, "access-control-allow-methods": None})),
    (Asked(REST, "GET", "/onlybody"), Answer(200, HELLO)),
    (Asked(REST, "GET", "/stringstatus"), Answer(200)),
    (Asked(REST, "GET", "/integerbody"), Answer(200, "42")),
    (Asked(HTTP, "GET", "/hash"), Answer(200, {"foo": "bar"})),
    (Asked(HTTP, "GET", "/text"), Answer(200, "This is invalid")),
    (Asked(HTTP, "GET", "/integer"), Answer(200, "2")),
    (Asked(HTTP, "GET", "/unexpected"), Answer(200, HELLO)),
    (Asked(HTTP, "POST", "/back", SENT_IMAGE, GIF), Answer(200, GIF, {"content-type": "image/gif"})),
    (Asked(HTTP, "GET", "/image"), Answer(200, GIF, {"content-type": "image/gif"})),
    *((Asked(kind, "GET", "/notdecoded"), Answer(200, base64.b64encode(GIF).decode(),
      {"content-type": "image/gif"})) for kind in (REST, HTTP)),
    *((Asked(REST, "GET", f"/asks/{name}"), Answer(401, UNAUTHORIZED)) for name in ("allow", "deny", "fails")),
    *((Asked(HTTP, "GET", f"/asks/{name}"), Answer(401, UNAUTHORIZED)) for name in ("simple", "simpleno", "fails")),
]  # fmt: skip

# What is asked, what SAM CLI expects, what AWS answers, and who says so.
DIFFERENT = [
    (
        # API Gateway developer guide, "Return binary media from a Lambda proxy integration": what the client accepts
        # first must be one of the API's binary types.
        Asked(REST, "GET", "/image"), Answer(200, GIF), Answer(200, base64.b64encode(GIF).decode()),
    ),
    (
        Asked(REST, "POST", "/back", SENT_IMAGE, GIF), Answer(200, GIF), Answer(200, base64.b64encode(GIF).decode()),
    ),
    *(
        # API Gateway developer guide, "Troubleshooting issues with HTTP API Lambda integrations".
        (Asked(HTTP, "GET", f"/old/{name}"), Answer(502, INTERNAL), Answer(500, {"message": "Internal Server Error"}))
        for name in ("hash", "text")
    ),
    (
        # API Gateway developer guide, "Configure CORS for HTTP APIs": the API answers a preflight, which has an
        # origin and a method; anything else is for the routes.
        Asked(HTTP, "OPTIONS", "/back"),
        Answer(200, None, {"access-control-allow-origin": "*", "access-control-max-age": "42"}),
        Answer(404, {"message": "Not Found"}, {"access-control-max-age": None}),
    ),
    (
        # dev.to, "API Gateway + Lambda authorizer + Lambda proxy integration failure modes".
        Asked(REST, "GET", "/asks/deny?query=q", KNOWN),
        Answer(403, {"message": "User is not authorized to access this resource"}),
        Answer(403, {"Message": "User is not authorized to access this resource with an explicit deny"}),
    ),
    (
        # API Gateway developer guide, "Troubleshooting issues with HTTP API Lambda authorizers".
        Asked(HTTP, "GET", "/asks/simpleno?query=q", KNOWN),
        Answer(403, {"message": "User is not authorized to access this resource"}),
        Answer(403, {"message": "Forbidden"}),
    ),
    (
        # API Gateway developer guide, "Gateway response types": AUTHORIZER_CONFIGURATION_ERROR. The body: aws/chalice
        # issue 670.
        Asked(REST, "GET", "/asks/fails?query=q", KNOWN), Answer(502, INTERNAL), Answer(500, {"message": None}),
    ),
    (
        # API Gateway developer guide, "Troubleshooting issues with HTTP API Lambda authorizers".
        Asked(HTTP, "GET", "/asks/fails?query=q", KNOWN),
        Answer(502, INTERNAL),
        Answer(500, {"message": "Internal Server Error"}),
    ),
]  # fmt: skip

# What the function is to see, as a path into its event.
SEEN = [
    (Asked(REST, "POST", "/echo", FORM, b"key=value"), "body", "key=value"),
    (Asked(REST, "POST", "/echo", FORM, b"key=value"), "headers.Content-Type", FORM["Content-Type"]),
    (Asked(REST, "GET", "/echo"), "handler", "other"),
    (Asked(REST, "GET", "/echo", LISTED), "multiValueHeaders.Content-Type", [LISTED["Content-Type"]]),
    (Asked(REST, "GET", "/echo", LISTED), "headers.Content-Type", LISTED["Content-Type"]),
    (Asked(REST, "GET", "/id/4?key=value"), "queryStringParameters", {"key": "value"}),
    (Asked(REST, "GET", "/id/4?key=value"), "multiValueQueryStringParameters", {"key": ["value"]}),
    (Asked(REST, "GET", "/id/4?key=value&key=value2"), "queryStringParameters", {"key": "value2"}),
    (
        Asked(REST, "GET", "/id/4?key=value&key=value2"),
        "multiValueQueryStringParameters",
        {"key": ["value", "value2"]},
    ),
    (Asked(REST, "GET", "/id/4"), "pathParameters", {"id": "4"}),
    (Asked(REST, "GET", "/id/4/user/jacob"), "pathParameters", {"id": "4", "user": "jacob"}),
    (Asked(REST, "GET", "/id/4"), "headers.X-Forwarded-Proto", "http"),
    (Asked(REST, "GET", "/id/4"), "multiValueHeaders.X-Forwarded-Proto", ["http"]),
    (Asked(REST, "GET", "/id/4"), "headers.X-Forwarded-Port", "3000"),
    (Asked(REST, "GET", "/id/4"), "multiValueHeaders.X-Forwarded-Port", ["3000"]),
    (Asked(REST, "GET", "/echo"), "requestContext.stage", "Prod"),
    (Asked(REST, "GET", "/echo"), "stageVariables", {"VarName": "varValue"}),
    (Asked(REST, "GET", "/asks/allow?query=q", KNOWN), "requestContext.authorizer.passed", "from authorizer"),
    (Asked(HTTP, "GET", "/asks/simple?query=q", KNOWN), "requestContext.authorizer.lambda.passed", "from authorizer"),
    (Asked(HTTP, "GET", "/echo"), "version", "2.0"),
    (Asked(HTTP, "GET", "/echo", LISTED), "multiValueHeaders", None),
    # SAM CLI writes Content-Type; AWS, small letters (hotsock/voker, ``vokerhttp/testdata``, recorded).
    (Asked(HTTP, "GET", "/echo", LISTED), "headers.content-type", LISTED["Content-Type"]),
    (Asked(HTTP, "GET", "/echo?key=value&key=value2"), "queryStringParameters", {"key": "value,value2"}),
    (Asked(HTTP, "GET", "/echo?key=value&key=value2"), "multiValueQueryStringParameters", None),
    (Asked(HTTP, "GET", "/echo"), "stageVariables", {"VarName": "varValue"}),
    (Asked(HTTP, "GET", "/echo"), "requestContext.operationName", None),
]


@pytest.fixture(scope="module")
def served() -> Served:
    return Served(TEMPLATE, HANDLERS)


@pytest.mark.parametrize(("asked", "expected"), AGREED, ids=str)
def test_what_sam_cli_answers_too(served: Served, asked: Asked, expected: Answer) -> None:
    _check(_answer(served, asked), expected)


@pytest.mark.parametrize(("asked", "of_sam_cli", "of_aws"), DIFFERENT, ids=str)
def test_where_sam_cli_answers_otherwise_the_answer_is_awss(
    served: Served, asked: Asked, of_sam_cli: Answer, of_aws: Answer
) -> None:
    answer = _answer(served, asked)
    _check(answer, of_aws)
    with pytest.raises(AssertionError):
        _check(answer, of_sam_cli)


@pytest.mark.parametrize(("asked", "path", "expected"), SEEN, ids=str)
def test_what_the_function_sees_there(served: Served, asked: Asked, path: str, expected: object) -> None:
    found: Any = json.loads(_answer(served, asked).body)
    for name in path.split("."):
        found = found.get(name)
    assert found == expected


def _answer(served: Served, asked: Asked) -> HttpAnswer:
    return served.ask(asked.kind, asked.method, asked.target, headers=asked.headers, body=asked.body)


def _check(answer: HttpAnswer, expected: Answer) -> None:
    assert answer.status == expected.status
    body: object = answer.body
    if isinstance(expected.body, str):
        body = answer.body.decode()
    elif not isinstance(expected.body, bytes):
        body = json.loads(answer.body) if expected.body is not None else None
    assert body == expected.body
    for name, value in expected.headers.items():
        found = [each for header, each in answer.headers if header.lower() == name]
        assert (", ".join(found) if found else None) == value
