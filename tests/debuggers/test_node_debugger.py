"""Node's inspector in a function, by its own protocol."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from debug_kit import Debugged, payload
from inspector import Inspector
from kit import Docker, Project, free_port, function, node, template

pytestmark = pytest.mark.docker

SOURCE = """\
const loaded = 'once';

exports.handler = async (event) => {
  let total = event.a + 1;
  total = total * 2;
  return { total, loaded };
};
"""
TYPESCRIPT = """\
type Event = { a: number };

export const handler = async (event: Event): Promise<{ total: number }> => {
  let total: number = event.a + 1;
  total = total * 2;
  return { total };
};
"""
ENVIRONMENT = """\
const { fork } = require('node:child_process');
exports.handler = async () => {
  const { AWS_LAMBDA_LOG_STREAM_NAME, AWS_LAMBDA_RUNTIME_API, _X_AMZN_TRACE_ID, ...variables } = process.env;
  const child = await new Promise((resolve) => fork(__filename).on('exit', resolve));
  return { variables, arguments: process.argv, node: process.execArgv, folder: process.cwd(), child };
};
"""


def attaches_by(project: Project) -> dict[str, str]:
    """What `samlocal debug-config` writes."""
    project.run("debug-config", "--ide", "vscode").succeeded()
    (written,) = json.loads((project.folder / ".vscode" / "launch.json").read_text())["configurations"]
    written["localRoot"] = written["localRoot"].replace("${workspaceFolder}", str(project.folder.resolve()))
    found: dict[str, str] = written
    return found


def url(path: Path, by: dict[str, str]) -> str:
    """A file of this machine as the function has it: what editors do with localRoot and remoteRoot."""
    return f"file://{by['remoteRoot']}/{path.relative_to(by['localRoot'])}"


def test_a_breakpoint_stops_by_the_path_here_and_a_second_debugger_enters_the_same_sandbox(
    project: Callable[..., Project], debugged: Callable[..., Debugged]
) -> None:
    made = project(node(SOURCE))
    script = url(made.folder.resolve() / "code" / "app.js", attaches_by(made))
    fn = debugged(made)
    call = fn.invoke({"a": 1})
    fn.waits()

    first = Inspector(fn.port)
    first.attach({script: 1})
    _, stopped_in, line = first.paused()
    assert (stopped_in, line) == (script, 1), "the first stop is the module's own, not one in the runtime client"
    first.request("Debugger.setBreakpointByUrl", url=script, lineNumber=4)
    first.request("Debugger.resume")
    frame, stopped_in, line = first.paused()
    assert (stopped_in, line) == (script, 5)
    assert first.evaluate(frame, "total") == 2
    first.request("Debugger.stepOver")
    frame, _, line = first.paused()
    assert line == 6
    assert first.evaluate(frame, "total") == 4
    first.request("Debugger.resume")
    assert payload(call) == {"total": 4, "loaded": "once"}
    assert fn.notices[1:] == ["the debugger is attached."]
    assert not [line for line in fn.log if "ebugger" in line]
    first.close()

    second = Inspector(fn.port)
    second.attach({script: 5})
    call = fn.invoke({"a": 10})
    frame, _, line = second.paused()
    assert line == 5
    assert second.evaluate(frame, "total") == 11
    second.request("Debugger.resume")
    assert payload(call)["total"] == 22
    second.close()
    # Nobody is attached: nobody is waited for.
    assert payload(fn.invoke({"a": 0}))["total"] == 2


def test_a_breakpoint_in_typescript_stops(project: Callable[..., Project], esbuild: str) -> None:
    handler = function("nodejs20.x")
    handler["Metadata"] = {"BuildMethod": "esbuild", "BuildProperties": {"EntryPoints": ["app.ts"], "Minify": True}}
    made = project({"template.json": template(Fn=handler), "code/app.ts": TYPESCRIPT, "code/package.json": "{}"})
    source = made.folder.resolve() / "code" / "app.ts"
    port = free_port()
    path = {"PATH": f"{esbuild}:{os.environ['PATH']}"}
    command = ("invoke", "Fn", "--build", "--event", '{"a": 1}', "--debug-port", str(port))
    with made.start(*command, environ=path) as running:
        running.has_logged(f"waiting for the debugger at 127.0.0.1:{port}")
        client = Inspector(port)
        client.attach_by_source(source, 5)
        _, stopped_in, _ = client.paused()
        assert stopped_in == "file:///var/task/app.js"
        client.request("Debugger.resume")
        assert running.outcome().succeeded().payload == {"total": 4}
        client.close()


def test_the_environment_is_the_one_without_a_debugger(project: Callable[..., Project]) -> None:
    made = project(node(ENVIRONMENT, Timeout=10))
    plain = made.invoke("Fn").succeeded().payload
    watched = made.invoke("Fn", "--debug-port", str(free_port()), "--no-debug-wait").succeeded().payload
    assert watched == plain
    assert plain["child"] == 0


def test_the_timeouts_are_off_and_all_is_ended(project: Callable[..., Project], docker: Docker) -> None:
    made = project(node(SOURCE, Timeout=1))
    port = free_port()
    with made.start("invoke", "Fn", "--event", '{"a": 1}', "--debug-port", str(port)) as running:
        running.has_logged(f"waiting for the debugger at 127.0.0.1:{port}")
        client = Inspector(port)
        client.attach({"file:///var/task/app.js": 5})
        client.paused()
        # Longer than the function's timeout.
        time.sleep(1.5)
        client.request("Debugger.resume")
        outcome = running.outcome().succeeded()
        client.close()
    assert outcome.payload["total"] == 4
    assert docker.nothing_left(made)
