"""How much is said beside the payload, and in which colours."""

from __future__ import annotations

import http.server
import io
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest
from kit import Project, function, python, template
from requests_kit import FAILED, Shown, run

from samlocal.cli import terminal
from samlocal.errors import ExitStatus

SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "eu-west-1"}


@contextmanager
def refusing() -> Iterator[str]:
    """What stands in for AWS and lets nobody in."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            serving.join()


def test_verbose_has_each_call_to_aws_with_where_as_whom_and_how_long_and_no_secret(
    project: Callable[..., Project],
) -> None:
    made = project({"template.json": template(Fn=function()), "code/app.py": ""})
    with refusing() as url:
        environ = {**KEYS, "AWS_ENDPOINT_URL": url}
        told = made.run("list", "-n", "shop", "-v", environ=environ).ended(ExitStatus.AWS).stderr
        silent = made.run("list", "-n", "shop", environ=environ).ended(ExitStatus.AWS).stderr
    call = r"^samlocal: AWS cloudformation DescribeStacks in eu-west-1 as key AKIA…MPLE: 403 in \d+ ms$"
    assert re.search(call, told, re.MULTILINE)
    assert SECRET not in told
    assert "DescribeStacks in" not in silent


def test_quiet_and_verbose_are_not_both_meant(project: Callable[..., Project]) -> None:
    made = project({"template.json": template(Fn=function())})
    assert "--quiet and --verbose" in made.run("list", "-q", "-v").ended(ExitStatus.USAGE).stderr


def test_a_quiet_command_says_what_went_wrong_and_nothing_else(project: Callable[..., Project]) -> None:
    made = project({"template.json": template(Fn=function(CodeUri={"Ref": "No"}))})
    assert "cannot run" in made.run("list").succeeded().stderr
    assert made.run("list", "--quiet").succeeded().stderr == ""
    assert made.run("env", "No", environ={"SAMLOCAL_QUIET": "1"}).ended(ExitStatus.FUNCTION_NOT_FOUND).stderr


@pytest.mark.docker
def test_a_run_that_is_quiet_has_its_payload_alone_and_a_verbose_one_the_engines_requests(
    project: Callable[..., Project],
) -> None:
    made = project(python("def handler(event, context):\n    print('log')\n    return {}[event]\n"))
    quiet = made.invoke("Fn", "-q", event=1).ended(ExitStatus.FUNCTION_FAILED)
    assert quiet.payload["errorType"] == "KeyError"
    assert quiet.stderr == ""
    told = made.invoke("Fn", "-v", "--set", f"TOKEN={SECRET}", event=1, environ=KEYS).ended(1)
    assert re.search(r"^samlocal: engine POST /v[\d.]+/containers/create: 201 in \d+ ms$", told.stderr, re.MULTILINE)
    assert told.payload["errorType"] == "KeyError"
    assert "log" in told.lines
    assert SECRET not in told.stderr


def test_who_serves_quietly_tells_of_what_fails() -> None:
    async def test() -> None:
        async with Shown("Fn", quiet=True) as shown:
            assert shown.banner == []
            sandbox = shown.sandbox("Fn")
            sandbox.runs("1", "a line of the log")
            shown.requests.remarked("a remark")
            assert await shown.lines() == []
            sandbox.runs("2", result=FAILED)
            line, *_ = await shown.lines()
            assert "ValueError" in line

    run(test)


class Stream(io.StringIO):
    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


@pytest.mark.parametrize(
    ("environ", "at_a_terminal", "on_a_pipe"),
    [
        ({}, True, False),
        # no-color.org: when present and not an empty string.
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        # force-color.org, and who wants none wins.
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        # bixense.com/clicolors
        ({"CLICOLOR": "0"}, False, False),
        ({"CLICOLOR": "1"}, True, False),
        ({"CLICOLOR_FORCE": "1"}, True, True),
        ({"CLICOLOR_FORCE": "0"}, True, False),
        ({"CLICOLOR": "0", "CLICOLOR_FORCE": "1"}, True, True),
        ({"TERM": "dumb"}, False, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, False, False),
    ],
    ids=str,
)
def test_colours_are_where_they_are_seen_or_asked_for(
    environ: Mapping[str, str], at_a_terminal: bool, on_a_pipe: bool
) -> None:
    assert terminal.has_colours(Stream(is_terminal=True), environ) is at_a_terminal
    assert terminal.has_colours(Stream(is_terminal=False), environ) is on_a_pipe


@pytest.mark.parametrize(
    ("environ", "has_links"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7006"}, True),
        # VTE took the sequence for letters before 0.50.
        ({"TERM": "xterm-256color", "VTE_VERSION": "4205"}, False),
        ({"TERM": "linux"}, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "FORCE_HYPERLINK": "0"}, False),
        ({"TERM": "linux", "FORCE_HYPERLINK": "1"}, True),
    ],
    ids=str,
)
def test_links_are_where_the_terminal_has_them(environ: Mapping[str, str], has_links: bool) -> None:
    assert terminal.has_links(Stream(is_terminal=True), environ) is has_links
    assert not terminal.has_links(Stream(is_terminal=False), {**environ, "FORCE_HYPERLINK": "0"})


def test_a_terminal_that_is_not_utf_8_gets_what_it_has_letters_for(project: Callable[..., Project]) -> None:
    files = python("", Environment={"Variables": {"CITY": "Zürich…"}})
    shown = project(files).terminal("env", "Fn", environ={"PYTHONIOENCODING": "latin-1"}).succeeded().stdout
    assert b"Z\xfcrich\\u2026" in shown
    assert json.dumps("─").strip('"').encode() not in shown
