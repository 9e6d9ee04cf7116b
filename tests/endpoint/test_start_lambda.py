"""``samlocal start-lambda`` as boto3 meets it: a process, a socket, real containers."""

from __future__ import annotations

import base64
import json
import signal
import urllib.parse
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import kit
import pytest
from kit import Docker, Gate, eventually
from served_kit import served

pytestmark = pytest.mark.docker

MakeProject = Callable[..., kit.Project]

SOURCE = """\
import json, os, time
def handler(event, context):
    print("saw", json.dumps(event))
    if event.get("raise"):
        raise ValueError("no")
    if event.get("exit"):
        os._exit(3)
    time.sleep(event.get("sleep", 0))
    client = context.client_context
    return {
        "event": event,
        "arn": context.invoked_function_arn,
        "request_id": context.aws_request_id,
        "custom": client.custom if client else None,
        "lambda": os.environ.get("AWS_ENDPOINT_URL_LAMBDA"),
    }
"""

ARN = "arn:aws:lambda:eu-west-1:123456789012:function"


def test_boto3_gets_the_answer_the_version_and_the_log(project: MakeProject, docker: Docker) -> None:
    made = project(kit.python(SOURCE))
    with served(made) as own:
        answer = own.invoke(
            payload={"a": 1},
            LogType="Tail",
            ClientContext=base64.b64encode(b'{"custom": {"k": "v"}}').decode(),
        )
        request_id = answer["ResponseMetadata"]["RequestId"]
        assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
        assert "FunctionError" not in answer
        said = json.loads(answer["Payload"])
        assert said["event"] == {"a": 1}
        assert said["arn"] == f"{ARN}:Fn"
        assert said["request_id"] == request_id
        assert said["custom"] == {"k": "v"}
        log = base64.b64decode(answer["LogResult"]).decode().splitlines()
        assert log[0] == f"START RequestId: {request_id} Version: $LATEST"
        assert log[1] == 'saw {"a": 1}'
        assert log[2] == f"END RequestId: {request_id}"
        assert log[3].startswith(f"REPORT RequestId: {request_id}\t")
    assert docker.nothing_left(made)


def test_an_event_and_a_dry_run_are_answered_at_once_and_empty(project: MakeProject) -> None:
    with served(project(kit.python(SOURCE))) as own:
        answer = own.invoke(payload={"later": 1}, InvocationType="Event")
        assert (answer["StatusCode"], answer["Payload"]) == (202, b"")
        own.running.has_logged('saw {"later": 1}')
        assert own.client.invoke_async(FunctionName="Fn", InvokeArgs=b'{"before": 2014}')["Status"] == 202
        own.running.has_logged('saw {"before": 2014}')
        dry = own.invoke(payload={"never": 1}, InvocationType="DryRun")
        assert (dry["StatusCode"], dry["Payload"]) == (204, b"")
        assert 'saw {"never": 1}' not in own.running.stderr()


def test_the_arn_that_the_handler_sees_has_the_alias_it_was_called_by(project: MakeProject) -> None:
    with served(project(kit.python(SOURCE, AutoPublishAlias="live"))) as own:
        assert own.result(Qualifier="live")["arn"] == f"{ARN}:Fn:live"
        assert own.result("Fn:$LATEST")["arn"] == f"{ARN}:Fn:$LATEST"
        assert own.result()["arn"] == f"{ARN}:Fn"


def test_many_callers_each_get_their_own_answer(project: MakeProject, docker: Docker) -> None:
    made = project(kit.python(SOURCE))
    with served(made, "--concurrency", "3") as own:
        with ThreadPoolExecutor(8) as callers:
            answers = list(callers.map(lambda number: own.result(payload={"number": number}), range(60)))
        assert [answer["event"]["number"] for answer in answers] == list(range(60))
        assert len({answer["request_id"] for answer in answers}) == 60
        assert len(docker.containers(made)) <= 3
    assert docker.nothing_left(made)


def test_a_stream_comes_in_parts_with_its_end(project: MakeProject, docker: Docker) -> None:
    source = """\
const net = require("net");
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.write("one");
  if (event.port) await new Promise((resolve) => net.connect(event).resume().on("close", resolve));
  stream.write("two");
  stream.end();
});
"""
    with Gate(docker) as gate, served(project(kit.node(source))) as own:
        place = json.dumps({"host": gate.host, "port": gate.port})
        answer = own.client.invoke_with_response_stream(FunctionName="Fn", LogType="Tail", Payload=place)
        events = iter(answer["EventStream"])
        assert next(events)["PayloadChunk"]["Payload"] == b"one"
        gate.awaits()
        gate.opens()
        assert next(events)["PayloadChunk"]["Payload"] == b"two"
        (end,) = events
        complete = end["InvokeComplete"]
        assert "ErrorCode" not in complete
        assert b"REPORT RequestId: " in base64.b64decode(complete["LogResult"])
        assert own.invoke()["Payload"] == b"onetwo"


def test_ctrl_c_waits_for_what_runs_and_leaves_nothing(project: MakeProject, docker: Docker) -> None:
    made = project(kit.python(SOURCE, Timeout=10))
    with served(made) as own, ThreadPoolExecutor(1) as callers:
        own.invoke()
        running = callers.submit(own.result, "Fn", {"sleep": 2})
        own.running.has_logged('saw {"sleep": 2}')
        own.running.signalled(signal.SIGTERM)
        assert running.result(60)["event"] == {"sleep": 2}
        assert own.running.outcome().status == 143
    assert docker.nothing_left(made)


def test_sandboxes_that_are_wanted_warm_are_there_before_the_first_request(
    project: MakeProject, docker: Docker
) -> None:
    made = project(kit.python(SOURCE))
    with served(made, "--warm", "Fn=2"):
        eventually(lambda: len(docker.containers(made)) == 2)


def test_a_port_that_is_taken_is_said_with_what_to_do(project: MakeProject) -> None:
    made = project(kit.python(SOURCE))
    with served(made) as own:
        port = str(urllib.parse.urlsplit(own.url).port)
        outcome = made.run("start-lambda", "--port", port).ended(4)
        assert f"cannot listen on 127.0.0.1 port {port}" in outcome.stderr
        assert "--port" in outcome.stderr


def test_functions_call_each_other_through_the_endpoint(project: MakeProject) -> None:
    caller = """\
const http = require("http");
exports.handler = (event) => new Promise((resolve, reject) => {
  const url = process.env.AWS_ENDPOINT_URL_LAMBDA + "/2015-03-31/functions/Called/invocations";
  const request = http.request(url, { method: "POST" }, (answer) => {
    let body = "";
    answer.on("data", (data) => { body += data; });
    answer.on("end", () => resolve({ status: answer.statusCode, body: JSON.parse(body) }));
  });
  request.on("error", reject);
  request.end(JSON.stringify({ from: "Caller" }));
});
"""
    made = project(
        {
            "template.json": kit.template(
                Caller=kit.function("nodejs20.x", CodeUri="caller/", Timeout=20), Called=kit.function()
            ),
            "caller/app.js": caller,
            "code/app.py": SOURCE,
        }
    )
    with served(made) as own:
        answer = own.result("Caller")
        assert answer["status"] == 200
        assert answer["body"]["event"] == {"from": "Caller"}
