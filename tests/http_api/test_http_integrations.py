"""HTTP integrations that are no proxies, against a server: what it gets, and what the client does.

Sources: API Gateway developer guide, "Mapping template and parameter mapping for REST APIs", "Override your API's
request and response parameters and status codes", "Set up an integration response", "Content type conversions in API
Gateway" (its two tables); what the server gets beside what is mapped was recorded on
AWS (localstack/localstack, ``test_apigateway_http.snapshot.json``).
"""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import yaml
from front_kit import FakePool, Heard, answered, ran
from msgspec import Struct
from routes_kit import api, request

from samlocal.http_api.server_connection import asked
from samlocal.sandbox.result import Success
from samlocal.service.waits import Waits

PNG = b"\x89PNG\r\n\x1a\n\xff"


class Asked(Struct, kw_only=True):
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Server:
    """Answers every request with the same, and keeps what it was asked."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        own = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                own.asked.append(
                    Asked(
                        method=self.command,
                        target=self.path,
                        headers=dict(self.headers.items()),
                        body=self.rfile.read(length),
                    )
                )
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_PUT = do_POST  # noqa: N815 - http.server's

            def log_message(self, *_: object) -> None: ...

        self.asked: list[Asked] = []
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"


@contextmanager
def server(status: int = 200, body: bytes = b'{"ok": true}', **headers: str) -> Iterator[Server]:
    made = Server(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)
    thread = threading.Thread(target=made.http.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield made
    finally:
        made.http.shutdown()
        thread.join()
        made.http.server_close()


def template(integration: dict[str, Any], *, binary: tuple[str, ...] = ()) -> str:
    """A REST API with one method, as an OpenAPI document."""
    document = {
        "openapi": "3.0.1",
        "info": {"title": "t"},
        "x-amazon-apigateway-binary-media-types": list(binary),
        "paths": {"/things/{id}": {"post": {"x-amazon-apigateway-integration": {"type": "http", **integration}}}},
    }
    resources = {
        "Fn": {
            "Type": "AWS::Lambda::Function",
            "Properties": {"Runtime": "python3.11", "Handler": "app.handler", "Code": "src", "Role": "r"},
        },
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": document}},
        "Stage": {
            "Type": "AWS::ApiGateway::Stage",
            "Properties": {"RestApiId": {"Ref": "Api"}, "StageName": "live", "Variables": {"colour": "blue"}},
        },
    }
    return yaml.safe_dump({"Resources": resources}, sort_keys=False)


def exchanged(
    integration: dict[str, Any],
    *,
    heard: Heard | None = None,
    binary: tuple[str, ...] = (),
    query: str = "",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
) -> tuple[int, dict[str, str], bytes]:
    given = {"httpMethod": "POST", "responses": {"default": {"statusCode": "200"}}} | integration
    return answered(
        api(template(given, binary=binary), head=""),
        request("POST", "/things/a%20b", query=query, headers=headers, body=body),
        FakePool(),
        heard=heard,
    )


def test_a_server_gets_what_is_mapped_and_nothing_else_of_the_client() -> None:
    with server() as behind:
        status, _, body = exchanged(
            {
                "uri": f"{behind.url}/v2/{{thing}}/${{stageVariables.colour}}",
                "httpMethod": "PUT",
                "requestParameters": {
                    "integration.request.path.thing": "method.request.path.id",
                    "integration.request.querystring.page": "method.request.querystring.p",
                    "integration.request.querystring.all": "method.request.multivaluequerystring.tag",
                    "integration.request.querystring.none": "method.request.querystring.absent",
                    "integration.request.header.X-User": "context.stage",
                    "integration.request.header.X-Fixed": "'always'",
                    "integration.request.header.X-Name": "method.request.body.user.name",
                },
            },
            query="p=1&p=2&tag=a&tag=b%26&other=3",
            headers={"X-Secret": "no", "Content-Type": "application/json", "Accept": "text/html"},
            body=b'{"user": {"name": "Ada"}}',
        )

    assert (status, body) == (200, b'{"ok": true}')
    (asked,) = behind.asked
    assert (asked.method, asked.target) == ("PUT", "/v2/a%20b/blue?page=2&all=a&all=b%26")
    assert asked.body == b'{"user": {"name": "Ada"}}'
    assert asked.headers.pop("X-Amzn-Trace-Id").startswith("Root=1-")
    api_id = asked.headers["X-Amzn-Apigateway-Api-Id"]
    assert asked.headers == {
        "Host": behind.url.removeprefix("http://"),
        "Accept": "application/json",
        "User-Agent": f"AmazonAPIGateway_{api_id}",
        "X-Amzn-Apigateway-Api-Id": api_id,
        "Content-Type": "application/json",
        "Content-Length": "25",
        "X-User": "live",
        "X-Fixed": "always",
        "X-Name": "Ada",
    }


def test_a_request_template_makes_the_body_and_overrides_what_is_mapped() -> None:
    text = """\
