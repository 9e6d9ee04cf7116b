"""The engines, one column of the table each: Docker and Podman, root's and ordinary users', and Docker elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from kit import STAND_INS, Project
from machine import User, machine_of_engines
from second_engine import Wire

ENGINES = ("docker", "podman as root", "podman as a user", "docker as a user", "docker with another disk and network")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """An engine, and who works beside it. ``user`` is None for this machine's own engine."""

    column: str
    make: Callable[..., Project]
    user: User | None

    def project(self, files: Mapping[str, Any]) -> Project:
        return self.make(files) if self.user is None else self.user.project(files)

    def network(self) -> contextlib.AbstractContextManager[None]:
        """Where this thread, and what it starts, is in reach of what samlocal serves."""
        return contextlib.nullcontext() if self.user is None else self.user.machine.network()


@pytest.fixture(scope="module")
def users() -> Iterator[tuple[User, User, User]]:
    """Those who have the other engines than this machine's own, in the order of the columns."""
    with machine_of_engines(*STAND_INS) as users:
        yield users


@pytest.fixture(params=ENGINES)
def bench(request: pytest.FixtureRequest, local: Callable[..., Project]) -> Bench:
    """Each engine in turn."""
    if request.param == ENGINES[0]:
        return Bench(column=request.param, make=local, user=None)
    if request.param == ENGINES[-1]:
        wire: Wire = request.getfixturevalue("wire")
        return Bench(column=request.param, make=lambda files: wire.project(local(files)), user=None)
    return Bench(
        column=request.param, make=local, user=request.getfixturevalue("users")[ENGINES.index(request.param) - 1]
    )
