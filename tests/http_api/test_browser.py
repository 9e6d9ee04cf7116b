"""A browser as a client of ``samlocal start-api``: pages of this and of other origins, against real containers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kit
import pytest
from browser_kit import Browser, browser
from served_apis_kit import MakeProject, served_apis

pytestmark = pytest.mark.docker

SAMPLE = Path(__file__).parents[2] / "templates"

WEB = """\
import base64, email, hashlib, json, os

def handler(event, context):
    headers = {name.lower(): value for name, value in event["headers"].items()}
    http = event.get("version") == "2.0"
    method = event["requestContext"]["http"]["method"] if http else event["httpMethod"]
    path = event["rawPath"] if http else event["path"]
    body = base64.b64decode(event["body"]) if event["isBase64Encoded"] else (event.get("body") or "").encode()
    seen = event.get("cookies", []) if http else [part for part in headers.get("cookie", "").split("; ") if part]
    print("asked", method, path)
    if path == "/raise":
        raise ValueError("no")
    said = {"method": method, "own": headers.get("x-own"), "cookies": sorted(seen)}
    if path == "/upload":
        form = email.message_from_bytes(b"Content-Type: " + headers["content-type"].encode() + b"\\r\\n\\r\\n" + body)
        for part in form.get_payload():
            content = part.get_payload(decode=True)
            said[part.get_param("name", header="content-disposition")] = {
                "file": part.get_filename(), "type": part.get_content_type(), "length": len(content),
                "sha256": hashlib.sha256(content).hexdigest()}
    answer = {"statusCode": 200, "headers": {"X-Said": "yes"}, "body": json.dumps(said)}
    cookies = ["session=s1; Path=/; HttpOnly; SameSite=Lax", "theme=dark; Path=/"] if path == "/login" else []
    if http:
        return answer | {"cookies": cookies}
    cors = {"Origin": os.environ["ORIGIN"], "Credentials": "true"}
    answer["headers"] |= {f"Access-Control-Allow-{name}": value for name, value in cors.items()}
    answer["headers"]["Access-Control-Expose-Headers"] = "X-Said"
    return answer | {"multiValueHeaders": {"Set-Cookie": cookies} if cookies else {}}
"""

STREAM = """\
exports.handler = awslambda.streamifyResponse(async (event, out) => {
  const own = event.headers["x-own"] ?? "";
  const headers = {"Content-Type": "text/plain", "X-Said": own};
  out = awslambda.HttpResponseStream.from(out, {statusCode: 202, headers});
  for (const part of ["one ", "two ", "three"]) {
    out.write(part);
    await new Promise((done) => setTimeout(done, 1500));
  }
  out.end();
});
"""

CHAT = """\
import json, os, urllib.request

def handler(event, context):
    said = event["requestContext"]
    print("saw", said["routeKey"], said["eventType"], said.get("disconnectStatusCode"))
    if said["routeKey"] == "reply":
        place = os.environ["AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI"]
        url = f"{place}/@connections/{urllib.request.quote(said['connectionId'], safe='')}"
        body = json.dumps({"reply": json.loads(event["body"])["text"]}).encode()
        urllib.request.urlopen(urllib.request.Request(url, data=body, method="POST"))
    return {"statusCode": 200}
