"""WebSocket APIs: which route a message takes, and a client against real containers."""

from __future__ import annotations

import http.client
import importlib
import json
import re
import shutil
import signal
import socket
import ssl
import urllib.parse
from pathlib import Path
from typing import Any

import kit
import pytest
from kit import Docker
from routes_kit import api
from served_apis_kit import MakeProject, served_apis
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from samlocal.http_api.websocket.selection import selected

PLAIN = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.11, Handler: a.b}}
  Int: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref Api, IntegrationType: AWS_PROXY,
    IntegrationUri: !GetAtt Fn.Arn}}
  Send: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: send,
    Target: !Sub "integrations/${Int}"}}
  One: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: "1",
    Target: !Sub "integrations/${Int}"}}
  Connect: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: $connect,
    Target: !Sub "integrations/${Int}"}}
  Default: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: $default,
    Target: !Sub "integrations/${Int}"}}
  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: WEBSOCKET, RouteSelectionExpression: "EXPRESSION"}}
"""


# API Gateway developer guide, "Working with routes for WebSocket APIs".
@pytest.mark.parametrize(
    ("expression", "message", "key"),
    [
        ("$request.body.action", '{"action": "send"}', "send"),
        ("${request.body.action}", '{"action": "send"}', "send"),
        ("$request.body.a.b", '{"a": {"b": "send"}}', "send"),
        ("$request.body.actions[0]['the kind']", '{"actions": [{"the kind": "send"}]}', "send"),
        ("$request.body.action", '{"action": 1}', "1"),
        ("$request.body.action", '{"action": true}', "$default"),
        ("$request.body.action", '{"action": null}', "$default"),
        ("$request.body.action", '{"action": "unknown"}', "$default"),
        ("$request.body.action", '{"other": "send"}', "$default"),
        ("$request.body.action", '{"action": {"send": 1}}', "$default"),
        ("$request.body.action", "no JSON", "$default"),
        ("$request.body.action", b"\xff\xfe", "$default"),
        ("$request.body.action", '["send"]', "$default"),
        # Nobody connects by a message.
        ("$request.body.action", '{"action": "$connect"}', "$default"),
    ],
)
def test_a_message_takes_the_route_that_its_expression_selects(
    expression: str, message: str | bytes, key: str
) -> None:
    route = selected(api(PLAIN.replace("EXPRESSION", expression), head=""), message)

    assert route is not None
    assert route.path == key


SOURCE = """\
import json, os, urllib.error, urllib.request

def handler(event, context):
    said = event["requestContext"]
    print("saw", said["routeKey"], said["eventType"], *map(said.get, ("disconnectStatusCode", "disconnectReason")))
    if said["routeKey"] == "$connect" and "no" in (event.get("queryStringParameters") or {}):
        return {"statusCode": 403}
    if said["routeKey"] == "fail":
        raise ValueError("no")
    if said["routeKey"] == "echo":
        return {"statusCode": 200, "body": json.dumps({"echo": json.loads(event["body"])["text"]})}
    if said["routeKey"] == "reply":
        return {"statusCode": reach(said["connectionId"], "POST", b"by @connections")}
    return {"statusCode": 200}

def reach(connection, method, body):
    place = os.environ["AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI"]
    url = f"{place}/@connections/{urllib.request.quote(connection, safe='')}"
    return urllib.request.urlopen(urllib.request.Request(url, data=body, method=method)).status
"""


def project_of(project: MakeProject, *others: str, source: str = SOURCE, runtime: str = "python3.11") -> kit.Project:
    """``others`` are stages beside ``live``."""

    def route(key: str, **more: Any) -> dict[str, Any]:
        target = {"Fn::Sub": "integrations/${Int}"}
        return {
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {"ApiId": {"Ref": "Api"}, "RouteKey": key, "Target": target, **more},
        }

    def of_api(kind: str, **properties: Any) -> dict[str, Any]:
        return {"Type": f"AWS::ApiGatewayV2::{kind}", "Properties": {"ApiId": {"Ref": "Api"}, **properties}}

    resources = kit.template(
        # SDKs are slow to load where much else goes on.
        Fn=kit.function(runtime, Timeout=60),
        Api={
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {"ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action"},
        },
        Stage=of_api("Stage", StageName="live"),
        **{f"Stage{name}": of_api("Stage", StageName=name) for name in others},
        Int=of_api("Integration", IntegrationType="AWS_PROXY", IntegrationUri={"Fn::GetAtt": ["Fn", "Arn"]}),
        Connect=route("$connect"),
        Disconnect=route("$disconnect"),
        Fail=route("fail"),
        Reply=route("reply"),
        Echo=route("echo", RouteResponseSelectionExpression="$default"),
        EchoResponse=of_api("RouteResponse", RouteId={"Ref": "Echo"}, RouteResponseKey="$default"),
    )
    file = "app.py" if runtime.startswith("python") else "app.js"
    return project({"template.json": resources, f"code/{file}": source})


# As AWS's own examples have it (API Gateway developer guide, "Tutorial: Create a WebSocket chat app").
BOTO3 = """\
import boto3

