"""The engines, one column of the table each: Docker and Podman, root's and ordinary users', and Docker elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from bench_kit import ENGINES, Bench
from kit import STAND_INS, Project
from machine import User, machine_of_engines
from second_engine import Wire


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
