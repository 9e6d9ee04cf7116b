"""External and internal extensions beside a function: their lifecycle, and what their failures make of an invocation.

The payloads are AWS's own: elastic/apm-aws-lambda pull request 145 (``Extension.InitError``) and issue 92
(``Extension.LaunchError``), DataDog/datadog-lambda-extension issue 263 (``Extension.Crash``); for the phases and the
shutdown's time the developer guide, "Extensions API".
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from extension_kit import ANSWER, LISTENER, WATCHER, said, watched, with_layer
from kit import Docker, Project, node, python

from samlocal.errors import ExitStatus
from samlocal.sandbox.result import Success

pytestmark = pytest.mark.docker

ENDS = "process.on('SIGTERM', () => { process.stdout.write('the runtime ends\\n'); process.exit(0); });"
STAYS = """
process.on('SIGTERM', () => {
  const says = () => process.stdout.write(`lives ${Date.now()}\\n`);
  says();
  setInterval(says, 20);
});
"""

NOT_FOR_EXTENSIONS = {
    "_HANDLER",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_XRAY_CONTEXT_MISSING",
    "AWS_XRAY_DAEMON_ADDRESS",
    "_AWS_XRAY_DAEMON_ADDRESS",
    "_AWS_XRAY_DAEMON_PORT",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
}


def test_an_extension_registers_gets_the_event_and_the_shutdown(
    project: Callable[..., Project], docker: Docker
) -> None:
    began = time.time() * 1000
    seen = project(watched(Timeout=3)).invoke("Fn", event={"a": 1}).succeeded()

    assert seen.payload == {"said": {"a": 1}}
    (registered,) = said(seen.lines, "watcher", "registered")
    assert registered["status"] == 200
    assert registered["body"] == {
        "functionName": "Fn",
        "functionVersion": "$LATEST",
        "handler": "app.handler",
        "accountId": "123456789012",
    }
    environ = set(registered["environ"])
    assert not environ & NOT_FOR_EXTENSIONS
    assert not {name for name in environ if name.startswith(("SAMLOCAL", "_"))}
    assert {"AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_FUNCTION_NAME", "AWS_REGION", "PATH", "TZ", "WATCHER"} <= environ

    invoked, shutdown = (each["event"] for each in said(seen.lines, "watcher", "event"))
    assert invoked["eventType"] == "INVOKE"
    assert invoked["requestId"] == seen.request_id
    assert invoked["invokedFunctionArn"] == "arn:aws:lambda:us-east-1:123456789012:function:Fn"
    assert invoked["tracing"]["type"] == "X-Amzn-Trace-Id"
    assert 3000 <= invoked["deadlineMs"] - began <= 3000 + seen.seconds * 1000
    assert shutdown["eventType"] == "SHUTDOWN"
    assert shutdown["shutdownReason"] == "spindown"
    assert said(seen.lines, "watcher", "done")
    assert "EXTENSION\tName: watcher\tState: Ready\tEvents: [INVOKE,SHUTDOWN]" in seen.lines
    # It was told of its time, and did not need it.
    heard = said(seen.lines, "watcher", "event")[1]["at"]
    assert 0 < shutdown["deadlineMs"] - heard <= 2000


def test_every_event_reaches_the_extension_and_the_answer_does_not_wait_for_it(
    project: Callable[..., Project], opened: Callable[[Project], Any]
) -> None:
    running = opened(project(watched(does="linger")))
    waits, reports = [], []
    for number in range(3):
        began = time.monotonic()
        answers: list[float] = []
        invocation = running.invoke(b"%d" % number, answered=lambda _, at=answers: at.append(time.monotonic()))
        assert invocation.result == Success(payload=b'{"said": %d}' % number)
        # Half a second passes between the event and the extension's next call; the first event waits for the init.
        waits.append(time.monotonic() - answers[0])
        reports.append(invocation.report.duration)
        assert answers[0] > began
    running.stop()
    # On a busy machine the answer of one may take as long.
    assert any(wait > 0.1 for wait in waits)
    # The duration is the extensions' too.
    assert all(duration >= 500 for duration in reports)
    events = [each["event"] for each in said(running.lines, "watcher", "event")]
    assert [event["eventType"] for event in events] == ["INVOKE", "INVOKE", "INVOKE", "SHUTDOWN"]
    assert len({event.get("requestId") for event in events}) == 4


def test_the_runtime_starts_when_all_extensions_have_registered(project: Callable[..., Project]) -> None:
    source = "import time\nSTARTED = time.time()\ndef handler(event, context):\n    return STARTED\n"
    seen = project(watched(source)).invoke("Fn").succeeded()
    assert said(seen.lines, "watcher", "registered")[0]["at"] < seen.payload


def test_an_extension_that_takes_too_long_to_end_is_killed_after_two_seconds(
    project: Callable[..., Project], docker: Docker
) -> None:
    staying = project(watched(does="stay"))
    seen = staying.invoke("Fn").succeeded()
    ended = time.time()
    _, shutdown = said(seen.lines, "watcher", "event")
    assert not said(seen.lines, "watcher", "done")
    # The deadline that it is told, in ms.
    assert 0 <= ended - shutdown["event"]["deadlineMs"] / 1000 < 10
    assert docker.nothing_left(staying)


@pytest.mark.parametrize(
    ("source", "error_type", "reason"),
    [
        ("import os\ndef handler(event, context):\n    os._exit(1)\n", "Runtime.ExitError", "failure"),
        ("import time\ndef handler(event, context):\n    time.sleep(9)\n", "Sandbox.Timedout", "timeout"),
        ("def handler(event, context):\n    a = bytearray(400 << 20)\n", "Runtime.OutOfMemory", "failure"),
    ],
)
def test_extensions_hear_why_the_sandbox_goes_down(
    source: str, error_type: str, reason: str, project: Callable[..., Project]
) -> None:
    timeout = 1 if reason == "timeout" else 60
    seen = project(watched(source, Timeout=timeout)).invoke("Fn").ended(ExitStatus.FUNCTION_FAILED)
    assert seen.payload["errorType"] == error_type
    assert [each["event"].get("shutdownReason") for each in said(seen.lines, "watcher", "event")] == [None, reason]
    assert said(seen.lines, "watcher", "done")


def test_the_runtime_is_told_with_sigterm_before_the_extensions_are(project: Callable[..., Project]) -> None:
    source = f"{ENDS}\nexports.handler = async () => 1;"
    ending = project(with_layer(source, LISTENER, runtime="nodejs20.x"))

    def runtime_is_first() -> bool:
        lines = ending.invoke("Fn").succeeded().lines
        (shutdown,) = (place for place, line in enumerate(lines) if '"eventType":"SHUTDOWN"' in line)
        return "the runtime ends" in lines[:shutdown]

    # On a busy machine 0.3 seconds may be too few for a runtime to end in.
    assert any(runtime_is_first() for _ in range(3))


@pytest.mark.parametrize(
    ("does", "error_type", "cause", "state"),
    [
        ("exit", "Extension.Crash", "exit status 3", "State: Exited\tEvents: []"),
        (
            "init/error",
            "Extension.InitError",
            "exit status 1",
            "State: InitError\tEvents: [INVOKE,SHUTDOWN]\tError Type: Extension.Test",
        ),
        (
            "exit/error",
            "Extension.ExitError",
            "exit status 1",
            "State: ExitError\tEvents: [INVOKE,SHUTDOWN]\tError Type: Extension.Test",
        ),
        ("crash", "Extension.Crash", "signal: killed", "State: Ready\tEvents: [INVOKE,SHUTDOWN]"),
    ],
)
def test_an_extension_that_ends_fails_the_invocation(
    does: str, error_type: str, cause: str, state: str, project: Callable[..., Project], docker: Docker
) -> None:
    source = "import time\ndef handler(event, context):\n    time.sleep(0.5)\n"
    failing = project(watched(source, does=does, Timeout=30))
    seen = failing.invoke("Fn").ended(ExitStatus.FUNCTION_FAILED)
    message = f"RequestId: {seen.request_id} Error: {cause}"
    assert seen.payload == {"errorType": error_type, "errorMessage": message}
    assert seen.report["Error Type"] == error_type
    assert f"EXTENSION\tName: watcher\t{state}" in seen.lines
    # Lambda writes the two at the end.
    assert seen.lines[seen.lines.index(message) + 1] == error_type
    assert docker.nothing_left(failing)


@pytest.mark.parametrize(
    ("files", "cause", "state"),
    [
        ({"extensions/README.md": "# Not to be run\n"}, "permission denied", "PermissionDenied"),
        ({"extensions/tool": "#!/no/such/shell\n"}, "no such file or directory", "UnknownError"),
        # Written on Windows: aws-samples/aws-lambda-extensions issue 54.
        ({"extensions/tool": "#!/bin/sh\r\nexit\r\n"}, "no such file or directory", "UnknownError"),
        ({"extensions/tool": "no program\n"}, "exec format error", "UnknownError"),
    ],
)
def test_a_file_that_cannot_be_run_fails_the_invocation(
    files: dict[str, str], cause: str, state: str, project: Callable[..., Project]
) -> None:
    failing = project(with_layer(ANSWER, files))
    (name,) = files
    if name.endswith("tool"):
        (failing.folder / "layer" / name).chmod(0o755)
    seen = failing.invoke("Fn").ended(ExitStatus.FUNCTION_FAILED)
    base = name.rpartition("/")[2]
    assert seen.payload == {
        "errorType": "Extension.LaunchError",
        "errorMessage": f"RequestId: {seen.request_id} Error: fork/exec /opt/{name}: {cause}",
    }
    assert f"EXTENSION\tName: {base}\tState: LaunchError\tEvents: []\tError Type: {state}" in seen.lines


def test_ten_extensions_run_and_eleven_do_not(project: Callable[..., Project]) -> None:
    script = (WATCHER / "extensions" / "watcher").read_text(encoding="utf-8")

    def run(count: int) -> Any:
        crowded = project(with_layer(ANSWER, {f"extensions/e{number}": script for number in range(count)}))
        for number in range(count):
            (crowded.folder / "layer" / "extensions" / f"e{number}").chmod(0o755)
        return crowded.invoke("Fn")

    ten, eleven = run(10).succeeded(), run(11).ended(ExitStatus.FUNCTION_FAILED)
    assert len(said(ten.lines, "watcher", "done")) == 10
    assert eleven.payload["errorType"] == "Extension.LaunchError"
    assert any("State: LaunchError\tEvents: []\tError Type: TooManyExtensions" in line for line in eleven.lines)


def test_an_extension_that_never_registers_takes_the_functions_time(project: Callable[..., Project]) -> None:
    """The init's ten seconds, then the function's timeout: the runtime never starts."""
    seen = project(watched(does="sleep", Timeout=1)).invoke("Fn").ended(ExitStatus.FUNCTION_FAILED)
    assert seen.payload["errorType"] == "Sandbox.Timedout"
    assert "a line of the function" not in seen.lines
    assert "EXTENSION\tName: watcher\tState: Started\tEvents: []" in seen.lines


INTERNAL = """
import http.client, json, os, threading
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
seen = []

