"""``samlocal start-api`` as clients meet it: a process, sockets, real containers."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import signal
import socket
import ssl
import urllib.parse
from pathlib import Path
from typing import Any

import kit
import pytest
from kit import Docker, Gate
from served_apis_kit import MakeProject, served_apis

SOURCE = """\
import json
def handler(event, context):
    if event.get("rawPath") == "/raise" or event.get("path") == "/raise":
        raise ValueError("no")
    return {"statusCode": 201, "headers": {"X-Said": "yes"}, "body": json.dumps(event)}
"""

TYPED = {"X-CaSed": "small", "Content-Type": "text/plain"}

STREAMING = """\
const net = require("net");
exports.handler = awslambda.streamifyResponse(async (event, out) => {
  out = awslambda.HttpResponseStream.from(out, {statusCode: 202, headers: {"Content-Type": "text/plain"}});
  for (const part of ["one ", "two ", "three"]) {
    out.write(part);
    await new Promise((done) => net.connect(event.queryStringParameters).resume().on("close", done));
  }
  out.end();
});
"""


def event(type_: str, **properties: str) -> dict[str, Any]:
    return {"Type": type_, "Properties": properties}


def project_of(project: MakeProject, **more: Any) -> kit.Project:
    """A function behind a REST API, an HTTP API and a URL."""
    events = {
        "Rest": event("Api", Path="/items/{id}", Method="get"),
        "Raise": event("Api", Path="/raise", Method="get"),
        "Http": event("HttpApi", Path="/http/{proxy+}", Method="any"),
    }
    return project(kit.python(SOURCE, Events=events, FunctionUrlConfig={"AuthType": "NONE"}, **more))


@pytest.mark.docker
def test_each_kind_of_api_runs_the_function_with_its_own_event(project: MakeProject, docker: Docker) -> None:
    made = project_of(project)
    with served_apis(made) as own:
        assert list(own.urls) == ["ServerlessRestApi", "ServerlessHttpApi", "Fn"]

        rest = own.ask("GET", "/items/a%20b?x=1&x=2", headers={"X-CaSed": "kept"})
        http = own.ask("POST", "/http/a%20b", api="ServerlessHttpApi", body=b"sent", headers=TYPED)
        url = own.ask("PUT", "/any/path?q=1", api="Fn")

        assert [answer.status for answer in (rest, http, url)] == [201, 201, 201]
        assert [answer.headers["x-said"] for answer in (rest, http, url)] == ["yes", "yes", "yes"]
        assert (rest.json["resource"], rest.json["path"]) == ("/items/{id}", "/items/a%20b")
        assert rest.json["pathParameters"] == {"id": "a%20b"}
        assert rest.json["multiValueQueryStringParameters"] == {"x": ["1", "2"]}
        # As the client wrote it: localstack/localstack, test_apigateway_lambda.snapshot.json, recorded on AWS.
        assert rest.json["headers"]["X-CaSed"] == "kept"
        assert rest.json["requestContext"]["stage"] == "Prod"
        assert (http.json["version"], http.json["routeKey"]) == ("2.0", "ANY /http/{proxy+}")
        assert (http.json["rawPath"], http.json["pathParameters"]) == ("/http/a b", {"proxy": "a b"})
        assert http.json["headers"]["x-cased"] == "small"
        assert http.json["body"] == "sent"
        assert (url.json["routeKey"], url.json["rawPath"]) == ("$default", "/any/path")
        own.running.has_logged(" 201 GET /items/a%20b\n").has_logged(" 201 POST /http/a%20b\n")
    assert docker.nothing_left(made)


@pytest.mark.docker
def test_a_function_that_raises_is_a_bad_gateway_and_its_log_says_why(project: MakeProject) -> None:
    with served_apis(project_of(project), "--api", "ServerlessRestApi") as own:
        answer = own.ask("GET", "/raise")

        assert (answer.status, answer.json) == (502, {"message": "Internal server error"})
        own.running.has_logged("[ERROR] ValueError: no")
        assert own.ask("GET", "/items/1").status == 201


TRANSFORMED = """\
def handler(event, context):
    if event["id"] == "none":
        raise ValueError("Not found: " + event["id"])
    return {"got": event}
