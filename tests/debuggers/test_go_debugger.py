"""dlv round a Go function, by dlv's own client."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from debug_kit import Debugged, payload
from kit import Project, function, template
from terminal import Terminal

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker

SOURCE = """\
package main

import "github.com/aws/aws-lambda-go/lambda"

type Event struct {
	A int `json:"a"`
}

func handle(event Event) (int, error) {
	total := event.A + 1
	total = total * 2
	return total, nil
}

func main() { lambda.Start(handle) }
"""
MODULE = "module example\n\ngo 1.21\n\nrequire github.com/aws/aws-lambda-go v1.47.0\n"


def go_function(**properties: object) -> dict[str, object]:
    return {
        "template.json": template(Fn=function("provided.al2023", CodeUri="built/", **properties)),
        "code/main.go": SOURCE,
        "code/go.mod": MODULE,
    }


@pytest.mark.parametrize("stays", [False, True], ids=["its own port", "the port of a command that stays"])
def test_a_breakpoint_stops_by_the_path_here_and_a_second_debugger_enters_the_same_sandbox(
    project: Callable[..., Project],
    debugged: Callable[..., Debugged],
    go: Callable[..., str],
    delve: Path,
    *,
    stays: bool,
) -> None:
    made = project(go_function())
    source = made.folder.resolve() / "code" / "main.go"
    go("mod", "tidy", cwd=source.parent)
    go("build", "-gcflags=all=-N -l", "-o", str(made.folder / "built" / "bootstrap"), ".", cwd=source.parent)
    fn = debugged(made, path=delve, stays=stays)
    call = fn.invoke({"a": 1})
    fn.waits()

    with Terminal(str(delve / "dlv"), "connect", f"127.0.0.1:{fn.port}") as dlv:
        dlv.prints(r"Type 'help'")
        dlv.type(f"break {source}:11")
        dlv.prints(r"Breakpoint 1 set at .*main\.go:11")
        dlv.type("continue")
        dlv.prints(r"> \[Breakpoint 1\] main\.handle\(\) .*main\.go:11")
        dlv.type("print total")
        dlv.prints(r"\b2\n")
        dlv.type("next")
        dlv.prints(r"> main\.handle\(\) .*main\.go:12")
        dlv.type("print total")
        dlv.prints(r"\b4\n")
        dlv.type("clearall")
        dlv.prints("Breakpoint 1 cleared")
        dlv.type("exit -c")
        dlv.ends()
    assert payload(call) == 4
    assert fn.notices[1:] == ["the debugger is attached."]

    with Terminal(str(delve / "dlv"), "connect", f"127.0.0.1:{fn.port}") as dlv:
        dlv.prints(r"Type 'help'")
        dlv.type(f"break {source}:11")
        dlv.prints(r"Breakpoint \d set at .*main\.go:11")
        call = fn.invoke({"a": 10})
        dlv.type("continue")
        dlv.prints(r"> \[Breakpoint \d\] main\.handle\(\) .*main\.go:11")
        dlv.type("print total")
        dlv.prints(r"\b11\n")
        dlv.type("clearall")
        dlv.prints(r"Breakpoint \d cleared")
        dlv.type("exit -c")
        dlv.ends()
    assert payload(call) == 22


def test_without_a_debugger_for_it_the_user_is_told_how_to_get_one(project: Callable[..., Project]) -> None:
    made = project(go_function() | {"built/bootstrap": "#!/bin/sh\n"})
    outcome = made.run("invoke", "Fn", "-d", "2345").ended(ExitStatus.CONFIGURATION)
    assert "--debugger-path" in outcome.stderr
    assert "go install github.com/go-delve/delve/cmd/dlv@latest" in outcome.stderr
