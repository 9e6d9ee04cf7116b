"""From a request to its answer, with a pool that answers what the test says and no sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from api_kit import api_of, request_of, route_of
from front_kit import FakePool, Heard, answered, ran
from routes_kit import api, request

from samlocal.errors import CodeError
from samlocal.http_api.answers.prelude import CONTENT_TYPE
from samlocal.http_api.exchange import HttpAnswer
from samlocal.http_api.front import Front
from samlocal.http_api.model import ApiKind
from samlocal.pool.pool import PoolClosedError
from samlocal.pool.throttle import Throttled, ThrottleReason
from samlocal.sandbox.result import Crashed, FunctionError, InitFailed, Success, TimedOut

REST = """
  Fn:
    Type: AWS::Serverless::Function
    Properties: {Events: {E: {Type: Api, Properties: {Path: "/a/{b}", Method: get}}}}
"""
HTTP = REST.replace("Type: Api", "Type: HttpApi")
URL = """
  Fn: {Type: AWS::Serverless::Function, Properties: {FunctionUrlConfig: {AuthType: NONE}}}
"""
STREAM = URL.replace("NONE", "NONE, InvokeMode: RESPONSE_STREAM")


@pytest.mark.parametrize("template", [REST, HTTP, URL])
def test_a_request_runs_its_function_and_gets_what_it_returns(template: str) -> None:
    pool, heard = FakePool(), Heard()

    status, headers, body = answered(api(template), request("GET", "/a/1", query="x=1"), pool, heard=heard)

    assert (status, headers["x-said"], body) == (200, "yes", b"done")
    ((function, event),) = pool.asked
    assert function == "Fn"
    assert event["queryStringParameters"] == {"x": "1"}
    (exchange,) = heard.exchanges
    assert (exchange.method, exchange.path, exchange.status, exchange.function) == ("GET", "/a/1", 200, "Fn")


def test_the_events_trace_is_the_requests() -> None:
    pool = FakePool()

    answered(api(REST), request("GET", "/a/1", headers={"X-Amzn-Trace-Id": "Root=1-6b07c271-3b86"}), pool)

    (asked,) = pool.requests
    assert asked.trace_id is not None
    assert asked.trace_id.startswith("Root=1-6b07c271-3b86;Parent=")


@pytest.mark.parametrize(
    ("template", "status", "body"),
    [
        (REST, 403, {"message": "Missing Authentication Token"}),
        (HTTP, 404, {"message": "Not Found"}),
    ],
)
def test_what_no_route_takes_is_refused_in_each_apis_own_words(
    template: str, status: int, body: dict[str, str]
) -> None:
    pool = FakePool()

    said, _, content = answered(api(template), request("GET", "/elsewhere"), pool)

    assert (said, json.loads(content)) == (status, body)
    assert pool.asked == []


# API Gateway developer guide, "Handle Lambda errors in API Gateway": a function's error is a malformed response.
@pytest.mark.parametrize(
    "result",
    [
        FunctionError(payload=b'{"errorMessage": "no"}'),
        TimedOut(payload=b"{}"),
        Crashed(payload=b"{}", error_type="Runtime.ExitError"),
        InitFailed(payload=b"{}"),
        Success(payload=b'{"statusCode": "many"}'),
    ],
)
def test_a_function_that_fails_is_a_bad_gateway(result: Success | FunctionError) -> None:
    assert answered(api(REST), request("GET", "/a/1"), FakePool(result))[0] == 502


def test_a_function_that_takes_longer_than_its_integration_is_a_gateway_timeout_and_goes_on() -> None:
    template = HTTP.replace("Method: get", "Method: get, TimeoutInMillis: 50")
    pool, heard = FakePool(seconds=0.3), Heard()

    status, _, body = answered(api(template), request("GET", "/a/1"), pool, heard=heard)

    assert (status, json.loads(body)) == (503, {"message": "Service Unavailable"})
    assert heard.over == [("Fn", None)]


def test_a_sandbox_that_cannot_be_made_is_told_and_answered() -> None:
    heard = Heard()

    status, _, _ = answered(api(REST), request("GET", "/a/1"), FakePool(CodeError("no code")), heard=heard)

    assert status == 502
    ((function, failure),) = heard.over
    assert function == "Fn"
    assert isinstance(failure, CodeError)


def test_a_url_says_that_its_function_is_throttled() -> None:
    throttled = Throttled(reason=ThrottleReason.RESERVED)

    assert answered(api(URL), request("GET", "/"), FakePool(throttled))[0] == 429


def test_a_streamed_answer_has_the_status_and_headers_of_its_prelude() -> None:
    head = b'{"statusCode": 201, "headers": {"Content-Type": "text/x"}, "cookies": ["a=1"]}' + b"\0" * 8
    parts = (head[:50], head[50:], b"o", b"k")

    pool = FakePool(Success(payload=b"", streamed=True), parts=parts, content_type=CONTENT_TYPE)
    status, headers, body = answered(api(STREAM), request("GET", "/"), pool)

    assert (status, headers["content-type"], headers["set-cookie"], body) == (201, "text/x", "a=1", b"ok")


def test_a_malformed_prelude_is_a_bad_gateway_that_says_why() -> None:
    parts, heard = (b'{"statusCode": "many"}' + b"\0" * 8,), Heard()
    pool = FakePool(Success(payload=b"", streamed=True), parts=parts, content_type=CONTENT_TYPE)

    assert answered(api(STREAM), request("GET", "/"), pool, heard=heard)[0] == 502
    assert heard.remarks == ["Fn: malformed response: statusCode is 'many', not a number."]


def test_lines_of_json_go_out_as_they_come() -> None:
    lines = (b'{"line": 1}\n', b'{"line": 2}\n')

    async def main() -> tuple[HttpAnswer, bytes, bytes]:
        goes_on = asyncio.Event()
        success = Success(payload=b"", streamed=True)
        pool = FakePool(success, parts=lines, content_type="application/x-ndjson", goes_on=goes_on)
        front = Front(api(STREAM), pool, Heard(), None)
        answer = await front.answer(request("GET", "/"))
        assert answer.stream is not None
        first = await anext(answer.stream)
        goes_on.set()
        rest = b"".join([part async for part in answer.stream])
        await front.close()
        return answer, first, rest

    answer, first, rest = ran(main())

    assert (first, rest) == lines
    assert answer.status == 200
    # What the function says with responseStream.setContentType: AWS compute blog, "Introducing AWS Lambda response
    # streaming".
    assert dict(answer.headers)["Content-Type"] == "application/x-ndjson"


def test_a_stream_that_fails_before_its_first_byte_is_a_bad_gateway() -> None:
    assert answered(api(STREAM), request("GET", "/"), FakePool(FunctionError(payload=b"{}")))[0] == 502


def test_a_stream_that_fails_in_the_middle_breaks_off() -> None:
    pool = FakePool(FunctionError(payload=b'{"errorMessage": "half"}'), parts=(b"begun",))

    with pytest.raises(Exception, match="half"):
        answered(api(STREAM), request("GET", "/"), pool)


def test_a_whole_response_of_a_streaming_url_is_its_body() -> None:
    status, _, body = answered(api(STREAM), request("GET", "/"), FakePool(Success(payload=b'{"statusCode": 418}')))

    assert (status, body) == (200, b'{"statusCode": 418}')


def test_a_streamed_response_is_put_together_where_nothing_streams() -> None:
    pool = FakePool(Success(payload=b"", streamed=True), parts=(b'{"statusCode": 202, ', b'"body": "whole"}'))

    status, _, body = answered(api(REST), request("GET", "/a/1"), pool)

    assert (status, body) == (202, b"whole")


# API Gateway developer guide and Lambda developer guide, "Quotas"; ELB user guide, "Lambda functions as targets".
@pytest.mark.parametrize(
    ("kind", "limit"),
    [
        (ApiKind.REST, 10 * 1024 * 1024),
        (ApiKind.HTTP, 10 * 1024 * 1024),
        (ApiKind.FUNCTION_URL, 6 * 1024 * 1024),
        (ApiKind.ALB, 1024 * 1024),
    ],
)
def test_a_body_over_the_limit_of_its_kind_reaches_no_function(kind: ApiKind, limit: int) -> None:
    pool = FakePool()
    large = request_of("POST", headers={"Content-Type": "text/plain"}, body=b"x" * (limit + 1))

    assert answered(api_of(kind, route_of(path="$default")), large, pool)[0] == 413
    assert pool.asked == []


ASKS = {"Origin": "https://a.example", "Access-Control-Request-Method": "PUT"}
SHARED = """
  Web: {Type: AWS::Serverless::HttpApi, Properties: {CorsConfiguration: {AllowOrigins: ["https://a.example"]},
    Auth: {Authorizers: {Jwt: {IdentitySource: $request.header.Authorization,
      JwtConfiguration: {issuer: "https://i.example", audience: [a]}}}}}}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Put: {Type: HttpApi, Properties: {ApiId: !Ref Web, Path: /put, Method: put, Auth: {Authorizer: Jwt}}}
        Any: {Type: HttpApi, Properties: {ApiId: !Ref Web, Path: /any, Method: any}}
        Locked: {Type: HttpApi, Properties: {ApiId: !Ref Web, Path: /locked, Method: any, Auth: {Authorizer: Jwt}}}