def handler(event, context):
    said = event["requestContext"]
    if said["routeKey"] == "reply":
        url = f"https://{said['domainName']}/{said['stage']}"
        client = boto3.client("apigatewaymanagementapi", endpoint_url=url)
        client.post_to_connection(ConnectionId=said["connectionId"], Data=b"by its domain")
        print("idle since", client.get_connection(ConnectionId=said["connectionId"])["LastActiveAt"].year)
        try:
            client.post_to_connection(ConnectionId="nobody=", Data=b"?")
        except client.exceptions.GoneException:
            print("nobody is gone")
        try:
            boto3.client("sqs").list_queues()
        except Exception as error:
            print("sqs:", error)
    return {"statusCode": 200}
"""

# What NodeHttpHandler of AWS's SDK for JavaScript does.
NODE = """\
const https = require("https");
exports.handler = async ({ requestContext: said }) => {
  if (said.routeKey !== "reply") return { statusCode: 200 };
  const url = `https://${said.domainName}/${said.stage}/@connections/${encodeURIComponent(said.connectionId)}`;
  const statusCode = await new Promise((resolve, reject) => {
    https.request(url, { method: "POST" }, (answer) => resolve(answer.statusCode)).on("error", reject)
      .end("by its domain");
  });
  return { statusCode };
};
"""


def with_boto3(made: kit.Project) -> None:
    """boto3 into its function's code, as a deployment package has it, without what it knows of other services."""
    code = made.folder / "code"
    for name in ("boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil"):
        shutil.copytree(
            Path(str(importlib.import_module(name).__file__)).parent,
            code / name,
            ignore=lambda folder, names: {
                each
                for each in names
                if each == "__pycache__"
                or (Path(folder).name == "data" and (Path(folder) / each).is_dir() and each not in OWN_SERVICES)
            },
        )
    shutil.copy(Path(str(importlib.import_module("six").__file__)), code / "six.py")


OWN_SERVICES = ("apigatewaymanagementapi", "sqs")


def asked(client: ClientConnection, *, within: float = 60, **message: str) -> Any:
    client.send(json.dumps(message))
    answer = client.recv(timeout=within)
    try:
        return json.loads(answer)
    except ValueError:
        return answer


@pytest.mark.docker
def test_a_client_connects_is_answered_reached_and_missed(project: MakeProject, docker: Docker) -> None:
    made = project_of(project)
    with served_apis(made) as own:
        url = own.urls["Api"]
        assert url.startswith("ws://")
        assert url.endswith("/live")
        with connect(url, open_timeout=60) as client:
            assert asked(client, action="echo", text="hello") == {"echo": "hello"}
            assert asked(client, action="reply") == "by @connections"
            failed = asked(client, action="fail")
            unknown = asked(client, action="nothing")
            own.running.has_logged("saw $connect CONNECT None None")
        own.running.has_logged("saw $disconnect DISCONNECT 1000")

        assert failed["message"] == "Internal server error"
        assert unknown["message"] == "Forbidden"
        assert failed["connectionId"] == unknown["connectionId"]
        assert failed["requestId"] != unknown["requestId"]
    assert docker.nothing_left(made)


@pytest.mark.docker
def test_boto3_reaches_clients_at_the_domain_name_and_the_stage_of_its_event(project: MakeProject) -> None:
    made = project_of(project, source=BOTO3)
    with_boto3(made)
    with served_apis(made) as own:
        told = re.search(r"Api: in its events it is called (\S+),", own.running.stderr())
        assert told
        assert re.fullmatch(r"[a-z0-9]{10}\.execute-api\.samlocal\.internal:\d+", told[1])
        with connect(own.urls["Api"], open_timeout=60) as client:
            assert asked(client, action="reply") == "by its domain"
            # Its function goes on after that.
            own.running.has_logged("idle since 20")
        own.running.has_logged("nobody is gone")
        # Its keys are good for that alone.
        own.running.has_logged("samlocal: sqs is not there for a function without an environment")


@pytest.mark.docker
@pytest.mark.parametrize("network", ["bridge", "host"])
def test_node_reaches_clients_at_the_domain_name_and_the_stage_of_its_event(
    project: MakeProject, network: str
) -> None:
    made = project_of(project, source=NODE, runtime="nodejs20.x")
    with (
        served_apis(made, "--docker-network", network) as own,
        connect(own.urls["Api"], open_timeout=60) as client,
    ):
        assert asked(client, action="reply") == "by its domain"


