"""Sandboxes that run more than one event, which the command line does not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial

import pytest
from event_loop import EventLoop
from kit import Project
from sandbox_kit import Open, Said

from samlocal.artifact.cache import Cache
from samlocal.engine import Engine
from samlocal.function.application import application
from samlocal.sandbox.journal import Log
from samlocal.sandbox.layout import SandboxSpec
from samlocal.sandbox.options import SandboxOptions
from samlocal.sandbox.plan import sandbox_spec
from samlocal.sandbox.sandbox import Sandbox
from samlocal.sandbox.session import session
from samlocal.template.reader import read


@pytest.fixture
def loop() -> Iterator[EventLoop]:
    running = EventLoop()
    yield running
    running.close()


@pytest.fixture
def opened(docker: object, loop: EventLoop) -> Iterator[Callable[..., Open]]:
    """Opens a sandbox for a project's function ``Fn``; it is closed after the test."""
    with ExitStack() as stack:

        def start(
            project: Project,
            *,
            log: Log | None = None,
            live: bool = False,
            environ: Mapping[str, str] | None = None,
        ) -> Open:
            engine = stack.enter_context(_engine(environ))
            spec = partial(_spec, project, engine)
            own = stack.enter_context(session(project.sessions))
            said = Said()
            folders = Cache(project.cache) if live else None
            sandbox = loop.enter(Sandbox(engine, spec(), session=own, log=log or said, live=folders))
            stack.callback(loop.leave, sandbox)
            return Open(sandbox, said, loop, spec)

        yield start


@pytest.fixture
def laid_out(docker: object) -> Iterator[Callable[..., tuple[Sandbox, Engine]]]:
    """A sandbox for a project's function ``Fn`` that has not begun, with its engine, the one given or its own."""
    with ExitStack() as stack:

        def make(
            project: Project,
            *,
            environ: Mapping[str, str] | None = None,
            engine: Engine | None = None,
            live: bool = False,
        ) -> tuple[Sandbox, Engine]:
            used = engine or stack.enter_context(_engine(environ))
            own = stack.enter_context(session(project.sessions))
            folders = Cache(project.cache) if live else None
            return Sandbox(used, _spec(project, used), session=own, log=Said(), live=folders), used

        yield make


def _spec(project: Project, engine: Engine) -> SandboxSpec:
    joined = application(
        read(project.folder / "template.json"), environment=None, region="eu-west-1", flags={}, configured={}
    )
    return sandbox_spec(
        joined.function("Fn"),
        engine=engine,
        cache=Cache(project.cache),
        credentials=None,
        options=SandboxOptions(),
        progress=lambda *_: None,
    )


class _engine:  # noqa: N801 - reads as the statement it is
    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else {**os.environ, **environ}

    def __enter__(self) -> Engine:
        self._engine = Engine.connect(self._environ)
        return self._engine

    def __exit__(self, *_: object) -> None:
        self._engine.close()