"""


# API Gateway developer guide, "Configure CORS for HTTP APIs": a preflight is answered without an OPTIONS route.
# anomalyco/sst issue 5493: a route for any method takes it, and its authorizer refuses it.
@pytest.mark.parametrize(("path", "status", "runs"), [("/put", 204, 0), ("/any", 200, 1), ("/locked", 401, 0)])
def test_a_browsers_question_is_for_a_route_that_takes_it_else_answered_without_a_function(
    path: str, status: int, runs: int
) -> None:
    pool = FakePool()

    found, headers, _ = answered(api(SHARED), request("OPTIONS", path, headers=ASKS), pool, tokens=Believes)

    assert (found, headers["access-control-allow-origin"]) == (status, "https://a.example")
    assert len(pool.asked) == runs


def test_a_mock_answers_without_the_function() -> None:
    template = """
  Web: {Type: AWS::Serverless::Api, Properties: {StageName: p, Cors: "'*'"}}
  Fn:
    Type: AWS::Serverless::Function
    Properties: {Events: {E: {Type: Api, Properties: {RestApiId: !Ref Web, Path: /a, Method: get}}}}
"""
    pool = FakePool()

    status, headers, _ = answered(api(template), request("OPTIONS", "/a"), pool)

    assert (status, headers["access-control-allow-methods"]) == (200, "GET,OPTIONS")
    assert pool.asked == []


def test_what_is_not_run_says_so_where_it_is_asked_for() -> None:
    template = """
