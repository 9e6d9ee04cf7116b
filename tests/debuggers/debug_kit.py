"""One sandbox under a debugger, for several events."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from event_loop import EventLoop
from kit import Project, eventually

from samlocal.function.application import application
from samlocal.function.spec import FunctionSpec
from samlocal.sandbox.journal import Record, Remark
from samlocal.sandbox.layout import SandboxSpec
from samlocal.sandbox.log_format import render
from samlocal.sandbox.result import Success
from samlocal.sandbox.sandbox import Invocation, Request, Sandbox
from samlocal.template.reader import read


class Debugged:
    """One sandbox; ``notices`` are what samlocal tells the user, ``log`` is what the function writes."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.notices: list[str] = []
        self.records: list[Record] = []
        self._loop: EventLoop | None = None
        self._sandbox: Sandbox | None = None

    def run_in(self, sandbox: Sandbox, loop: EventLoop, spec: Callable[[], SandboxSpec]) -> None:
        self._sandbox = sandbox
        self._loop = loop
        self._spec = spec

    def reload(self) -> bool:
        """With the project as it is now."""
        assert self._sandbox is not None
        assert self._loop is not None
        return self._loop.run(self._sandbox.reload(self._spec()))

    def put(self, item: Record | Remark) -> None:
        if isinstance(item, Remark):
            self.notices.append(item.text)
        else:
            self.records.append(item)

    async def room(self) -> None:
        """There always is."""

    @property
    def log(self) -> list[str]:
        return [line for record in list(self.records) if (line := render(record)) is not None]

    def invoke(self, event: object) -> Future[Invocation]:
        """Runs an event beside the test, which is the debugger."""
        assert self._sandbox is not None
        assert self._loop is not None
        # It may wait for a debugger for ever, where the test has failed.
        request = Request(payload=json.dumps(event).encode())
        return self._loop.begin(self._sandbox.invoke(request, chunk=lambda _: None))

    def waits(self) -> None:
        """Until samlocal says so."""
        eventually(lambda: self.notices, told=lambda: self)
        assert f"waiting for the debugger at 127.0.0.1:{self.port} " in self.notices[0]

    def __str__(self) -> str:
        return "\n".join([*self.notices, *self.log])


def payload(call: Future[Invocation]) -> Any:
    """What a call that succeeds comes to."""
    result = call.result(timeout=60).result
    assert isinstance(result, Success), result
    return json.loads(result.payload)


def function_of(project: Project, name: str = "Fn") -> FunctionSpec:
    document = read(project.folder / "template.json")
    return application(document, environment=None, region="eu-west-1", flags={}, configured={}).function(name)


def tool(name: str) -> str:
    """A program of this machine; the test is skipped where it is not there."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on this machine")
    return found
