"""Whoever ends a command that stays while something is built ends the tools that build it."""

from __future__ import annotations

import signal
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from kit import Project, asleep, eventually, function, template

pytestmark = pytest.mark.docker


@pytest.mark.parametrize(
    ("seconds", "command"),
    [
        ("6271", ("watch", "Fn")),
        ("6272", ("start-lambda", "--port", "0", "--warm", "Fn=1")),
        ("6273", ("start-lambda", "--port", "0")),
    ],
)
def test_ctrl_c_during_a_build_ends_its_tools_and_the_command(
    project: Callable[..., Project], seconds: str, command: tuple[str, ...]
) -> None:
    described = function(CodeUri=".")
    described["Metadata"] = {"BuildMethod": "makefile"}
    made = project({"template.json": template(Fn=described), "Makefile": f"build-Fn:\n\tsleep {seconds}\n"})
    with made.start(*command, "--build") as running, ThreadPoolExecutor(1) as callers:
        if "--warm" not in command and "watch" not in command:
            running.has_logged("Lambda is served at ")
            url = running.stderr().partition("Lambda is served at ")[2].split()[0].rstrip(",")
            callers.submit(invoke, url)
        eventually(lambda: asleep(seconds), told=running.stderr)
        running.signalled(signal.SIGINT).outcome().ended(130)
    eventually(lambda: not asleep(seconds))


def invoke(url: str) -> None:
    request = urllib.request.Request(f"{url}/2015-03-31/functions/Fn/invocations", data=b"{}", method="POST")
    with suppress(OSError):
        urllib.request.urlopen(request, timeout=60).read()