Resources:
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Body: {openapi: 3.0.1, info: {title: t}, paths: {/a: {get:
    {x-amazon-apigateway-integration: {type: aws, uri: "arn:aws:apigateway:eu-west-1:sqs:path/1/q"}}}}}}}
"""
    heard = Heard()

    status, _, _ = answered(api(template, head=""), request("GET", "/a"), heard=heard)

    assert status == 501
    assert heard.remarks == [
        "Api: GET /a is not run: sqs is asked in an environment alone: name one with -e or -n, or take -e local."
    ]


LOCKED = """
  Web: {Type: AWS::Serverless::HttpApi, Properties: {Auth: {EnableIamAuthorizer: true, Authorizers: {
    Jwt: {IdentitySource: $request.header.Authorization,
      JwtConfiguration: {issuer: "https://i.example", audience: [a]}},
    Door: {FunctionArn: !GetAtt Doorman.Arn, AuthorizerPayloadFormatVersion: "2.0", EnableSimpleResponses: true,
      Identity: {Headers: [Authorization]}}}}}}
  Doorman: {Type: AWS::Serverless::Function}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        A: {Type: HttpApi, Properties: {ApiId: !Ref Web, Path: /jwt, Method: get, Auth: {Authorizer: Jwt}}}
        B: {Type: HttpApi, Properties: {ApiId: !Ref Web, Path: /iam, Method: get, Auth: {Authorizer: AWS_IAM}}}
        C: {Type: HttpApi, Properties: {ApiId: !Ref Web, Path: /door, Method: get, Auth: {Authorizer: Door}}}