def call(method, path, body=None, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    api.request(method, "/2020-01-01/extension" + path, body and json.dumps(body), headers)
    answer = api.getresponse()
    return answer.status, answer.headers, json.loads(answer.read())

refused = call("POST", "/register", {"events": ["SHUTDOWN"]}, Lambda_Extension_Name="inside")
status, headers, _ = call("POST", "/register", {"events": ["INVOKE"]}, Lambda_Extension_Name="inside")
me = headers["Lambda-Extension-Identifier"]

def loop():
    while True:
        seen.append(call("GET", "/event/next", Lambda_Extension_Identifier=me)[2]["requestId"])

threading.Thread(target=loop, daemon=True).start()

def handler(event, context):
    while context.aws_request_id not in seen:
        pass
    return {"refused": [refused[0], refused[2]], "seen": seen == [context.aws_request_id]}
"""


def test_an_internal_extension_runs_in_the_runtimes_own_process(project: Callable[..., Project]) -> None:
    seen = project(python(INTERNAL)).invoke("Fn").succeeded()
    refusal = {
        "errorType": "Extension.InvalidEventType",
        "errorMessage": "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension",
    }
    assert seen.payload == {"refused": [403, refusal], "seen": True}
    assert "EXTENSION\tName: inside\tState: Ready\tEvents: [INVOKE]" in seen.lines


def test_with_an_internal_extension_the_runtime_has_half_a_second_to_end(project: Callable[..., Project]) -> None:
    registers = """
        const root = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2020-01-01/extension`;
        const body = JSON.stringify({ events: [] });
        const headers = { "Lambda-Extension-Name": "in" };
        const answer = await fetch(`${root}/register`, { method: "POST", headers, body });
        const id = answer.headers.get("Lambda-Extension-Identifier");
        fetch(`${root}/event/next`, { headers: { "Lambda-Extension-Identifier": id } }).catch(() => {});
        export const handler = async () => 1;
    """
    ending = project(node("") | {"code/app.mjs": ENDS + registers})
    (ending.folder / "code" / "app.js").unlink()
    assert "the runtime ends" in ending.invoke("Fn").succeeded().lines
    late = project(node("") | {"code/app.mjs": STAYS + registers})
    (late.folder / "code" / "app.js").unlink()

    def lived() -> int:
        """In ms, from its SIGTERM to its last sign of life."""
        lines = late.invoke("Fn").succeeded().lines
        signs = [int(line.removeprefix("lives ")) for line in lines if line.startswith("lives ")]
        return signs[-1] - signs[0]

    # An engine that is busy may be late in ending a container.
    assert any(lived() < 1500 for _ in range(3))


def test_without_extensions_the_runtime_is_killed_at_once(project: Callable[..., Project]) -> None:
    seen = project(node(f"{ENDS}\nexports.handler = async () => 1;")).invoke("Fn").succeeded()
    assert "the runtime ends" not in seen.lines
    assert not any(line.startswith("EXTENSION") for line in seen.lines)


def test_without_extensions_nobody_stands_beside_the_runtime_but_the_shell(project: Callable[..., Project]) -> None:
    source = """
import os
def handler(event, context):
    names = {}
    for number in filter(str.isdigit, os.listdir('/proc')):
        with open(f'/proc/{number}/comm') as file:
            names[int(number)] = file.read().strip()
    return [names.pop(os.getppid()), names.pop(os.getpid()), names.pop(1), list(names.values())]
"""
    parent, _, _, others = project(python(source)).invoke("Fn").succeeded().payload
    # Whoever waits for the runtime's end, and whoever reads what samlocal asks.
    assert parent == "sh"
    assert others == ["sh"]


WRAPPER = """#!/bin/sh
export WRAPPED="$(basename "$1")"
exec "$@"
"""


@pytest.mark.parametrize(
    ("runtime", "source", "program"),
    [
        ("python3.11", "import os\ndef handler(event, context):\n    return os.environ['WRAPPED']\n", "python3.11"),
        ("nodejs20.x", "exports.handler = async () => process.env.WRAPPED", "node"),
    ],
)
def test_a_wrapper_starts_the_runtime(
    runtime: str, source: str, program: str, project: Callable[..., Project]
) -> None:
    variables = {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrapper"}
    wrapped = project(with_layer(source, {"wrapper": WRAPPER}, runtime=runtime, Environment={"Variables": variables}))
    (wrapped.folder / "layer" / "wrapper").chmod(0o755)
    assert wrapped.invoke("Fn").succeeded().payload == program


ADAPTER = """#!/var/lang/bin/python3.11
# What AWS's Lambda Web Adapter does: an extension that has the runtime's part as well, in front of a web server.
import http.client, json, os, threading, time

address = os.environ["AWS_LAMBDA_RUNTIME_API"]

def call(method, path, body=None, headers={}):
    api = http.client.HTTPConnection(address)
    api.request(method, path, body, headers)
    answer = api.getresponse()
    return answer.headers, answer.read()

headers, _ = call("POST", "/2020-01-01/extension/register", "{}", {"Lambda-Extension-Name": "adapter"})
me = {"Lambda-Extension-Identifier": headers["Lambda-Extension-Identifier"]}
threading.Thread(target=call, args=("GET", "/2020-01-01/extension/event/next", None, me), daemon=True).start()

def ready():
    try:
        http.client.HTTPConnection("127.0.0.1", 8080).connect()
        return True
    except OSError:
        return False

while not ready():
    time.sleep(0.01)
while True:
    headers, event = call("GET", "/2018-06-01/runtime/invocation/next")
    site = http.client.HTTPConnection("127.0.0.1", 8080)
    site.request("GET", json.loads(event)["path"])
    answer = site.getresponse()
    body = json.dumps({"statusCode": answer.status, "body": answer.read().decode()})
    call("POST", f"/2018-06-01/runtime/invocation/{headers['Lambda-Runtime-Aws-Request-Id']}/response", body)
"""

SITE = """
import http.server

class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"at {self.path}".encode())

http.server.HTTPServer(("127.0.0.1", 8080), Site).serve_forever()
"""


def test_an_extension_with_a_runtime_loop_of_its_own_serves_a_web_server(project: Callable[..., Project]) -> None:
    """As Lambda Web Adapter does it in a layer: the wrapper starts the server in the place of the runtime."""
    layer = {"extensions/adapter": ADAPTER, "wrapper": "#!/bin/sh\nexec /var/lang/bin/python3.11 /var/task/app.py\n"}
    variables = {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrapper"}
    adapted = project(with_layer(SITE, layer, Environment={"Variables": variables}))
    for name in layer:
        (adapted.folder / "layer" / name).chmod(0o755)
    assert adapted.invoke("Fn", event={"path": "/x"}).succeeded().payload == {"statusCode": 200, "body": "at /x"}


@pytest.mark.parametrize(
    "files",
    [
        python("", Handler="src/deep/app.handler") | {"code/src/deep/app.py": ANSWER},
        python("", Handler="src.deep.app.handler")
        | {"code/src/__init__.py": "", "code/src/deep/__init__.py": "", "code/src/deep/app.py": ANSWER},
        node("", Handler="src/deep/app.handler")
        | {"code/src/deep/app.mjs": "export const handler = async (event) => ({ said: event });"},
        node("", Handler="app.nested.handler")
        | {"code/app.js": "exports.nested = { handler: async (event) => ({ said: event }) };"},
        node("export const handler = async (event) => ({ said: event });")
        | {"code/package.json": {"type": "module"}},
        node("", Handler="app.handler")
        | {
            "code/app.js": "",
            "code/app.mjs": "const said = await Promise.resolve((event) => event);\n"
            "export const handler = async (event) => ({ said: said(event) });",
        },
    ],
    ids=["slashes", "packages", "an ES module in a folder", "a nested export", "a package of modules", "top await"],
)
def test_handlers_are_found_where_lambda_finds_them(files: dict[str, Any], project: Callable[..., Project]) -> None:
    if files.get("code/app.js") == "":
        files = {name: text for name, text in files.items() if name != "code/app.js"}
    assert project(files).invoke("Fn", event=7).succeeded().payload == {"said": 7}