"""


def transformed(body: dict[str, Any]) -> dict[str, Any]:
    """A REST API whose function is no proxy."""
    uri = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations"
    wrong = "{\"error\": $input.json('$.errorMessage')}"
    integration = {
        "type": "aws",
        "httpMethod": "POST",
        "uri": {"Fn::Sub": uri},
        "requestTemplates": {"application/json": json.dumps(body).replace('"$BODY"', "$input.json('$.name')")},
        "responses": {
            "default": {"statusCode": "201"},
            "Not found.*": {"statusCode": "404", "responseTemplates": {"application/json": wrong}},
        },
    }
    operation = {"x-amazon-apigateway-integration": integration}
    document = {"openapi": "3.0.1", "info": {"title": "t"}, "paths": {"/things/{id}": {"post": operation}}}
    return {"Type": "AWS::Serverless::Api", "Properties": {"StageName": "live", "DefinitionBody": document}}


@pytest.mark.docker
def test_a_function_that_is_no_proxy_gets_what_its_template_makes(project: MakeProject) -> None:
    body = {"id": "$input.params('id')", "stage": "$context.stage", "name": "$BODY"}
    files = {"template.json": kit.template(Fn=kit.function(), Web=transformed(body)), "code/app.py": TRANSFORMED}
    made = project(files)
    with served_apis(made) as own:
        answer = own.ask("POST", "/things/1", body=b'{"name": ["a"]}')
        missing = own.ask("POST", "/things/none", body=b"{}")

        assert (answer.status, answer.json) == (201, {"got": {"id": "1", "stage": "live", "name": ["a"]}})
        assert (missing.status, missing.json) == (404, {"error": "Not found: none"})


@pytest.mark.docker
def test_a_streamed_answer_arrives_in_pieces(project: MakeProject, docker: Docker) -> None:
    made = project(kit.node(STREAMING, FunctionUrlConfig={"AuthType": "NONE", "InvokeMode": "RESPONSE_STREAM"}))
    with Gate(docker) as gate, served_apis(made) as own:
        connection = own.connection()
        connection.request("GET", f"/?host={gate.host}&port={gate.port}")
        answer = connection.getresponse()
        for part in (b"one ", b"two ", b"three"):
            # The function goes on when the client has it.
            assert answer.read1(1 << 16) == part
            gate.awaits()
            gate.opens()
        assert answer.read1(1 << 16) == b""
        connection.close()

        assert answer.status == 202
        assert answer.headers["Content-Type"] == "text/plain"


@pytest.mark.docker
def test_routes_that_are_saved_are_taken_up(project: MakeProject) -> None:
    made = project_of(project)
    template = made.folder / "template.json"
    with served_apis(made, "--api", "ServerlessRestApi") as own:
        assert own.ask("GET", "/new/1").status == 403
        kit.write(template, template.read_text().replace("/items/{id}", "/new/{id}"))

        kit.eventually(lambda: own.ask("GET", "/new/1").status == 201)

        assert own.ask("GET", "/new/1").json["resource"] == "/new/{id}"
        assert own.ask("GET", "/items/1").status == 403
        own.running.has_logged("ServerlessRestApi: its routes have changed.")


@pytest.mark.docker
def test_an_api_that_comes_or_goes_on_save_is_told(project: MakeProject) -> None:
    made = project_of(project)
    template = made.folder / "template.json"
    whole = template.read_text()
    without_http = json.loads(whole)
    del without_http["Resources"]["Fn"]["Properties"]["Events"]["Http"]
    with served_apis(made) as own:
        assert own.ask("GET", "/http/x", api="ServerlessHttpApi").status == 201
        kit.write(template, json.dumps(without_http))
        kit.eventually(lambda: own.ask("GET", "/http/x", api="ServerlessHttpApi").status == 404)
        own.running.has_logged("ServerlessHttpApi: its routes have changed. It is no more in the template.")
        kit.write(template, whole)
        kit.eventually(lambda: own.ask("GET", "/http/x", api="ServerlessHttpApi").status == 201)
        told = own.running.signalled(signal.SIGTERM).outcome().stderr
    assert "ServerlessHttpApi is new" not in told
    kit.write(template, json.dumps(without_http))
    with served_apis(made) as own:
        kit.write(template, whole)
        own.running.has_logged("ServerlessHttpApi is new: it is served from the next start on.")


@pytest.mark.docker
def test_what_comes_with_a_save_is_told_as_what_was_there_from_the_beginning(project: MakeProject) -> None:
    made = project_of(project)
    template = made.folder / "template.json"
    more = json.loads(template.read_text())
    own = more["Resources"]["Fn"]["Properties"]
    more["Resources"]["More"] = {
        "Type": "AWS::Serverless::Function",
        "Properties": {**own, "Events": {"More": event("Api", Path="/more", Method="get")}},
    }
    with made.start("start-api", "--port", "0", "--output", "json", environ={"AWS_REGION": "eu-west-1"}) as running:
        seen = running.prints(b'"type":"serving"')
        kit.write(template, json.dumps(more))
        # Whichever is known first.
        for news in (b'"path":"/more"', b'"id":"More"'):
            if news not in seen:
                seen += running.prints(news)
        seen += running.signalled(signal.SIGTERM).outcome().stdout
    served = [each for each in map(json.loads, seen.splitlines()) if each["type"] == "serving"]

    assert [each["id"] for each in served[0]["functions"]] == ["Fn"]
    assert [each["id"] for each in served[-1]["functions"]] == ["Fn", "More"]
    assert served[-1]["apis"][0]["url"] == served[0]["apis"][0]["url"]
    before, after = ({route["path"] for route in each["apis"][0]["routes"]} for each in (served[0], served[-1]))
    assert after - before == {"/more"}


@pytest.mark.docker
def test_a_foreign_name_is_answered_by_nobody_unless_the_host_says_so(project: MakeProject) -> None:
    made = project_of(project)
    with served_apis(made) as own:
        refused = own.ask("GET", "/items/1", headers={"Host": "evil.example"})
        document = own.ask("GET", "/_samlocal/openapi.json")
        answered = own.ask("GET", "/items/1", headers={"Host": "abc.execute-api.eu-west-1.amazonaws.com"})

        assert refused.status == 421
        assert set(document.json["paths"]) == {"/items/{id}", "/raise"}
        assert answered.status == 201
        assert answered.json["requestContext"]["domainName"] == "abc.execute-api.eu-west-1.amazonaws.com"


@pytest.mark.docker
def test_files_of_a_folder_are_served_where_no_route_is(project: MakeProject, tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "sub").mkdir(parents=True)
    (site / "index.html").write_text("<p>hello</p>")
    (site / "sub" / "a.js").write_text("1")
    (tmp_path / "secret.txt").write_text("secret")
    (site / "link").symlink_to(tmp_path / "secret.txt")
    made = project_of(project)
    with served_apis(made, "--static-dir", str(site), "--api", "ServerlessRestApi") as own:
        index, script = own.ask("GET", "/"), own.ask("GET", "/sub/a.js")

        assert (index.status, index.headers["content-type"], index.body) == (
            200,
            "text/html; charset=utf-8",
            b"<p>hello</p>",
        )
        assert script.headers["content-type"] == "text/javascript; charset=utf-8"
        assert own.ask("HEAD", "/").body == b""
        assert [own.ask("GET", path).status for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/link", "/no")] == [
            403
        ] * 4
        assert own.ask("POST", "/").status == 403


def test_routes_are_printed_without_an_engine(project: MakeProject) -> None:
    made = project_of(project)

    outcome = made.run("start-api", "--print-routes", environ={"DOCKER_HOST": "unix:///nowhere"}).succeeded()

    lines = [" ".join(line.split()) for line in outcome.stdout.decode().splitlines()]
    assert "ServerlessRestApi (REST API, stage Prod)" in lines
    assert "GET /items/{id} Fn" in lines
    assert "ServerlessHttpApi (HTTP API)" in lines
    assert "ANY /http/{proxy+} Fn" in lines
    assert "Fn (function URL)" in lines


def test_routes_are_printed_for_programs_too(project: MakeProject) -> None:
    outcome = project_of(project).run("start-api", "--print-routes", "--output", "json").succeeded()

    rest = outcome.payload["apis"][0]
    assert (rest["id"], rest["kind"], rest["stage"]) == ("ServerlessRestApi", "REST API", "Prod")
    assert {(route["method"], route["path"], route["leads_to"]) for route in rest["routes"]} == {
        ("GET", "/items/{id}", "Fn"),
        ("GET", "/raise", "Fn"),
    }


def test_an_api_that_is_not_there_is_named_with_those_that_are(project: MakeProject) -> None:
    outcome = project_of(project).run("start-api", "--api", "ServerlessRestAp").ended(4)

    assert "--api ServerlessRestAp: there is no such API; did you mean ServerlessRestApi?" in outcome.stderr
    assert "The template has ServerlessRestApi, ServerlessHttpApi, Fn." in outcome.stderr


def test_a_template_without_an_api_says_what_makes_one(project: MakeProject) -> None:
    outcome = project(kit.python(SOURCE)).run("start-api").ended(4)

    assert "the template has no API that samlocal can serve" in outcome.stderr


def test_a_port_that_is_taken_is_named(project: MakeProject) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        outcome = project_of(project).run("start-api", "--port", str(port)).ended(4)

    assert f"samlocal cannot listen on 127.0.0.1 port {port}" in outcome.stderr


@pytest.mark.docker
def test_tls_serves_with_a_certificate_that_clients_are_told_to_trust(project: MakeProject) -> None:
    made = project_of(project)
    with served_apis(made, "--tls", "--api", "ServerlessRestApi") as own:
        url = urllib.parse.urlsplit(own.urls["ServerlessRestApi"])
        told = re.search(r"by the certificate (\S+) ", own.running.stderr())
        assert told
        trusting = ssl.create_default_context(cafile=told[1])
        connection = http.client.HTTPSConnection(url.hostname or "", url.port, timeout=60, context=trusting)
        connection.request("GET", "/items/1")
        answer = connection.getresponse()
        event = json.loads(answer.read())
        connection.close()

        assert (url.scheme, answer.status) == ("https", 201)
        assert event["headers"]["X-Forwarded-Proto"] == "https"
        with pytest.raises(ssl.SSLCertVerificationError):
            http.client.HTTPSConnection(
                url.hostname or "", url.port, timeout=60, context=ssl.create_default_context()
            ).request("GET", "/")
    key = Path(told[1]).parent / "key-and-certificate.pem"
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.docker
def test_a_stage_variable_of_the_users_goes_over_the_templates(project: MakeProject) -> None:
    resources = kit.template(
        Web={"Type": "AWS::Serverless::Api", "Properties": {"StageName": "p", "Variables": {"a": "1", "b": "2"}}},
        Fn=kit.function(
            Events={"E": {"Type": "Api", "Properties": {"RestApiId": {"Ref": "Web"}, "Path": "/", "Method": "get"}}}
        ),
    )
    made = project({"template.json": resources, "code/app.py": SOURCE})
    with served_apis(made, "--stage-variables", "b=3") as own:
        assert json.loads(own.ask("GET", "/").body)["stageVariables"] == {"a": "1", "b": "3"}


@pytest.mark.docker
def test_the_command_does_not_wait_for_a_server_that_does_not_answer(project: MakeProject) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        integration = {
            "ApiId": {"Ref": "Api"},
            "IntegrationType": "HTTP_PROXY",
            "IntegrationMethod": "GET",
            "IntegrationUri": f"http://127.0.0.1:{silent.getsockname()[1]}/",
        }
        route = {"ApiId": {"Ref": "Api"}, "RouteKey": "GET /a", "Target": {"Fn::Sub": "integrations/${Int}"}}
        resources = kit.template(
            Api={"Type": "AWS::ApiGatewayV2::Api", "Properties": {"ProtocolType": "HTTP"}},
            Int={"Type": "AWS::ApiGatewayV2::Integration", "Properties": integration},
            Route={"Type": "AWS::ApiGatewayV2::Route", "Properties": route},
        )
        with (
            served_apis(project({"template.json": resources})) as own,
            contextlib.closing(own.connection()) as client,
        ):
            # The API itself waits for 30 s.
            client.timeout = 20
            client.request("GET", "/a")
            asked, _ = silent.accept()
            with asked:
                assert asked.recv(4) == b"GET "
                own.running.signalled(signal.SIGTERM)
                assert client.getresponse().status == 503
            own.running.outcome().ended(143)