@pytest.mark.docker
def test_functions_reach_clients_that_are_connected_by_tls(project: MakeProject) -> None:
    with served_apis(project_of(project), "--tls") as own:
        told = re.search(r"by the certificate (\S+) ", own.running.stderr())
        assert told
        assert own.urls["Api"].startswith("wss://")
        with connect(own.urls["Api"], open_timeout=60, ssl=ssl.create_default_context(cafile=told[1])) as client:
            assert asked(client, action="reply") == "by @connections"


@pytest.mark.docker
def test_functions_reach_the_clients_of_several_apis_by_tls_until_the_command_ends(project: MakeProject) -> None:
    with served_apis(project_of(project, "test"), "--tls") as own:
        told = re.search(r"by the certificate (\S+) ", own.running.stderr())
        assert told
        trusting = ssl.create_default_context(cafile=told[1])
        for name in ("Api/live", "Api/test"):
            with connect(own.urls[name], open_timeout=60, ssl=trusting) as client:
                assert asked(client, action="reply") == "by @connections"
        own.running.signalled(signal.SIGTERM).outcome().ended(143)


@pytest.mark.docker
def test_connect_can_refuse_a_client(project: MakeProject) -> None:
    with served_apis(project_of(project)) as own, pytest.raises(InvalidStatus) as refused:
        connect(f"{own.urls['Api']}?no=1", open_timeout=60).close()

    assert refused.value.response.status_code == 403


@pytest.mark.docker
def test_connections_are_read_and_closed_from_outside_and_are_gone_then(project: MakeProject) -> None:
    with served_apis(project_of(project)) as own:
        with connect(own.urls["Api"], open_timeout=60) as client:
            connection = asked(client, action="nothing")["connectionId"]

            def command(method: str, body: bytes | None = None) -> tuple[int, bytes, str | None]:
                parts = urllib.parse.urlsplit(own.urls["Api"])
                outside = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
                path = f"/live/@connections/{urllib.parse.quote(connection, safe='')}"
                outside.request(method, path, body=body)
                answer = outside.getresponse()
                said = answer.status, answer.read(), answer.getheader("x-amzn-ErrorType")
                outside.close()
                return said

            status, body, _ = command("GET")
            assert status == 200
            assert json.loads(body)["identity"]["sourceIp"] == "127.0.0.1"
            assert set(json.loads(body)) == {"connectedAt", "identity", "lastActiveAt"}
            assert command("POST", b"from outside")[0] == 200
            assert client.recv(timeout=60) == "from outside"
            assert command("POST", b"x" * (128 * 1024 + 1))[0] == 413
            assert command("DELETE")[0] == 204
            with pytest.raises(ConnectionClosed) as closed:
                client.recv(timeout=60)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1000
        # boto/boto3, issue 3789: what the function was told on AWS.
        own.running.has_logged("saw $disconnect DISCONNECT 1000 Connection Closed Normally")
        kit.eventually(lambda: command("POST", b"late")[0] == 410)
        assert command("GET") == (410, b"{}", "GoneException")


# RFC 6455, 7.1.5: 1005 is a close frame without a status, 1006 the end of a connection without a frame.
@pytest.mark.docker
@pytest.mark.parametrize(
    ("last", "told"),
    [
        (b"\x88\x82\0\0\0\0\x0f\xa1", "4001"),
        (b"\x88\x80\0\0\0\0", "1005 Client-side close frame status not set"),
        (b"", "1006 "),
    ],
)
def test_a_function_is_told_how_its_client_has_gone(project: MakeProject, last: bytes, told: str) -> None:
    with served_apis(project_of(project)) as own:
        client = connect(own.urls["Api"], open_timeout=60)
        if last:
            client.socket.sendall(last)
        else:
            client.socket.shutdown(socket.SHUT_WR)

        own.running.has_logged(f"saw $disconnect DISCONNECT {told}")


@pytest.mark.docker
def test_the_command_ends_while_clients_are_connected(project: MakeProject, docker: Docker) -> None:
    made = project_of(project)
    with served_apis(made) as own:
        with connect(own.urls["Api"], open_timeout=60) as client:
            own.running.signalled(signal.SIGTERM)
            kit.eventually(lambda: own.running.process.poll() is not None)
            with pytest.raises(ConnectionClosed):
                client.recv(timeout=60)
        own.running.has_logged("saw $disconnect DISCONNECT")
    assert docker.nothing_left(made)