"""
HELD = {"Authorization": "Bearer a.b.c"}


class Believes:
    """Takes any token for one of these claims."""

    async def claims(self, token: str, issuers: Collection[str]) -> Mapping[str, object]:
        assert (token, issuers) == ("a.b.c", {"https://i.example"})
        return {"aud": "a", "sub": "me"}


def test_what_a_token_says_is_in_the_event() -> None:
    pool = FakePool()

    assert answered(api(LOCKED), request("GET", "/jwt", headers=HELD), pool, tokens=Believes)[0] == 200

    ((_, event),) = pool.asked
    assert event["requestContext"]["authorizer"]["jwt"]["claims"] == {"aud": "a", "sub": "me"}


def test_nobody_comes_past_an_authorizer_without_what_it_asks_for() -> None:
    pool, heard = FakePool(), Heard()

    for path in ("/jwt", "/door"):
        assert answered(api(LOCKED), request("GET", path), pool, heard=heard, tokens=Believes)[0] == 401

    assert pool.asked == []
    assert heard.remarks == [
        "Web: Jwt: the request has no $request.header.Authorization",
        "Web: Door: the request has no $request.header.Authorization",
    ]


@pytest.mark.parametrize("path", ["/jwt", "/iam", "/door"])
def test_nobody_is_asked_where_authorizers_are_disabled(path: str) -> None:
    pool = FakePool()

    assert answered(api(LOCKED), request("GET", path), pool, tokens=None)[0] == 200

    assert [function for function, _ in pool.asked] == ["Fn"]


def test_an_authorizers_function_runs_before_the_routes_own_which_gets_its_context() -> None:
    pool = FakePool(said={"Doorman": {"isAuthorized": True, "context": {"who": "me"}}})

    assert answered(api(LOCKED), request("GET", "/door", headers=HELD), pool, tokens=Believes)[0] == 200

    (doorman, asked), (function, event) = pool.asked
    assert (doorman, function) == ("Doorman", "Fn")
    assert asked["identitySource"] == ["Bearer a.b.c"]
    assert event["requestContext"]["authorizer"] == {"lambda": {"who": "me"}}


def test_whom_an_authorizers_function_does_not_let_in_does_not_reach_the_routes_own() -> None:
    pool, heard = FakePool(said={"Doorman": {"isAuthorized": False}}), Heard()

    found = answered(api(LOCKED), request("GET", "/door", headers=HELD), pool, heard=heard, tokens=Believes)

    assert (found[0], json.loads(found[2])) == (403, {"message": "Forbidden"})
    assert [function for function, _ in pool.asked] == ["Doorman"]
    assert heard.remarks == ["Web: Door: Doorman does not allow it"]


@pytest.mark.parametrize(
    "outcome", [Throttled(reason=ThrottleReason.RESERVED), PoolClosedError("closed"), CodeError("Doorman: no code")]
)
def test_an_authorizers_function_that_does_not_run_is_a_fault_of_the_api(outcome: Throttled | Exception) -> None:
    heard = Heard()

    status, _, body = answered(
        api(LOCKED), request("GET", "/door", headers=HELD), FakePool(outcome), heard=heard, tokens=Believes
    )

    # API Gateway developer guide, "Troubleshooting Lambda authorizers" of HTTP APIs.
    assert (status, json.loads(body)) == (500, {"message": "Internal Server Error"})
    assert heard.remarks[0].startswith("Web: Door: ")


def test_it_is_said_once_that_signatures_are_not_checked() -> None:
    pool, heard = FakePool(), Heard()

    async def main() -> None:
        front = Front(api(LOCKED), pool, heard, Believes)
        for _ in range(3):
            assert (await front.answer(request("GET", "/iam"))).status == 200
        await front.close()

    ran(main())

    assert heard.remarks == ["Web: GET /iam: signatures (AWS_IAM) are not checked"]


BALANCED = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.11, Handler: a.b}}
  Group: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {TargetType: lambda, Name: group,
    Targets: [{Id: !GetAtt Fn.Arn}]}}
  Listener: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {LoadBalancerArn: x, Port: 80,
    DefaultActions: [{Type: forward, TargetGroupArn: !Ref Group}]}}
  Fixed: {Type: AWS::ElasticLoadBalancingV2::ListenerRule, Properties: {ListenerArn: !Ref Listener, Priority: 1,
    Conditions: [{Field: path-pattern, Values: [/fixed]}], Actions: [{Type: fixed-response,
      FixedResponseConfig: {StatusCode: "503", ContentType: text/plain, MessageBody: closed}}]}}
  Moved: {Type: AWS::ElasticLoadBalancingV2::ListenerRule, Properties: {ListenerArn: !Ref Listener, Priority: 2,
    Conditions: [{Field: path-pattern, Values: ["/old/*"]}], Actions: [{Type: redirect,
      RedirectConfig: {StatusCode: HTTP_301, Protocol: HTTPS, Port: "443", Path: "/new/#{path}"}}]}}
"""