"""

# What every page here uses of the APIs that cookies, uploads and preflights are asked of.
ASK = """
async function ask(path, options = {}) {
  const answer = await fetch(BASE + path, {credentials: "include", ...options});
  return {status: answer.status, said: answer.headers.get("x-said"), ...await answer.json()};
}
"""


def api_project(project: MakeProject, origin: str) -> kit.Project:
    """A function behind a REST API and an HTTP API that both allow one origin, with cookies."""
    resources = kit.template(
        Fn=kit.function(
            Environment={"Variables": {"ORIGIN": origin}},
            Events={
                "Rest": {
                    "Type": "Api",
                    "Properties": {"RestApiId": {"Ref": "Rest"}, "Path": "/{proxy+}", "Method": "any"},
                },
                "Get": {
                    "Type": "HttpApi",
                    "Properties": {"ApiId": {"Ref": "Http"}, "Path": "/{proxy+}", "Method": "get"},
                },
                "Put": {
                    "Type": "HttpApi",
                    "Properties": {"ApiId": {"Ref": "Http"}, "Path": "/{proxy+}", "Method": "put"},
                },
            },
        ),
        Rest={
            "Type": "AWS::Serverless::Api",
            "Properties": {
                "StageName": "live",
                "BinaryMediaTypes": ["multipart~1form-data"],
                "Cors": {
                    "AllowOrigin": f"'{origin}'",
                    "AllowMethods": "'GET,PUT'",
                    "AllowHeaders": "'X-Own,Content-Type'",
                    "AllowCredentials": True,
                },
            },
        },
        Http={
            "Type": "AWS::Serverless::HttpApi",
            "Properties": {
                "CorsConfiguration": {
                    "AllowOrigins": [origin],
                    "AllowMethods": ["GET", "PUT"],
                    "AllowHeaders": ["x-own", "content-type"],
                    "ExposeHeaders": ["x-said"],
                    "AllowCredentials": True,
                }
            },
        },
    )
    return project({"template.json": resources, "code/app.py": WEB})


@pytest.fixture
def chromium() -> Iterator[Browser]:
    with browser() as own:
        yield own


def test_a_page_that_is_served_beside_the_samples_api_reads_it_and_a_foreign_page_does_not(
    project: MakeProject, chromium: Browser, tmp_path: Path
) -> None:
    script = """
        await tell("welcome", async () => (await (await fetch(BASE + "/events/welcome")).json()).item.id);
        await tell("health", async () => (await fetch(BASE + "/health")).status);
    """
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text(chromium.page("const BASE = '';" + script), encoding="utf-8")
    arguments = ("-t", "templates/template.yaml", "--static-dir", str(site))
    with served_apis(project({"templates": SAMPLE}), *arguments) as own:
        url = own.urls["EventsApi"].rstrip("/")
        told = chromium.visited(f"{url}/")
        foreign = chromium.told(f"const BASE = {url!r};" + script)

    assert told == {"welcome": "welcome", "health": 200}
    # The sample's template has no CORS.
    assert foreign == {"welcome": "TypeError", "health": "TypeError"}


@pytest.mark.parametrize("api", ["Rest", "Http"])
def test_a_page_of_an_allowed_origin_sends_what_the_preflight_allows_and_keeps_cookies(
    project: MakeProject, chromium: Browser, api: str
) -> None:
    with served_apis(api_project(project, chromium.origin), "--api", api) as own:
        script = f"const BASE = {own.urls[api].rstrip('/')!r};" + ASK
        told = chromium.told(
            script
            + """
            await tell("put", () => ask("/x", {method: "PUT", headers: {"X-Own": "mine"}, body: "{}"}));
            await tell("method", () => ask("/x", {method: "DELETE"}));
            await tell("header", () => ask("/x", {headers: {"X-Other": "1"}}));
            await tell("raise", async () => (await fetch(BASE + "/raise")).status);
            await tell("before", () => ask("/who"));
            await tell("login", () => ask("/login"));
            await tell("after", () => ask("/who"));
            await tell("omitted", () => ask("/who", {credentials: "omit"}));
            await tell("script", () => document.cookie);
            """
        )
        foreign = chromium.told(script + 'await tell("get", () => ask("/foreign"));', host="localhost")
        log = own.running.has_logged("asked GET /foreign").stderr()

    assert told["put"] == {"status": 200, "said": "yes", "method": "PUT", "own": "mine", "cookies": []}
    # Fetch standard: a network error, which the page sees as a TypeError and nothing else.
    assert (told["method"], told["header"], foreign["get"]) == ("TypeError",) * 3
    # An HTTP API answers for its function with the headers of its own CORS, a REST API with those of its gateway
    # responses, of which this template has none (API Gateway developer guide, "CORS for HTTP APIs", "for REST APIs").
    assert told["raise"] == {"Rest": "TypeError", "Http": 500}[api]
    assert told["before"]["cookies"] == []
    assert told["login"]["status"] == 200
    assert told["after"]["cookies"] == ["session=s1", "theme=dark"]
    assert told["omitted"]["cookies"] == []
    # A page shares cookies with every port of its host, but for those that are HttpOnly (RFC 6265, 8.5 and 4.1.2.6).
    assert told["script"] == "theme=dark"
    # The API itself answers a preflight.
    assert "asked OPTIONS" not in log
    assert "asked DELETE" not in log


@pytest.mark.parametrize("api", ["Rest", "Http"])
def test_a_form_with_a_file_reaches_the_function_byte_for_byte(
    project: MakeProject, chromium: Browser, api: str
) -> None:
    content = bytes(range(256)) * 1024
    with served_apis(api_project(project, chromium.origin), "--api", api) as own:
        told = chromium.told(
            f"const BASE = {own.urls[api].rstrip('/')!r};"
            + ASK
            + """
            const form = new FormData();
            form.append("note", "grüße");
            const bytes = Uint8Array.from({length: 256 * 1024}, (_, place) => place % 256);
            form.append("photo", new File([bytes], "photo.bin", {type: "image/x-own"}));
            await tell("upload", () => ask("/upload", {method: "PUT", body: form}));
            """
        )

    assert told["upload"]["photo"] == {
        "file": "photo.bin",
        "type": "image/x-own",
        "length": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    assert told["upload"]["note"]["sha256"] == hashlib.sha256("grüße".encode()).hexdigest()


def test_a_streamed_answer_reaches_a_page_in_pieces(project: MakeProject, chromium: Browser) -> None:
    cors = {"AllowOrigins": [chromium.origin], "AllowMethods": ["GET"], "AllowHeaders": ["x-own"]}
    url = {"AuthType": "NONE", "InvokeMode": "RESPONSE_STREAM", "Cors": cors | {"ExposeHeaders": ["x-said"]}}
    with served_apis(project(kit.node(STREAM, FunctionUrlConfig=url))) as own:
        told = chromium.told(
            f"const BASE = {own.urls['Fn']!r};"
            """
            await tell("stream", async () => {
              const answer = await fetch(BASE, {headers: {"X-Own": "mine"}});
              const reader = answer.body.getReader(), text = new TextDecoder(), parts = [], times = [];
              for (let part; !(part = await reader.read()).done;) {
                parts.push(text.decode(part.value));
                times.push(performance.now());
              }
              return {status: answer.status, said: answer.headers.get("x-said"), parts, times};
            });
            await tell("refused", () => fetch(BASE, {headers: {"X-Other": "1"}}));
            """
        )

    streamed = told["stream"]
    assert (streamed["status"], streamed["said"]) == (202, "mine")
    assert "".join(streamed["parts"]) == "one two three"
    assert len(streamed["parts"]) > 1
    assert streamed["times"][-1] - streamed["times"][0] > 400
    assert told["refused"] == "TypeError"


def chat_project(project: MakeProject) -> kit.Project:
    """A WebSocket API that replies by ``@connections``."""

    def of_api(kind: str, **properties: Any) -> dict[str, Any]:
        return {"Type": f"AWS::ApiGatewayV2::{kind}", "Properties": {"ApiId": {"Ref": "Api"}, **properties}}

    target = {"Fn::Sub": "integrations/${Int}"}
    resources = kit.template(
        Fn=kit.function(),
        Api={
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {"ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action"},
        },
        Stage=of_api("Stage", StageName="live"),
        Int=of_api("Integration", IntegrationType="AWS_PROXY", IntegrationUri={"Fn::GetAtt": ["Fn", "Arn"]}),
        Connect=of_api("Route", RouteKey="$connect", Target=target),
        Disconnect=of_api("Route", RouteKey="$disconnect", Target=target),
        Reply=of_api("Route", RouteKey="reply", Target=target),
    )
    return project({"template.json": resources, "code/app.py": CHAT})


def test_a_page_connects_is_replied_to_by_connections_and_is_missed(project: MakeProject, chromium: Browser) -> None:
    with served_apis(chat_project(project)) as own:
        told = chromium.told(
            f"const BASE = {own.urls['Api']!r};"
            """
            await tell("chat", () => new Promise((done, fail) => {
              const client = new WebSocket(BASE), said = {};
              client.onerror = () => fail(new TypeError());
              client.onopen = () => client.send(JSON.stringify({action: "reply", text: "grüße"}));
              client.onmessage = (message) => {
                said.reply = JSON.parse(message.data).reply;
                client.close(1000, "enough");
              };
              client.onclose = (event) => done({...said, code: event.code, clean: event.wasClean});
            }));
            """
        )
        for event in ("$connect CONNECT", "reply MESSAGE", "$disconnect DISCONNECT 1000"):
            own.running.has_logged(f"saw {event}")

    assert told["chat"] == {"reply": "grüße", "code": 1000, "clean": True}


def test_a_browser_that_is_gone_without_a_word_is_missed(project: MakeProject, chromium: Browser) -> None:
    with served_apis(chat_project(project)) as own:
        told = chromium.told(
            f"const BASE = {own.urls['Api']!r};"
            """
            const client = new WebSocket(BASE);
            await tell("open", () => new Promise((done) => { client.onopen = () => done(client.readyState); }));
            """
        )
        own.running.has_logged("saw $disconnect DISCONNECT")

    assert told["open"] == 1
