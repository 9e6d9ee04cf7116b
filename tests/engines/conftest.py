"""The engines, one column of the table each: Docker's, root's Podman, an ordinary user's, Docker's elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from kit import STAND_INS, Project
from podman_machine import User, podman_machine
from second_engine import Wire

ENGINES = ("docker", "podman as root", "podman as a user", "docker with another disk and network")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """An engine, and who works beside it. ``user`` is None for this machine's own engine."""

    make: Callable[..., Project]
    user: User | None

    def project(self, files: Mapping[str, Any]) -> Project:
        return self.make(files) if self.user is None else self.user.project(files)

    def network(self) -> contextlib.AbstractContextManager[None]:
        """Where this thread, and what it starts, is in reach of what samlocal serves."""
        return contextlib.nullcontext() if self.user is None else self.user.machine.network()

    def own(self, project: Project) -> None:
        """Gives what a test has written to whoever works here."""
        if self.user is not None:
            self.user.own(project.folder)


@pytest.fixture(scope="module")
def podman_users() -> Iterator[tuple[User, User]]:
    """Root and an ordinary user, on a machine that has no engine but Podman."""
    with podman_machine(*STAND_INS) as users:
        yield users


@pytest.fixture(params=ENGINES)
def bench(request: pytest.FixtureRequest, local: Callable[..., Project]) -> Bench:
    """Each engine in turn."""
    if request.param == ENGINES[0]:
        return Bench(make=local, user=None)
    if request.param == ENGINES[3]:
        wire: Wire = request.getfixturevalue("wire")
        return Bench(make=lambda files: wire.project(local(files)), user=None)
    return Bench(make=local, user=request.getfixturevalue("podman_users")[ENGINES.index(request.param) - 1])