def test_a_load_balancer_forwards_redirects_and_answers_by_itself() -> None:
    balancer, pool = api(BALANCED, head=""), FakePool()

    forwarded = answered(balancer, request("GET", "/any"), pool)
    fixed = answered(balancer, request("GET", "/fixed"), pool)
    moved = answered(balancer, request("GET", "/old/a", query="q=1", headers={"Host": "a.example:8080"}), pool)

    assert (forwarded[0], forwarded[2]) == (200, b"done")
    assert [function for function, _ in pool.asked] == ["Fn"]
    assert ":targetgroup/group/" in pool.asked[0][1]["requestContext"]["elb"]["targetGroupArn"]
    assert (fixed[0], fixed[1]["content-type"], fixed[2]) == (503, "text/plain", b"closed")
    # ELB user guide, "Redirect actions": what is not given stays the request's own.
    assert (moved[0], moved[1]["location"]) == (301, "https://a.example:443/new/old/a?q=1")


class _Echo(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        said = {"path": self.path, "body": body.decode(), "x": self.headers["X-A"], "host": self.headers["Host"]}
        content = json.dumps(said).encode()
        self.send_response(207)
        self.send_header("X-From", "there")
        self.send_header("Access-Control-Allow-Origin", "https://theirs.example")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None: ...


class _Large(BaseHTTPRequestHandler):
    """Answers with as many bytes as the path says."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        # Whoever has read enough hangs up.
        with contextlib.suppress(ConnectionError):
            self.wfile.write(b"x" * int(self.path.rpartition("/")[2]))

    def log_message(self, *_: object) -> None: ...


@contextmanager
def another_server(handler: type[BaseHTTPRequestHandler] = _Echo) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def proxy(url: str, more: str = "") -> str:
    return f"""
Resources:
  Api: {{Type: AWS::ApiGateway::RestApi, Properties: {{Body: {{openapi: 3.0.1, info: {{title: t}}, paths:
    {{"/a/{{proxy+}}":
    {{post: {{x-amazon-apigateway-integration: {{type: http_proxy, httpMethod: POST, uri: "{url}"{more}}}}}}}}}}}}}}}
"""


def test_an_http_proxy_passes_the_request_on_and_the_answer_back() -> None:
    with another_server() as url:
        status, headers, body = answered(
            api(proxy(f"{url}/there/{{proxy}}"), head=""),
            request("POST", "/a/b%20c/d", query="q=1", headers={"X-A": "1", "Host": "here"}, body=b"sent"),
        )

    assert (status, headers["x-from"]) == (207, "there")
    assert json.loads(body) == {
        "path": "/there/b%20c/d?q=1",
        "body": "sent",
        "x": "1",
        "host": url.removeprefix("http://"),
    }


class _Told(BaseHTTPRequestHandler):
    """Answers with what it is told in headers, and with headers that are API Gateway's own."""

    def do_POST(self) -> None:
        content = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("x-amzn-RequestId", "theirs")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None: ...


def test_a_rest_apis_proxy_names_itself_and_renames_what_is_its_own_as_recorded() -> None:
    # localstack/localstack, test_apigateway_http.snapshot.json, test_http_integration_with_lambda[HTTP_PROXY].
    with another_server(_Told) as url:
        served = api(proxy(url), head="")
        sent = {"User-Agent": "python-requests/2.31.0", "x-forwarded-for": "192.0.2.1", "Host": "here:3000"}
        status, headers, body = answered(served, request("POST", "/a/b", headers=sent, body=b"{}"))

    told = json.loads(body)
    assert status == 200
    assert (told["x-amzn-apigateway-api-id"], told["user-agent"]) == (served.api_id, "python-requests/2.31.0")
    assert told["x-amzn-trace-id"].startswith("Root=1-")
    forwarded = {name: value for name, value in told.items() if name.startswith("x-forwarded-") or name == "via"}
    assert forwarded == {
        "x-forwarded-for": "192.0.2.1, 127.0.0.1",
        "x-forwarded-port": "3000",
        "x-forwarded-proto": "http",
    }
    assert headers["x-amzn-remapped-x-amzn-requestid"] == "theirs"
    assert headers["x-amzn-remapped-content-length"] == str(len(body))
    assert {"x-amzn-remapped-date", "x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id"} <= headers.keys()
    assert not {"date", "server", "content-length"} & headers.keys()


HTTP_PROXY = """
Resources:
  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: HTTP}}
  Int: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref Api, IntegrationType: HTTP_PROXY,
    IntegrationMethod: POST, IntegrationUri: "URL/elsewhere", RequestParameters:
    {"overwrite:path": "/of/${request.path.id}", "append:header.X-A": "$request.querystring.q"}}}
  Route: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: "ANY /a/{id}",
    Target: !Sub "integrations/${Int}"}}
"""


@pytest.mark.parametrize(
    ("sent", "forwarded", "via"),
    [
        ({"Host": "api.example"}, "for=127.0.0.1;host=api.example;proto=http", "HTTP/1.1 AmazonAPIGateway"),
        # RFC 7239: what is no token is quoted, and who passes on comes behind those before.
        (
            {"Host": "localhost:3000", "forwarded": "for=192.0.2.1", "Via": "1.1 edge", "X-Forwarded-For": "::1"},
            'for=192.0.2.1, for=127.0.0.1;host="localhost:3000";proto=http',
            "1.1 edge, HTTP/1.1 AmazonAPIGateway",
        ),
    ],
)
def test_an_http_apis_proxy_says_where_a_request_came_from_in_the_standards_headers(
    sent: dict[str, str], forwarded: str, via: str
) -> None:
    # aliasunder/vault-cortex pull request 484, expressjs/session issue 886: captured behind HTTP APIs.
    with another_server(_Told) as url:
        _, _, body = answered(
            api(HTTP_PROXY.replace("URL", url), head=""), request("POST", "/a/7", headers=sent, body=b"{}")
        )

    told = json.loads(body)
    assert (told["forwarded"], told["via"]) == (forwarded, via)
    assert told["x-amzn-trace-id"].startswith("Root=1-")
    x_forwarded = {name: value for name, value in told.items() if name.startswith("x-forwarded-")}
    assert x_forwarded == {name.lower(): value for name, value in sent.items() if name.startswith("X-")}


def test_an_http_apis_proxy_may_have_another_path() -> None:
    with another_server() as url:
        _, _, body = answered(api(HTTP_PROXY.replace("URL", url), head=""), request("PUT", "/a/7", query="q=2"))

    said = json.loads(body)
    assert (said["path"], said["x"]) == ("/of/7?q=2", "2")


# API Gateway developer guide, "Configure CORS for HTTP APIs": the backend's own CORS headers are ignored.
@pytest.mark.parametrize(("path", "status"), [("/there", 207), ("/queue", 501), ("/nowhere", 404)])
def test_whatever_answers_an_http_api_says_who_may_read_it(path: str, status: int) -> None:
    template = """
Resources:
  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: HTTP,
    CorsConfiguration: {AllowOrigins: ["https://a.example"]}}}
  There: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref Api, IntegrationType: HTTP_PROXY,
    IntegrationMethod: POST, IntegrationUri: "URL"}}
  Queue: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref Api, IntegrationType: AWS_PROXY,
    IntegrationSubtype: SQS-SendMessage}}
  A: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: "POST /there",
    Target: !Sub "integrations/${There}"}}
  B: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: "POST /queue",
    Target: !Sub "integrations/${Queue}"}}
"""
    with another_server() as url:
        served = api(template.replace("URL", url), head="")
        found, headers, _ = answered(served, request("POST", path, headers={"Origin": "https://a.example"}))

    assert (found, headers["access-control-allow-origin"]) == (status, "https://a.example")


def test_a_server_that_is_not_there_is_named() -> None:
    heard = Heard()

    status, _, _ = answered(api(proxy("http://127.0.0.1:9/{proxy}"), head=""), request("POST", "/a/b"), heard=heard)

    assert status == 502
    assert heard.remarks[0].startswith("Api: POST /a/{proxy+}: http://127.0.0.1:9/b: ConnectionRefusedError")


def test_a_server_whose_answer_does_not_end_is_left_when_the_time_is_over() -> None:
    left, over = threading.Event(), threading.Event()

    class Endless(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            try:
                while not over.wait(0.01):
                    self.wfile.write(b"drop")
            except ConnectionError:
                left.set()

        def log_message(self, *_: object) -> None: ...

    try:
        with another_server(Endless) as url:
            one = api(proxy(f"{url}/{{proxy}}", ", timeoutInMillis: 300"), head="")
            assert answered(one, request("POST", "/a/b"))[0] == 504
            assert left.wait(30)
    finally:
        over.set()


# API Gateway developer guide, "Quotas": 10 MB, and any size of an integration that streams; AWS knowledge center,
# "How can I troubleshoot 5xx errors for API Gateway?": 500 where the backend's payload is larger.
@pytest.mark.parametrize(
    ("size", "more", "status"),
    [
        (10 << 20, "", 200),
        ((10 << 20) + 1, "", 500),
        ((10 << 20) + 1, ", responseTransferMode: STREAM", 200),
    ],
)
def test_an_answer_of_another_server_may_have_10_mb(size: int, more: str, status: int) -> None:
    heard = Heard()
    with another_server(_Large) as url:
        found, _, body = answered(
            api(proxy(f"{url}/{{proxy}}", more), head=""), request("POST", f"/a/{size}"), heard=heard
        )

    assert found == status
    assert len(body) == size if status == 200 else "more than the 10 MB" in heard.remarks[0]


def test_routes_can_be_exchanged_between_requests() -> None:
    async def main() -> list[int]:
        front = Front(api(REST), FakePool(), Heard(), None)
        before = await front.answer(request("GET", "/new"))
        front.use(api(REST.replace("/a/{b}", "/new")))
        after = await front.answer(request("GET", "/new"))
        await front.close()
        return [before.status, after.status]

    assert ran(main()) == [403, 200]
