"""Sandboxes that run more than one event, which the command line does not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from kit import Project

from samlocal.artifact.cache import Cache
from samlocal.engine import Engine
from samlocal.function.application import application
from samlocal.sandbox.journal import Record
from samlocal.sandbox.log_format import render
from samlocal.sandbox.options import SandboxOptions
from samlocal.sandbox.plan import sandbox_spec
from samlocal.sandbox.sandbox import Invocation, Request, Sandbox
from samlocal.sandbox.session import session
from samlocal.template.reader import read


class Open:
    """A sandbox with its log."""

    def __init__(self, sandbox: Sandbox, records: list[Record]) -> None:
        self.sandbox = sandbox
        self.records = records

    @property
    def lines(self) -> list[str]:
        return [line for record in list(self.records) if (line := render(record)) is not None]

    def invoke(self, payload: bytes = b"{}", **more: object) -> Invocation:
        return self.sandbox.invoke(Request(payload=payload), chunk=lambda _: None, **more)  # type: ignore[arg-type]


@pytest.fixture
def opened(docker: object) -> Iterator[Callable[..., Open]]:
    """Opens a sandbox for a project's function ``Fn``; it is closed after the test."""
    with ExitStack() as stack:

        def start(project: Project, *, log: Callable[[Record], None] | None = None) -> Open:
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
            records: list[Record] = []
            return Open(stack.enter_context(Sandbox(engine, spec, session=own, log=log or records.append)), records)

        yield start


class _engine:  # noqa: N801 - reads as the statement it is
    def __enter__(self) -> Engine:
        self._engine = Engine.connect(os.environ)
        return self._engine

    def __exit__(self, *_: object) -> None:
        self._engine.close()
