"""debugpy in a function, by the Debug Adapter Protocol."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from dap import Dap
from debug_kit import Debugged, payload
from kit import Docker, Project, eventually, free_port, function, python, template

import samlocal.sandbox
from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker

SOURCE = """\
import os
import sys

LOADED = "once"

def handler(event, context):
    total = event["a"] + 1
    total = total * 2
    return {"total": total, "left": context.get_remaining_time_in_millis()}
"""
ENVIRONMENT = """\
import os
import sys

def handler(event, context):
    return {"variables": dict(os.environ), "path": sys.path, "arguments": sys.argv, "folder": os.getcwd()}
"""
_OF_THE_RUN = ("AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "_X_AMZN_TRACE_ID")


def mappings(project: Project, *more: str) -> list[dict[str, str]]:
    """What `samlocal debug-config` writes, as the editor hands it on."""
    project.run("debug-config", "--ide", "vscode", *more).succeeded()
    written = json.loads((project.folder / ".vscode" / "launch.json").read_text())
    found: list[dict[str, str]] = written["configurations"][0]["pathMappings"]
    for mapping in found:
        mapping["localRoot"] = mapping["localRoot"].replace("${workspaceFolder}", str(project.folder.resolve()))
    return found


def test_a_breakpoint_stops_by_the_path_here_and_a_second_debugger_enters_the_same_sandbox(
    project: Callable[..., Project], debugged: Callable[..., Debugged]
) -> None:
    made = project(python(SOURCE))
    path = made.folder.resolve() / "code" / "app.py"
    fn = debugged(made)
    call = fn.invoke({"a": 1})
    fn.waits()

    first = Dap(fn.port)
    first.attach(mappings(made), {path: [4, 8]})
    thread, stopped_in, line = first.stopped()
    assert (stopped_in, line) == (path, 4), "the module's own lines are met, since it waits before they run"
    first.request("continue", threadId=thread)
    thread, stopped_in, line = first.stopped()
    assert (stopped_in, line) == (path, 8)
    assert first.local(thread, "total") == "2"
    first.request("next", threadId=thread)
    thread, _, line = first.stopped()
    assert line == 9
    assert first.local(thread, "total") == "4"
    first.request("continue", threadId=thread)
    assert payload(call)["total"] == 4
    assert fn.notices[1:] == ["the debugger is attached."]
    first.detach()

    second = Dap(fn.port)
    second.attach(mappings(made), {path: [8]})
    call = fn.invoke({"a": 10})
    thread, _, line = second.stopped()
    assert line == 8
    assert second.local(thread, "total") == "11"
    second.request("continue", threadId=thread)
    assert payload(call)["total"] == 22
    second.detach()
    # Nobody is attached: nobody is waited for.
    assert payload(fn.invoke({"a": 0}))["total"] == 2


def test_a_sandbox_that_is_reloaded_waits_for_its_debugger_again(
    project: Callable[..., Project], debugged: Callable[..., Debugged]
) -> None:
    made = project(python(SOURCE))
    path = made.folder.resolve() / "code" / "app.py"
    fn = debugged(made, live=True)
    for factor in (2, 3):
        path.write_text(SOURCE.replace("* 2", f"* {factor}"))
        assert fn.reload()
        call = fn.invoke({"a": 1})
        eventually(lambda factor=factor: len(fn.notices) == 2 * factor - 3, told=lambda: fn)
        debugger = Dap(fn.port)
        debugger.attach(mappings(made), {path: [9]})
        thread, stopped_in, line = debugger.stopped()
        assert (stopped_in, line) == (path, 9)
        debugger.request("continue", threadId=thread)
        assert payload(call)["total"] == 2 * factor
        debugger.detach()
    attached = "the debugger is attached."
    assert [notice == attached for notice in fn.notices] == [False, True, False, True]


def test_the_environment_is_the_one_without_a_debugger(project: Callable[..., Project]) -> None:
    made = project(python(ENVIRONMENT, Environment={"Variables": {"MINE": "1"}}))
    plain = made.invoke("Fn").succeeded().payload
    watched = made.invoke("Fn", "--debug-port", str(free_port()), "--no-debug-wait").succeeded().payload
    for seen in (plain, watched):
        for name in _OF_THE_RUN:
            del seen["variables"][name]
    assert watched == plain


def test_the_timeouts_are_off_and_that_is_said(project: Callable[..., Project], docker: Docker) -> None:
    made = project(python(SOURCE, Timeout=1))
    port = free_port()
    with made.start("invoke", "Fn", "--event", '{"a": 1}', "--debug-port", str(port)) as running:
        running.has_logged(f"waiting for the debugger at 127.0.0.1:{port}").has_logged("Timeouts are off")
        client = Dap(port)
        path = made.folder.resolve() / "code" / "app.py"
        client.attach(mappings(made), {path: [8]})
        thread, _, _ = client.stopped()
        time.sleep(1.5)
        client.request("continue", threadId=thread)
        outcome = running.outcome().succeeded()
        client.close()
    assert outcome.payload["total"] == 4
    assert outcome.payload["left"] > 3_600_000, "a client library that minds the deadline is not disturbed either"
    said = [line for line in outcome.lines if line.startswith("samlocal: ")]
    assert len([line for line in said if "waiting for the debugger" in line]) == 1
    assert said.count("samlocal: the debugger is attached.") == 1
    assert docker.nothing_left(made)


def test_ctrl_c_while_it_waits_ends_everything(project: Callable[..., Project], docker: Docker) -> None:
    made = project(python(SOURCE))
    port = free_port()
    with made.start("invoke", "Fn", "--debug-port", str(port)) as running:
        running.has_logged("waiting for the debugger").signalled(signal.SIGINT)
        assert running.outcome().ended(ExitStatus.INTERRUPTED).stdout == b""
    assert docker.nothing_left(made)


def test_the_port_is_on_loopback_only_on_the_hosts_network_too(project: Callable[..., Project]) -> None:
    made = project(python(SOURCE))
    for network in ("bridge", "host"):
        port = free_port()
        with made.start("invoke", "Fn", "--debug-port", str(port), "--docker-network", network) as running:
            running.has_logged("waiting for the debugger")
            assert listeners(port) == {"0100007F"}
            Dap(port).detach()
            running.signalled(signal.SIGINT).outcome()


def listeners(port: int) -> set[str]:
    """The addresses of this machine with a listener on a port, as /proc writes them."""
    tables = [Path(f"/proc/net/{name}").read_text() for name in ("tcp", "tcp6")]
    rows = [line.split() for table in tables for line in table.splitlines()[1:]]
    return {row[1].split(":")[0] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port}


def test_a_port_in_use_is_named(project: Callable[..., Project]) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        outcome = project(python(SOURCE)).run("invoke", "Fn", "-d", str(port)).ended(ExitStatus.CONFIGURATION)
    assert f"debug port {port} is in use" in outcome.stderr


def test_a_layers_source_stops_too(project: Callable[..., Project], debugged: Callable[..., Debugged]) -> None:
    layer = {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "layer/"}}
    made = project(
        {
            "template.json": template(Fn=function(Layers=[{"Ref": "Shared"}]), Shared=layer),
            "code/app.py": "import shared\ndef handler(event, context):\n    return shared.twice(event)\n",
            "layer/python/shared.py": "def twice(number):\n    return number * 2\n",
        }
    )
    path = made.folder.resolve() / "layer" / "python" / "shared.py"
    fn = debugged(made)
    call = fn.invoke(4)
    fn.waits()
    client = Dap(fn.port)
    client.attach(mappings(made), {path: [2]})
    thread, stopped_in, line = client.stopped()
    assert (stopped_in, line) == (path, 2)
    assert client.local(thread, "number") == "4"
    client.request("continue", threadId=thread)
    assert payload(call) == 8
    client.detach()


@pytest.mark.parametrize("start", ["", 'ENTRYPOINT ["/var/lang/bin/python3", "-m", "awslambdaric"]\n'])
def test_an_image_function_stops_too_however_it_is_started(
    project: Callable[..., Project], docker: Docker, start: str
) -> None:
    dockerfile = "FROM samlocal/lambda-python:3.11\nENV PYTHONPATH=/var/runtime\nCOPY app.py /var/task/\n"
    own = {"Dockerfile": "Dockerfile", "DockerContext": "code"}
    image = {"Type": "AWS::Serverless::Function", "Properties": {"PackageType": "Image"}, "Metadata": own}
    made = project(
        {
            "template.json": template(Fn=image),
            "code/Dockerfile": f'{dockerfile}WORKDIR /var/task\n{start}CMD ["app.handler"]\n',
            "code/app.py": SOURCE,
        }
    )
    port = free_port()
    with made.start("invoke", "Fn", "--event", '{"a": 1}', "--debug-port", str(port)) as running:
        running.has_logged("waiting for the debugger")
        client = Dap(port)
        path = made.folder.resolve() / "code" / "app.py"
        client.attach([{"localRoot": str(path.parent), "remoteRoot": "/var/task"}], {path: [8]})
        thread, stopped_in, line = client.stopped()
        assert (stopped_in, line) == (path, 8)
        client.request("continue", threadId=thread)
        outcome = running.outcome().succeeded()
        client.close()
    assert outcome.payload["total"] == 4
    built = re.search(r"Successfully tagged (\S+)", outcome.stderr)
    assert built is not None
    assert docker.nothing_left(made)
    subprocess.run(["docker", "rmi", built[1]], check=True, capture_output=True)


def test_a_wrapper_of_the_functions_own_still_goes_round(project: Callable[..., Project]) -> None:
    files = python(
        "import os\ndef handler(event, context):\n"
        "    return [os.environ['WRAPPED'], os.environ['AWS_LAMBDA_EXEC_WRAPPER']]\n",
        Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrap"}},
    )
    made = project(files | {"code/wrap": '#!/bin/sh\nexport WRAPPED=yes\nexec "$@"\n'})
    (made.folder / "code" / "wrap").chmod(0o755)
    outcome = made.run("invoke", "Fn", "-d", str(free_port()), "--no-debug-wait").succeeded()
    assert outcome.payload == ["yes", "/var/task/wrap"]


def test_a_module_that_does_not_load_is_told_once(project: Callable[..., Project]) -> None:
    made = project(python("import absent_module\n"))
    outcome = made.run("invoke", "Fn", "-d", str(free_port()), "--no-debug-wait").ended(ExitStatus.FUNCTION_FAILED)
    assert outcome.payload["errorType"] == "Runtime.ImportModuleError"
    assert outcome.stderr.count("a debugger can attach at") == 1


@pytest.mark.parametrize("version", ["3.10", "3.12", "3.13", "3.14"])
def test_samlocals_debugpy_works_in_other_pythons(version: str, tmp_path: Path) -> None:
    """Without a container, since there are images of one Python only: the same file, the same debugpy."""
    import debugpy

    program = next((found for found in pythons(version)), None)
    if program is None:
        pytest.skip(f"python{version} is not on this machine")
    script = tmp_path / "app.py"
    script.write_text("def handler(a):\n    total = a + 1\n    return total\n\nprint(handler(1))\n")
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "debugpy").symlink_to(Path(debugpy.__file__).parent)
    hook = Path(samlocal.sandbox.__file__).parent / "inside" / "debug_python.py"
    port = free_port()
    with subprocess.Popen(
        [program, "-Xfrozen_modules=off", hook, packages, "127.0.0.1", str(port), "wait", "--", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
    ) as process:
        try:
            client = eventually(lambda: connected(port), told=process.poll)
            assert client is not None
            client.attach([], {script: [3]})
            thread, _, line = client.stopped()
            assert line == 3
            assert client.local(thread, "total") == "2"
            client.request("continue", threadId=thread)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
        client.close()
    assert out == "2\n"
    assert err.splitlines() == ["samlocal: debugpy listens", "samlocal: debugpy is attached to"]


def connected(port: int) -> Dap | None:
    try:
        return Dap(port)
    except OSError:
        return None


def pythons(version: str) -> list[Path]:
    """Interpreters of a version: pyenv's, whose shims answer for the chosen version only, and those on PATH."""
    import shutil

    found = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python{version}"))
    on_path = shutil.which(f"python{version}")
    candidates = [*found, *([Path(on_path)] if on_path else [])]
    return [path for path in candidates if runs(path) and path.resolve() != Path(sys.executable).resolve()]


def runs(path: Path) -> bool:
    return subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0
