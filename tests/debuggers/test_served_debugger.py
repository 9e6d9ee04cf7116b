"""A function of ``samlocal start-lambda`` under a debugger: the others run on, and it stays over every save."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import signal
import time
import urllib.parse
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import kit
import pytest
from dap import Dap
from inspector import Inspector
from kit import Docker, Running, eventually, free_port

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker

MakeProject = Callable[..., kit.Project]

PYTHON = """\
import time
def handler(event, context):
    total = event["a"] + 1
    total = total * 2
    return {"total": total}
"""
NODE = """\
exports.handler = async (event) => {
  let total = event.a + 1;
  total = total * 2;
  return { total };
};
"""


def files(language: str) -> dict[str, Any]:
    """``Fn`` is to be debugged, ``Other`` not."""
    runtime, name, source = {
        "python": ("python3.11", "app.py", PYTHON),
        "node": ("nodejs20.x", "app.js", NODE),
    }[language]
    timeouts = {"Fn": 2, "Other": 60}
    functions = {
        each: kit.function(runtime, CodeUri=f"{each}/", Timeout=seconds) for each, seconds in timeouts.items()
    }
    return {"template.json": kit.template(**functions), f"Fn/{name}": source, f"Other/{name}": source}


class Served:
    def __init__(self, running: Running, url: str, port: int, callers: ThreadPoolExecutor) -> None:
        self.running = running
        self.port = port
        self._address = urllib.parse.urlsplit(url)
        self._callers = callers

    def call(self, function: str, event: object) -> Any:
        connection = http.client.HTTPConnection(self._address.hostname or "", self._address.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("POST", f"/2015-03-31/functions/{function}/invocations", json.dumps(event))
            with connection.getresponse() as answer:
                return json.loads(answer.read())

    def begin(self, function: str, event: object) -> Future[Any]:
        return self._callers.submit(self.call, function, event)


@contextlib.contextmanager
def served(made: kit.Project, *args: str) -> Iterator[Served]:
    port = free_port()
    command = ("start-lambda", "--port", "0", "--debug-port", str(port), *args)
    with ThreadPoolExecutor(4) as callers, made.start(*command, environ={"AWS_REGION": "eu-west-1"}) as running:
        running.has_logged("/dev/stdout")
        found = re.search(r"Lambda is served at (http://[\d.:]+)", running.stderr())
        assert found
        yield Served(running, found[1], port, callers)
        if running.process.poll() is None:
            running.signalled(signal.SIGTERM).outcome()


def attached(port: int, source: Path, line: int) -> Dap:
    client = Dap(port)
    client.attach([{"localRoot": str(source.parent), "remoteRoot": "/var/task"}], {source: [line]})
    return client


def test_a_python_function_is_debugged_over_saves_while_the_others_run(project: MakeProject, docker: Docker) -> None:
    made = project(files("python"))
    source = made.folder.resolve() / "Fn" / "app.py"
    with served(made, "--debug-function", "Fn", "--idle", "1") as own:
        own.running.has_logged(f"waiting for the debugger at 127.0.0.1:{own.port} ")
        assert f"Debugging    Fn at 127.0.0.1:{own.port}" in own.running.stderr()
        client = attached(own.port, source, 4)
        for factor in (2, 3, 4):
            answer = own.begin("Fn", {"a": 1})
            thread, stopped_in, line = client.stopped()
            second = own.begin("Fn", {"a": 2})
            assert (stopped_in, line) == (source, 4)
            # The others have their own sandboxes, and their timeouts.
            assert own.call("Other", {"a": 1}) == {"total": 4}
            # Longer than the function's timeout, and than an idle sandbox lives.
            time.sleep(2.5)
            assert not second.done(), "its sandbox is single"
            client.request("continue", threadId=thread)
            assert answer.result(60) == {"total": 2 * factor}
            thread, _, _ = client.stopped()
            client.request("continue", threadId=thread)
            assert second.result(60) == {"total": 3 * factor}
            time.sleep(1.5)
            assert own.running.stderr().count("waiting for the debugger") == factor - 1, "it stays while it is idle"
            kit.write(source, PYTHON.replace("* 2", f"* {factor + 1}"))
            assert client.event("terminated") == {"restart": True}
            client.detach()
            client = attached(own.port, source, 4)
        client.detach()
    assert docker.nothing_left(made)


def test_a_node_function_is_debugged_over_saves(project: MakeProject, docker: Docker) -> None:
    made = project(files("node"))
    source = made.folder.resolve() / "Fn" / "app.js"
    breakpoint_ = {"file:///var/task/app.js": 3}
    with served(made, "--debug-function", "Fn") as own:
        client = Inspector(own.port)
        client.attach(breakpoint_)
        for factor in (2, 3, 4):
            answer = own.begin("Fn", {"a": 1})
            frame, stopped_in, line = client.paused()
            assert (stopped_in, line) == ("file:///var/task/app.js", 3)
            assert client.evaluate(frame, "total") == 2
            assert own.call("Other", {"a": 1}) == {"total": 4}
            client.request("Debugger.resume")
            assert answer.result(60) == {"total": 2 * factor}
            kit.write(source, NODE.replace("* 2", f"* {factor + 1}"))
            eventually(client.has_ended)
            client = Inspector(own.port)
            client.attach(breakpoint_)
        client.close()
    assert docker.nothing_left(made)


def test_a_new_container_is_attached_to_again_as_well(project: MakeProject) -> None:
    """More memory takes a new one, and so does a crash."""
    made = project(files("python"))
    source = made.folder.resolve() / "Fn" / "app.py"
    with served(made, "--debug-function", "Fn") as own:
        client = attached(own.port, source, 4)
        changed = json.loads((made.folder / "template.json").read_text())
        changed["Resources"]["Fn"]["Properties"]["MemorySize"] = 256
        kit.write(made.folder / "template.json", changed)
        assert client.event("terminated") == {"restart": True}
        client.detach()
        client = attached(own.port, source, 4)
        answer = own.begin("Fn", {"a": 1})
        thread, _, _ = client.stopped()
        client.ask("evaluate", expression="__import__('os')._exit(3)", frameId=frame_of(client, thread))
        assert answer.result(60)["errorType"] == "Runtime.ExitError"
        assert client.event("terminated") == {"restart": True}
        client.detach()
        client = attached(own.port, source, 4)
        answer = own.begin("Fn", {"a": 2})
        thread, _, line = client.stopped()
        assert line == 4
        client.request("continue", threadId=thread)
        assert answer.result(60) == {"total": 6}
        client.detach()


def frame_of(client: Dap, thread: int) -> int:
    return int(client.request("stackTrace", threadId=thread)["stackFrames"][0]["id"])


def test_a_save_at_a_breakpoint_waits_for_the_event_and_is_attached_to_then(project: MakeProject) -> None:
    made = project(files("python"))
    source = made.folder.resolve() / "Fn" / "app.py"
    with served(made, "--debug-function", "Fn") as own:
        client = attached(own.port, source, 4)
        answer = own.begin("Fn", {"a": 1})
        thread, _, _ = client.stopped()
        kit.write(source, PYTHON.replace("* 2", "* 5"))
        own.running.has_logged("Fn will be reloaded when what runs is over")
        client.request("continue", threadId=thread)
        assert answer.result(60) == {"total": 4}, "it has run by the code with which it began"
        assert client.event("terminated") == {"restart": True}
        client.detach()
        client = attached(own.port, source, 4)
        answer = own.begin("Fn", {"a": 1})
        thread, _, line = client.stopped()
        assert line == 4
        client.request("continue", threadId=thread)
        assert answer.result(60) == {"total": 10}
        client.detach()


def test_it_is_debugged_on_the_hosts_network_too(project: MakeProject) -> None:
    made = project(files("python"))
    source = made.folder.resolve() / "Fn" / "app.py"
    with served(made, "--debug-function", "Fn", "--docker-network", "host") as own:
        client = attached(own.port, source, 4)
        answer = own.begin("Fn", {"a": 1})
        thread, _, _ = client.stopped()
        client.request("continue", threadId=thread)
        assert answer.result(60) == {"total": 4}
        client.detach()


# which one


def test_of_several_functions_the_one_to_debug_is_named(project: MakeProject) -> None:
    made = project(files("python"))
    port = str(free_port())
    unnamed = made.run("start-lambda", "--port", "0", "--debug-port", port).ended(ExitStatus.CONFIGURATION)
    assert "2: Fn, Other." in unnamed.stderr
    assert "--debug-function" in unnamed.stderr
    wrong = made.run("start-lambda", "--port", "0", "-d", port, "--debug-function", "No")
    assert wrong.ended(ExitStatus.FUNCTION_NOT_FOUND).stdout == b""
    without = made.run("start-lambda", "--port", "0", "--debug-function", "Fn").ended(ExitStatus.USAGE)
    assert "--debug-port" in without.stderr


def test_a_templates_only_function_needs_no_name(project: MakeProject) -> None:
    made = project(kit.python(PYTHON))
    with served(made, "--no-debug-wait") as own:
        assert f"Debugging    Fn at 127.0.0.1:{own.port}" in own.running.stderr()
        assert own.call("Fn", {"a": 1}) == {"total": 4}, "nobody need attach"
        source = made.folder.resolve() / "code" / "app.py"
        client = attached(own.port, source, 4)
        answer = own.begin("Fn", {"a": 2})
        thread, _, _ = client.stopped()
        client.request("continue", threadId=thread)
        assert answer.result(60) == {"total": 6}
        client.detach()


# the end


def test_ctrl_c_lets_go_of_a_function_that_stands_at_a_breakpoint(project: MakeProject, docker: Docker) -> None:
    made = project(files("python"))
    source = made.folder.resolve() / "Fn" / "app.py"
    with served(made, "--debug-function", "Fn") as own:
        client = attached(own.port, source, 4)
        answer = own.begin("Fn", {"a": 1})
        client.stopped()
        own.running.signalled(signal.SIGINT)
        assert client.event("terminated") == {}, "nobody is asked to attach again"
        client.detach()
        assert answer.result(60) == {"total": 4}
        own.running.outcome().ended(130)
    assert docker.nothing_left(made)


def test_ctrl_c_waits_no_longer_than_the_function_may_run_for_a_debugger_that_never_came(
    project: MakeProject, docker: Docker
) -> None:
    made = project(files("python"))
    port = free_port()
    command = ("start-lambda", "--port", "0", "--debug-port", str(port), "--debug-function", "Fn", "--output", "json")
    with ThreadPoolExecutor(1) as callers, made.start(*command, environ={"AWS_REGION": "eu-west-1"}) as running:
        url = json.loads(running.prints(b"\n").splitlines()[0])["url"]
        answer = Served(running, url, port, callers).begin("Fn", {"a": 1})
        running.prints(b'"request.begun"')
        running.signalled(signal.SIGTERM)
        outcome = running.outcome().ended(143)
        assert "Traceback" not in outcome.stderr
        assert answer.result(60) == {"Type": "Service", "Message": "samlocal: it is ending."}
    assert docker.nothing_left(made)


# the other commands that stay


def test_watch_stops_at_the_breakpoint_again_after_each_save(project: MakeProject, docker: Docker) -> None:
    made = project(files("python"))
    source = made.folder.resolve() / "Fn" / "app.py"
    port = free_port()
    with made.start("watch", "Fn", "--event", '{"a": 1}', "--debug-port", str(port)) as running:
        running.has_logged(f"waiting for the debugger at 127.0.0.1:{port} ")
        for factor in (2, 3, 4):
            client = attached(port, source, 4)
            thread, stopped_in, line = client.stopped()
            assert (stopped_in, line) == (source, 4)
            client.request("continue", threadId=thread)
            running.has_logged("REPORT")
            eventually(lambda: running.stderr().count("REPORT RequestId") == factor - 1)  # noqa: B023
            kit.write(source, PYTHON.replace("* 2", f"* {factor + 1}"))
            assert client.event("terminated") == {"restart": True}
            client.detach()
        running.signalled(signal.SIGINT).outcome().ended(130)
    assert docker.nothing_left(made)


def test_an_apis_function_is_debugged(project: MakeProject, docker: Docker) -> None:
    source = (
        'import json\ndef handler(event, context):\n    body = "seen"\n    return {"statusCode": 200, "body": body}\n'
    )
    get = {"Type": "HttpApi", "Properties": {"Path": "/", "Method": "get"}}
    made = project({**kit.python(source), "template.json": kit.template(Fn=kit.function(Events={"Get": get}))})
    path = made.folder.resolve() / "code" / "app.py"
    port, web = free_port(), free_port()
    command = ("start-api", "--port", str(web), "-d", str(port))
    with ThreadPoolExecutor(1) as callers, made.start(*command, environ={"AWS_REGION": "eu-west-1"}) as running:
        running.has_logged(f"Debugging    Fn at 127.0.0.1:{port}")
        client = attached(port, path, 4)
        answer = callers.submit(page, web)
        thread, stopped_in, line = client.stopped()
        assert (stopped_in, line) == (path, 4)
        client.request("continue", threadId=thread)
        assert answer.result(60) == b"seen"
        client.detach()
        running.signalled(signal.SIGTERM).outcome().ended(143)
    assert docker.nothing_left(made)


def page(port: int) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", "/")
        with connection.getresponse() as answer:
            return answer.read()