#set($context.requestOverride.path.thing = "other")
#set($context.requestOverride.querystring.page = "9")
#set($context.requestOverride.header.X-Fixed = $input.params("id"))
{"name": $input.json("$.name")}"""
    heard = Heard()
    with server() as behind:
        exchanged(
            {
                "uri": f"{behind.url}/{{thing}}",
                "requestParameters": {
                    "integration.request.path.thing": "method.request.path.id",
                    "integration.request.querystring.page": "'1'",
                    "integration.request.header.X-Fixed": "'always'",
                },
                "requestTemplates": {"application/json": text},
            },
            body=b'{"name": "Ada"}',
            heard=heard,
        )

    assert heard.remarks == []
    (asked,) = behind.asked
    assert (asked.target, asked.headers["X-Fixed"]) == ("/other?page=9", "a%20b")
    assert json.loads(asked.body) == {"name": "Ada"}


@pytest.mark.parametrize(
    ("said", "status", "body"),
    [
        (200, 200, b'{"ok": true}'),
        (404, 410, b'{"gone": true}'),
        (503, 502, b'{"ok": true}'),
        (302, 200, b'{"ok": true}'),
    ],
)
def test_the_servers_status_chooses_the_integration_response(said: int, status: int, body: bytes) -> None:
    responses = {
        "default": {"statusCode": "200"},
        "404": {"statusCode": "410", "responseTemplates": {"application/json": '{"gone": $input.json("$.ok")}'}},
        r"5\d{2}": {"statusCode": "502"},
    }
    with server(said) as behind:
        assert exchanged({"uri": behind.url, "responses": responses})[::2] == (status, body)


def test_the_servers_headers_and_body_reach_the_client_as_they_are_mapped_alone() -> None:
    parameters = {
        "method.response.header.X-One": "integration.response.header.X-Own",
        "method.response.header.X-Ok": "integration.response.body.ok",
        "method.response.header.X-Stage": "context.stage",
        "method.response.header.X-None": "integration.response.header.absent",
    }
    with server(200, X_Own="1", X_Other="2", Content_Type="text/plain") as behind:
        responses = {"default": {"statusCode": "201", "responseParameters": parameters}}
        status, headers, _ = exchanged({"uri": behind.url, "responses": responses})

    assert (status, headers["x-one"], headers["x-ok"], headers["x-stage"]) == (201, "1", "true", "live")
    assert headers["content-type"] == "application/json"
    assert not {"x-other", "x-own", "x-none"} & headers.keys()


def test_a_status_that_no_response_fits_is_an_error_of_the_apis() -> None:
    heard = Heard()
    with server(500) as behind:
        answer = exchanged({"uri": behind.url, "responses": {"200": {"statusCode": "200"}}}, heard=heard)

    assert (answer[0], json.loads(answer[2])) == (500, {"message": "Internal server error"})
    assert heard.remarks == ["Api: POST /things/{id}: none of its responses fits, and none is the default."]


def test_a_header_that_api_gateway_sets_is_not_mapped() -> None:
    heard = Heard()
    mapped = {"integration.request.header.Content-Length": "'1'"}
    with server() as behind:
        status, _, _ = exchanged({"uri": behind.url, "requestParameters": mapped}, heard=heard)

    assert (status, behind.asked) == (500, [])
    assert "Content-Length is a header that API Gateway sets by itself" in heard.remarks[0]


def test_a_server_that_is_not_there_is_an_integration_failure() -> None:
    heard = Heard()
    with server() as behind:
        pass
    status, _, body = exchanged({"uri": behind.url}, heard=heard)

    assert (status, json.loads(body)) == (502, {"message": "Internal server error"})
    assert f"{behind.url}: ConnectionRefusedError" in heard.remarks[0]


BASE64 = base64.b64encode(PNG)


# The guide's first table.
@pytest.mark.parametrize(
    ("binary", "kind", "handling", "sent", "got"),
    [
        ((), "image/png", None, b"text", b"text"),
        ((), "image/png", "CONVERT_TO_BINARY", BASE64, PNG),
        ((), "image/png", "CONVERT_TO_TEXT", b"text", b"text"),
        (("image/png",), "text/plain", None, b"text", b"text"),
        (("image/png",), "text/plain", "CONVERT_TO_BINARY", BASE64, PNG),
        (("image/png",), "text/plain", "CONVERT_TO_TEXT", b"text", b"text"),
        (("image/png",), "image/png", None, PNG, PNG),
        (("image/png",), "image/png", "CONVERT_TO_BINARY", PNG, PNG),
        (("image/png",), "image/png", "CONVERT_TO_TEXT", PNG, BASE64),
    ],
)
def test_a_requests_payload_is_converted_as_the_guide_says(
    binary: tuple[str, ...], kind: str, handling: str | None, sent: bytes, got: bytes
) -> None:
    more = {} if handling is None else {"contentHandling": handling}
    with server() as behind:
        status, _, _ = exchanged(
            {"uri": behind.url, **more}, binary=binary, headers={"Content-Type": kind}, body=sent
        )

    assert (status, behind.asked[0].body) == (200, got)


# The guide's second table.
@pytest.mark.parametrize(
    ("binary", "kind", "accept", "handling", "said", "got"),
    [
        ((), "image/png", "text/plain", None, b"text", b"text"),
        ((), "image/png", "text/plain", "CONVERT_TO_BINARY", BASE64, PNG),
        ((), "image/png", "text/plain", "CONVERT_TO_TEXT", b"text", b"text"),
        (("image/png",), "text/plain", "text/plain", None, b"text", b"text"),
        (("image/png",), "text/plain", "text/plain", "CONVERT_TO_BINARY", BASE64, PNG),
        (("image/png",), "text/plain", "text/plain", "CONVERT_TO_TEXT", b"text", b"text"),
        (("image/png",), "text/plain", "image/png", None, BASE64, PNG),
        (("image/png",), "text/plain", "image/png", "CONVERT_TO_BINARY", BASE64, PNG),
        (("image/png",), "text/plain", "image/png", "CONVERT_TO_TEXT", b"text", b"text"),
        (("image/png",), "image/png", "text/plain", None, PNG, BASE64),
        (("image/png",), "image/png", "text/plain", "CONVERT_TO_BINARY", PNG, PNG),
        (("image/png",), "image/png", "text/plain", "CONVERT_TO_TEXT", PNG, BASE64),
        (("image/png",), "image/png", "image/png", None, PNG, PNG),
        (("image/png",), "image/png", "image/png", "CONVERT_TO_BINARY", PNG, PNG),
        (("image/png",), "image/png", "image/png", "CONVERT_TO_TEXT", PNG, BASE64),
    ],
)
def test_an_answers_payload_is_converted_as_the_guide_says(
    binary: tuple[str, ...], kind: str, accept: str, handling: str | None, said: bytes, got: bytes
) -> None:
    chosen = {"statusCode": "200"} | ({} if handling is None else {"contentHandling": handling})
    with server(200, said, Content_Type=kind) as behind:
        status, _, body = exchanged(
            {"uri": behind.url, "responses": {"default": chosen}}, binary=binary, headers={"Accept": accept}
        )

    assert (status, body) == (200, got)


def test_what_is_to_be_binary_and_is_no_base64_is_an_error_of_the_apis() -> None:
    heard = Heard()
    with server() as behind:
        status, _, _ = exchanged(
            {"uri": behind.url, "contentHandling": "CONVERT_TO_BINARY"}, body=b"abc", heard=heard
        )

    assert (status, behind.asked) == (500, [])
    assert "the body is to be converted to binary, and is no base64" in heard.remarks[0]


def test_a_function_may_return_an_image_in_base64() -> None:
    """AWS compute blog, "Binary support for API integrations with Amazon API Gateway"."""
    uri = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations"
    chosen = {"statusCode": "200", "contentHandling": "CONVERT_TO_BINARY"}
    integration = {"type": "aws", "httpMethod": "POST", "uri": {"Fn::Sub": uri}, "responses": {"default": chosen}}
    status, _, body = answered(
        api(template(integration), head=""),
        request("POST", "/things/1"),
        FakePool(Success(payload=json.dumps(BASE64.decode()).encode())),
    )

    assert (status, body) == (200, PNG)


def test_many_servers_that_do_not_answer_yet_are_waited_for_at_once() -> None:
    # asyncio's own threads are 32 at most.
    many = 40

    async def main() -> None:
        waiting: list[asyncio.StreamWriter] = []

        async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            waiting.append(writer)
            if len(waiting) == many:
                for each in waiting:
                    each.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                    each.close()

        async with await asyncio.start_server(server, "127.0.0.1", 0) as there:
            url = f"http://127.0.0.1:{there.sockets[0].getsockname()[1]}/"
            answers = await asyncio.gather(
                *(asked("GET", url, (), b"", timeout=20, waits=Waits()) for _ in range(many))
            )
        assert [each.status for each in answers] == [204] * many

    ran(main())
