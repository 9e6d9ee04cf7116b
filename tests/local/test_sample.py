"""The sample application's functions, called as their runtimes call them, on the deployed sample."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pytest
from sample_kit import REGION, ROOT, SAMPLE

from samlocal.aws import Aws
from samlocal.deployed.rights.role_policies import read_rights
from samlocal.local.deploy import Deployment

FUNCTIONS = SAMPLE.parent / "functions"
LAYER = SAMPLE.parent / "layers" / "events"
EVENTS = ROOT / "events"


def call_python(function: str, event: Path, environ: dict[str, str]) -> dict[str, Any]:
    """What Lambda's Python does: the code is the working folder, the layer's python/ is on the path."""
    program = "import app, json, sys; json.dump(app.handler(json.load(sys.stdin), None), sys.stdout)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=FUNCTIONS / function,
        env={"PYTHONPATH": str(LAYER / "python"), "PYTHONDONTWRITEBYTECODE": "1", **environ},
        input=event.read_text(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture
def as_role(
    sample: Deployment, environ: dict[str, str], client: Callable[[str], Any]
) -> Callable[[str], dict[str, str]]:
    """The environment of a deployed function: its variables, and its role's keys."""

    def environment(logical_id: str) -> dict[str, str]:
        function = client("lambda").get_function_configuration(FunctionName=sample.physical_id(logical_id))
        keys = client("sts").assume_role(RoleArn=function["Role"], RoleSessionName="test")["Credentials"]
        return {
            **{name: value for name, value in environ.items() if name in ("AWS_ENDPOINT_URL", "NO_PROXY")},
            **function["Environment"]["Variables"],
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
        }

    return environment


def test_the_welcome_event_needs_no_aws() -> None:
    answer = call_python("get_event", EVENTS / "get-event.json", {"TABLE_NAME": "none"})
    assert answer["statusCode"] == 200
    body = json.loads(answer["body"])
    assert body["item"]["id"] == "welcome"
    assert body["source"] == "built-in"
    assert "table" not in body


def test_an_event_that_was_put_is_read_from_the_table_under_the_role(
    sample: Deployment, as_role: Callable[[str], dict[str, str]]
) -> None:
    put = call_python("put_event", EVENTS / "put-event.json", as_role("putEvent"))
    assert put["statusCode"] == 200

    got = call_python("get_event", EVENTS / "get-stored-event.json", as_role("getEvent"))
    assert got["statusCode"] == 200
    body = json.loads(got["body"])
    sent = json.loads(json.loads((EVENTS / "put-event.json").read_text())["body"])
    assert body["item"] == {"id": "meetup", **sent}
    assert body["table"] == sample.physical_id("EventsTable")
    assert body["role"] == f"arn:aws:sts::123456789012:assumed-role/{sample.physical_id('getEventRole')}/test"


def test_an_event_that_is_not_there_is_named(
    sample: Deployment, as_role: Callable[[str], dict[str, str]], tmp_path: Path
) -> None:
    event = json.loads((EVENTS / "get-stored-event.json").read_text())
    event["pathParameters"]["id"] = "nowhere"
    (tmp_path / "event.json").write_text(json.dumps(event))
    answer = call_python("get_event", tmp_path / "event.json", as_role("getEvent"))
    assert answer["statusCode"] == 404
    message = json.loads(answer["body"])["message"]
    assert "nowhere" in message
    assert sample.outputs["TableName"] in message


@pytest.mark.parametrize("body", ["", "{", "[]", '{"name": 1}'])
def test_a_body_that_is_no_event_is_refused(body: str, tmp_path: Path) -> None:
    event = json.loads((EVENTS / "put-event.json").read_text())
    event["body"] = body
    (tmp_path / "event.json").write_text(json.dumps(event))
    assert call_python("put_event", tmp_path / "event.json", {"TABLE_NAME": "none"})["statusCode"] == 400


@contextmanager
def runtime_api(requests: list[str]) -> Iterator[tuple[str, Queue[tuple[str, bytes]]]]:
    """Lambda's Runtime API as far as `bootstrap` speaks it: an event for each request id, then silence."""
    waiting: Queue[str] = Queue()
    for request in requests:
        waiting.put(request)
    answers: Queue[tuple[str, bytes]] = Queue()
    closing = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/2018-06-01/runtime/invocation/next"
            while not closing.is_set():
                try:
                    request = waiting.get(timeout=0.05)
                except Empty:
                    continue
                self.answer(200, b"{}", {"Lambda-Runtime-Aws-Request-Id": request})
                return
            self.close_connection = True

        def do_POST(self) -> None:
            answers.put((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.answer(202, b'{"status":"OK"}', {})

        def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as api:
        thread = threading.Thread(target=api.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"127.0.0.1:{api.server_address[1]}", answers
        finally:
            closing.set()
            api.shutdown()
            thread.join()


def test_the_rights_of_a_role_can_be_read_to_narrow_a_session_to_them(sample: Deployment, aws: Aws) -> None:
    role = aws.call("iam", "get_role", RoleName=sample.physical_id("getEventRole"))["Role"]
    (policy,) = read_rights(aws, role["Arn"]).inline
    # AWS SAM, DynamoDBReadPolicy.
    assert any("dynamodb:GetItem" in statement.actions for statement in policy.statements)


def test_the_health_check_answers_every_event_through_the_runtime_api() -> None:
    with runtime_api(["first", "second"]) as (address, answers):
        environ = {"PATH": "/usr/bin:/bin", "AWS_LAMBDA_RUNTIME_API": address, "STAGE": "test", "NO_PROXY": "*"}
        with subprocess.Popen([FUNCTIONS / "health_check" / "bootstrap"], env=environ) as bootstrap:
            try:
                got = [answers.get(timeout=60) for _ in range(2)]
            finally:
                bootstrap.kill()

    for request, (path, content) in zip(("first", "second"), got, strict=True):
        assert path == f"/2018-06-01/runtime/invocation/{request}/response"
        answer = json.loads(content)
        assert answer["statusCode"] == 200
        assert json.loads(answer["body"]) == {"status": "ok", "stage": "test"}
