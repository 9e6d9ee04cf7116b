"""Sandboxes that run more than one event, which the command line does not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from typing import Any

import pytest
from event_loop import EventLoop
from kit import Project

from samlocal.artifact.cache import Cache
from samlocal.engine import Engine
from samlocal.function.application import application
from samlocal.sandbox.journal import Log, Record, Remark
from samlocal.sandbox.log_format import render
from samlocal.sandbox.options import SandboxOptions
from samlocal.sandbox.plan import sandbox_spec
from samlocal.sandbox.sandbox import Invocation, Request, Sandbox
from samlocal.sandbox.session import session
from samlocal.template.reader import read


class Said:
    """What a sandbox says, as it comes."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.remarks: list[str] = []

    def put(self, item: Record | Remark) -> None:
        if isinstance(item, Remark):
            self.remarks.append(item.text)
        else:
            self.records.append(item)

    async def room(self) -> None:
        """There always is."""

    @property
    def lines(self) -> list[str]:
        return [line for record in list(self.records) if (line := render(record)) is not None]


class Open:
    """A sandbox with its log."""

    def __init__(self, sandbox: Sandbox, said: Said, loop: EventLoop) -> None:
        self.sandbox = sandbox
        self._said = said
        self._loop = loop

    @property
    def records(self) -> list[Record]:
        return self._said.records

    @property
    def lines(self) -> list[str]:
        return self._said.lines

    def invoke(self, payload: bytes = b"{}", **more: Any) -> Invocation:
        return self._loop.run(self.sandbox.invoke(Request(payload=payload), chunk=lambda _: None, **more))

    def begin(self, payload: bytes) -> Future[Invocation]:
        """Does not wait."""
        return self._loop.begin(self.sandbox.invoke(Request(payload=payload), chunk=lambda _: None))

    def stop(self) -> None:
        self._loop.run(self.sandbox.stop())


@pytest.fixture
def loop() -> Iterator[EventLoop]:
    running = EventLoop()
    yield running
    running.close()


@pytest.fixture
def opened(docker: object, loop: EventLoop) -> Iterator[Callable[..., Open]]:
    """Opens a sandbox for a project's function ``Fn``; it is closed after the test."""
    with ExitStack() as stack:

        def start(project: Project, *, log: Log | None = None) -> Open:
            engine = stack.enter_context(_engine())
            joined = application(
                read(project.folder / "template.json"), environment=None, region="eu-west-1", flags={}, configured={}
            )
            spec = sandbox_spec(
                joined.function("Fn"),
                engine=engine,
                cache=Cache(project.cache),
                credentials=None,
                options=SandboxOptions(),
                progress=lambda *_: None,
            )
            own = stack.enter_context(session(project.sessions))
            said = Said()
            sandbox = loop.enter(Sandbox(engine, spec, session=own, log=log or said))
            stack.callback(loop.leave, sandbox)
            return Open(sandbox, said, loop)

        yield start


class _engine:  # noqa: N801 - reads as the statement it is
    def __enter__(self) -> Engine:
        self._engine = Engine.connect(os.environ)
        return self._engine

    def __exit__(self, *_: object) -> None:
        self._engine.close()
