"""A sandbox that is kept for several events has credentials that last, by a clock that the test moves."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest
from kit import Project, python

from samlocal.artifact.cache import Cache
from samlocal.aws import Credentials
from samlocal.deployed.rights.credential_cache import RENEW_BEFORE, CredentialCache
from samlocal.engine import Engine
from samlocal.function import limits
from samlocal.function.application import application
from samlocal.function.spec import FunctionSpec
from samlocal.sandbox.layout import SandboxSpec
from samlocal.sandbox.options import SandboxOptions
from samlocal.sandbox.plan import sandbox_spec
from samlocal.sandbox.renewal import KeptSandbox
from samlocal.sandbox.result import Success
from samlocal.sandbox.sandbox import Request, Sandbox
from samlocal.sandbox.session import session
from samlocal.template.reader import read

# Gives a function that invokes.
Kept: TypeAlias = Callable[..., AbstractContextManager[Callable[[], list[str]]]]

HOUR = 3600
KEY = """\
import os, uuid
SANDBOX = uuid.uuid4().hex
def handler(event, context):
    return [SANDBOX, os.environ["AWS_ACCESS_KEY_ID"]]
"""


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Sts:
    """Gives new credentials at each call."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.given = 0

    def assume(self) -> Credentials:
        self.given += 1
        return Credentials(
            access_key_id=f"ASIA{self.given}",
            secret_access_key="s",
            session_token="t",
            expires=self._clock.now + HOUR,
        )


def function_of(project: Project) -> FunctionSpec:
    document = read(project.folder / "template.json")
    joined = application(document, environment=None, region="eu-west-1", flags={}, configured={})
    return joined.function("Fn")


@pytest.fixture
def kept(project: Callable[..., Project]) -> Kept:
    """Keeps a sandbox of a project with one function; ``credentials`` gives those of the moment."""

    @contextmanager
    def keep(
        credentials: Callable[[], Credentials], clock: Clock, **properties: object
    ) -> Iterator[Callable[[], list[str]]]:
        own: Project = project(python(KEY, **properties))
        function, engine, log = function_of(own), Engine.connect(os.environ), []

        def plan() -> SandboxSpec:
            return sandbox_spec(
                function,
                engine=engine,
                cache=Cache(own.cache),
                credentials=credentials(),
                options=SandboxOptions(skip_pull=True),
                progress=lambda _, __: None,
            )

        with session(own.sessions) as run:
            start = lambda spec: Sandbox(engine, spec, session=run, log=log.append)  # noqa: E731
            with KeptSandbox(plan, start, clock=clock) as sandbox:

                def invoke() -> list[str]:
                    result = sandbox.invoke(Request(payload=b"{}"), chunk=lambda _: None).result
                    assert isinstance(result, Success), log
                    said: list[str] = json.loads(result.payload)
                    return said

                yield invoke
        engine.close()

    return keep


@pytest.mark.docker
def test_a_sandbox_is_replaced_when_its_credentials_have_ended(kept: Kept, tmp_path: Path) -> None:
    clock = Clock()
    sts = Sts(clock)
    cache = CredentialCache(tmp_path / "credentials", caller="me", clock=clock)

    with kept(lambda: cache.of("role", sts.assume), clock, Timeout=30) as invoke:
        first, key = invoke()
        assert key == "ASIA1"
        assert invoke() == [first, "ASIA1"]

        clock.now += HOUR + 1
        second, key = invoke()
        assert key == "ASIA2"
        assert second != first
        assert invoke() == [second, "ASIA2"]
    assert sts.given == 2


@pytest.mark.docker
def test_a_sandbox_is_replaced_when_its_credentials_would_end_within_the_invocation(
    kept: Kept, tmp_path: Path
) -> None:
    clock = Clock()
    sts = Sts(clock)
    cache = CredentialCache(tmp_path / "credentials", caller="me", clock=clock)

    with kept(lambda: cache.of("role", sts.assume), clock, Timeout=30) as invoke:
        first, _ = invoke()
        clock.now += HOUR - 31
        assert invoke() == [first, "ASIA1"]
        clock.now += 1
        _, key = invoke()
        assert key == "ASIA2"


@pytest.mark.docker
def test_credentials_that_nobody_renews_keep_their_sandbox(kept: Kept) -> None:
    clock = Clock()
    own = Sts(clock).assume()

    with kept(lambda: own, clock) as invoke:
        first, _ = invoke()
        clock.now += HOUR - 1
        assert invoke() == [first, "ASIA1"]


def test_credentials_from_the_cache_last_longer_than_any_function() -> None:
    assert max(limits.TIMEOUT) <= RENEW_BEFORE
