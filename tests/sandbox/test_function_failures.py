"""How a function can fail, and what Lambda makes of each: payload, log, REPORT line, exit status.

Payloads are those that fidelity.md §3 gives for AWS; the errors of handlers are the runtime clients' own.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from kit import Docker, Project, function, node, python, template

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker


@dataclass(frozen=True)
class Failure:
    """One row. ``message`` is a regular expression with ``{id}`` for the request's id; ``logs`` are whole lines."""

    name: str
    files: Mapping[str, Any]
    error_type: str
    message: str
    logs: tuple[str, ...] = ()
    report: Mapping[str, str] = field(default_factory=dict)


EXIT = "RequestId: {id} Error: Runtime exited "

TABLE = [
    Failure(
        "a Python handler that raises",
        python("def handler(event, context):\n    raise ValueError('no\\nway')\n"),
        "ValueError",
        "no\nway",
        # The runtime client writes these with `\r` in between.
        (
            "[ERROR] ValueError: no",
            "way",
            "Traceback (most recent call last):",
            'File "/var/task/app.py", line 2, in handler',
        ),
    ),
    Failure(
        "a Python handler that is missing",
        python("handle = None\n"),
        "Runtime.HandlerNotFound",
        "Handler 'handler' missing on module 'app'",
    ),
    Failure(
        "a Python module that is missing",
        python("", Handler="other.handler"),
        "Runtime.ImportModuleError",
        "Unable to import module 'other': No module named 'other'",
    ),
    Failure(
        "a Python module that imports what is missing",
        python("import missing_library\n"),
        "Runtime.ImportModuleError",
        "Unable to import module 'app': No module named 'missing_library'",
    ),
    Failure(
        "a Python module with a syntax error",
        python("def handler(:\n"),
        "Runtime.UserCodeSyntaxError",
        r"Syntax error in module 'app': invalid syntax \(app.py, line 1\)",
    ),
    Failure(
        "a Python response that is no JSON",
        python("def handler(event, context):\n    return object()\n"),
        "Runtime.MarshalError",
        "Unable to marshal response: Object of type object is not JSON serializable",
    ),
    Failure(
        "a handler that exits with 1",
        python("import sys\ndef handler(event, context):\n    sys.exit(1)\n"),
        "Runtime.ExitError",
        EXIT + "with error: exit status 1",
        ("RequestId: {id} Error: Runtime exited with error: exit status 1",),
    ),
    Failure(
        "a handler that exits with 0",
        python("import os\ndef handler(event, context):\n    os._exit(0)\n"),
        "Runtime.ExitError",
        EXIT + "without providing a reason",
        ("RequestId: {id} Error: Runtime exited without providing a reason",),
    ),
    Failure(
        "a handler that a signal ends",
        python("import os\ndef handler(event, context):\n    os.abort()\n"),
        "Runtime.ExitError",
        EXIT + r"with error: signal: aborted(?: \(core dumped\))?",
    ),
    Failure(
        "an init that raises is run again, and its error is the answer",
        python("print('loading')\nraise RuntimeError('no settings')\n"),
        "RuntimeError",
        "no settings",
        ("loading", "loading"),
    ),
    Failure(
        "an init that exits is run again",
        python("import os\nprint('loading', flush=True)\nos._exit(3)\n"),
        "Runtime.ExitError",
        EXIT + "with error: exit status 3",
        ("loading", "loading"),
    ),
    Failure(
        "128 MB and 400 MB wanted",
        python("def handler(event, context):\n    return len(b'x' * (400 << 20))\n", MemorySize=128),
        "Runtime.OutOfMemory",
        EXIT + "with error: signal: killed",
        ("RequestId: {id} Error: Runtime exited with error: signal: killed",),
    ),
    Failure(
        "a response of 7 MB",
        python("def handler(event, context):\n    return 'x' * (7 << 20)\n", MemorySize=256),
        "Function.ResponseSizeTooLarge",
        r"Response payload size exceeded maximum allowed payload size \(6291556 bytes\)\.",
    ),
    Failure(
        "a provided function without a bootstrap",
        {"template.json": template(Fn=function("provided.al2023")), "code/readme": ""},
        "Runtime.InvalidEntrypoint",
        "RequestId: {id} Error: Couldn't find valid bootstrap.*/var/task/bootstrap /opt/bootstrap.*",
    ),
    Failure(
        "a Node handler that throws",
        node("exports.handler = async () => { throw new RangeError('no\\nway') }"),
        "RangeError",
        "no\nway",
    ),
    Failure(
        "a Node handler that is missing",
        node("exports.handle = null"),
        "Runtime.HandlerNotFound",
        "app.handler is undefined or not exported",
    ),
    Failure(
        "a Node module that is missing",
        node("", Handler="other.handler"),
        "Runtime.ImportModuleError",
        "Error: Cannot find module 'other'[\\s\\S]*",
    ),
    Failure(
        "a Node module with a syntax error",
        node("exports.handler = async (=> 1"),
        "Runtime.UserCodeSyntaxError",
        "SyntaxError: .*",
    ),
    Failure(
        "a Node handler that exits with 1",
        node("exports.handler = async () => process.exit(1)"),
        "Runtime.ExitError",
        EXIT + "with error: exit status 1",
    ),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_it_fails_as_on_lambda(row: Failure, project: Callable[..., Project], docker: Docker) -> None:
    failing = project(row.files)
    outcome = failing.invoke("Fn").ended(ExitStatus.FUNCTION_FAILED)
    id_ = outcome.request_id

    assert outcome.payload["errorType"] == row.error_type
    message = row.message.replace("{id}", id_)
    assert re.fullmatch(message, outcome.payload["errorMessage"]), outcome
    assert outcome.payload.get("requestId") in (None, "", id_)
    assert outcome.report["Status"] == "error"
    assert outcome.report["Error Type"] == row.error_type
    assert b"\r" not in outcome.stdout + outcome.stderr.encode()
    # The Python client indents with no-break spaces.
    lines = [line.strip() for line in outcome.lines]
    for line in row.logs:
        assert line.replace("{id}", id_) in lines, f"{line}\n{outcome}"
        lines.remove(line.replace("{id}", id_))
    assert docker.nothing_left(failing)


def test_a_function_that_takes_too_long_is_stopped_at_its_timeout(
    project: Callable[..., Project], docker: Docker
) -> None:
    sleeping = project(python("import time\ndef handler(event, context):\n    time.sleep(60)\n", Timeout=1))
    outcome = sleeping.invoke("Fn").ended(ExitStatus.FUNCTION_FAILED)
    message = "Task timed out after 1.00 seconds"
    assert outcome.payload == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {outcome.request_id} Error: {message}",
    }
    assert any(
        re.fullmatch(rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z {outcome.request_id} {message}", line)
        for line in outcome.lines
    )
    assert outcome.report["Status"] == "timeout"
    assert "Error Type" not in outcome.report
    assert 1000 <= outcome.report_number("Duration") < 10_000
    assert docker.nothing_left(sleeping)


def test_an_init_over_ten_seconds_is_run_again_under_the_functions_timeout(
    project: Callable[..., Project], docker: Docker
) -> None:
    """The module asks this test whether to go on: not the first time, but the second."""
    source = """
import os, socket
socket.create_connection((os.environ["GATE"], int(os.environ["PORT"]))).recv(1)
def handler(event, context):
    return "ready"
"""
    with socket.create_server((docker.gateway(), 0)) as gate:
        gate.settimeout(60)
        variables = {"GATE": docker.gateway(), "PORT": gate.getsockname()[1]}
        slow = project(python(source, Environment={"Variables": variables}))
        with slow.start("invoke", "Fn") as running:
            first, _ = gate.accept()
            second, _ = gate.accept()
            second.sendall(b"!")
            outcome = running.outcome().succeeded()
        first.close()
        second.close()
    assert outcome.payload == "ready"
    assert outcome.seconds > 10
    # The second init is the invocation's own time, and has no figure of its own; the first is nobody's.
    assert "Init Duration" not in outcome.report
    assert outcome.report_number("Duration") < (outcome.seconds - 10) * 1000
    assert docker.nothing_left(slow)


@pytest.mark.parametrize("crash", [False, True], ids=["a success", "a crash"])
def test_one_event_is_one_call_of_the_handler(crash: bool, project: Callable[..., Project], docker: Docker) -> None:
    """The handler knocks at a port of this machine, under a name that --add-host gives."""
    source = """
import os, socket
def handler(event, context):
    socket.create_connection(("counter", event["port"])).close()
    if event["crash"]:
        os._exit(1)
"""
    with socket.create_server((docker.gateway(), 0)) as counter:
        counter.setblocking(False)
        event = {"port": counter.getsockname()[1], "crash": crash}
        outcome = project(python(source)).invoke("Fn", "--add-host", f"counter:{docker.gateway()}", event=event)
        assert outcome.status == (ExitStatus.FUNCTION_FAILED if crash else ExitStatus.SUCCESS), str(outcome)
        calls = 0
        try:
            while True:
                counter.accept()[0].close()
                calls += 1
        except BlockingIOError:
            pass
    assert calls == 1
