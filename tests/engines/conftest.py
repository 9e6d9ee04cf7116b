"""The engines, one column of the table each: Docker and Podman, root's and ordinary users', and Docker elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from bench_kit import CONTAINER, DOCKER, FAR, OTHERS, SSH, Bench
from dev_container import DevContainer, dev_container
from engine_users import User, machine_of_engines
from kit import STAND_INS, Project
from second_engine import SecondEngine, Wire
from ssh_machine import SshMachine, ssh_machine


@pytest.fixture(scope="module")
def users() -> Iterator[tuple[User, User, User]]:
    """Those who have the other engines than this machine's own, in the order of the columns."""
    with machine_of_engines(*STAND_INS) as users:
        yield users


@pytest.fixture(scope="module")
def dev(elsewhere: SecondEngine) -> Iterator[DevContainer]:
    with dev_container(elsewhere) as container:
        yield container


@pytest.fixture(scope="module")
def far() -> Iterator[SshMachine]:
    with ssh_machine() as machine:
        yield machine


@pytest.fixture
def bench(request: pytest.FixtureRequest, local: Callable[..., Project]) -> Bench:
    """The engine that a test names."""
    column = request.param
    if column == DOCKER:
        return Bench(column=column, make=local)
    if column == FAR:
        wire: Wire = request.getfixturevalue("wire")
        return Bench(column=column, make=lambda files: wire.project(local(files)))
    if column == SSH:
        engine: SecondEngine = request.getfixturevalue("elsewhere")
        machine: SshMachine = request.getfixturevalue("far")
        socket = f"{engine.folder}/socket"
        return Bench(column=column, make=lambda files: machine.project(local(files), socket=socket))
    if column == CONTAINER:
        own: DevContainer = request.getfixturevalue("dev")
        return Bench(column=column, make=own.project, network=own.network)
    user: User = request.getfixturevalue("users")[OTHERS.index(column)]
    return Bench(column=column, make=user.project, network=user.machine.network, user=user)
