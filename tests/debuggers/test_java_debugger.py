"""JDWP in a Java function, by jdb."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest
from debug_kit import Debugged, payload, tool
from kit import Project, eventually, free_port, function, template
from terminal import Terminal

pytestmark = pytest.mark.docker

IMAGE = "samlocal/lambda-java:17"
SOURCE = """\
import java.util.Map;
import java.util.TreeMap;

public class Handler {
    public int handle(Map<String, Object> event) {
        int total = ((Number) event.get("a")).intValue() + 1;
        total = total * 2;
        return total;
    }

    public Map<String, String> environment(Object event) {
        return new TreeMap<>(System.getenv());
    }
}
"""


@pytest.fixture
def compiled(project: Callable[..., Project]) -> Callable[[str], Project]:
    """A project with the class above; the test is skipped where there is no JDK or no image."""
    javac = tool("javac")
    import docker

    client = docker.from_env()
    images = client.images.list(IMAGE)
    client.close()
    if not images:
        pytest.skip(f"the image {IMAGE} is not there; `make images` builds it")

    def compile_(method: str) -> Project:
        handler = function("java17", CodeUri="classes/", Handler=f"Handler::{method}", MemorySize=512)
        made = project({"template.json": template(Fn=handler), "source/Handler.java": SOURCE})
        command = [javac, "-g", "--release", "17", "-d", "classes", "source/Handler.java"]
        subprocess.run(command, cwd=made.folder, check=True)
        return made

    return compile_


@pytest.mark.parametrize("stays", [False, True], ids=["its own port", "the port of a command that stays"])
def test_a_breakpoint_stops_and_a_second_debugger_enters_the_same_sandbox(
    compiled: Callable[[str], Project], debugged: Callable[..., Debugged], *, stays: bool
) -> None:
    made = compiled("handle")
    jdb_command = (tool("jdb"), "-sourcepath", str(made.folder / "source"), "-attach")
    fn = debugged(made, stays=stays)
    call = fn.invoke({"a": 1})
    fn.waits()

    with Terminal(*jdb_command, f"127.0.0.1:{fn.port}") as jdb:
        jdb.prints(r"main\[1\] ")
        jdb.type("stop at Handler:7")
        jdb.prints("Deferring breakpoint Handler:7")
        jdb.type("run")
        jdb.prints(r"Breakpoint hit: .*Handler\.handle\(\), line=7 ")
        # The line itself, from the source on this machine.
        jdb.prints(r"7 +total = total \* 2;")
        jdb.type("print total")
        jdb.prints("total = 2")
        jdb.type("next")
        jdb.prints(r"Step completed: .*Handler\.handle\(\), line=8 ")
        jdb.type("print total")
        jdb.prints("total = 4")
        jdb.type("clear Handler:7")
        jdb.prints("Removed: breakpoint Handler:7")
        jdb.type("cont")
        assert payload(call) == 4
        jdb.type("quit")
        jdb.ends()
    assert fn.notices[1:] == ["the debugger is attached."]

    eventually(lambda: any("Listening for transport" in line for line in fn.log))
    with Terminal(*jdb_command, f"127.0.0.1:{fn.port}") as jdb:
        jdb.prints("> ")
        jdb.type("stop at Handler:7")
        jdb.prints("Set breakpoint Handler:7")
        call = fn.invoke({"a": 10})
        jdb.prints(r"Breakpoint hit: .*line=7 ")
        jdb.type("print total")
        jdb.prints("total = 11")
        jdb.type("clear Handler:7")
        jdb.prints("Removed: breakpoint Handler:7")
        jdb.type("cont")
        assert payload(call) == 22
        jdb.type("quit")
        jdb.ends()


def test_the_environment_is_the_one_without_a_debugger(compiled: Callable[[str], Project]) -> None:
    made = compiled("environment")
    plain = made.invoke("Fn").succeeded().payload
    watched = made.invoke("Fn", "-d", str(free_port()), "--no-debug-wait").succeeded().payload
    for seen in (plain, watched):
        for name in ("AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API"):
            del seen[name]
    assert watched == plain
