"""Fixtures of every test: projects, the Docker engine, an AWS endpoint."""

from __future__ import annotations

import contextlib
import gc
import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import corpus
import pytest
from hypothesis import HealthCheck, settings
from kit import STAND_INS, AwsEndpoint, Docker, Project, aws_endpoint, make_project, unignore_signals
from second_engine import SecondEngine, Wire, second_engine

import samlocal


def pytest_configure() -> None:
    unignore_signals()
    # How long an example takes says how busy the machine is. The examples are the same in every run: what a change is
    # told by them shall not depend on chance.
    settings.register_profile("busy", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("busy")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Workers take the files that start most containers first: none is left alone at the end with a long one.

    pytest-xdist's own order, the files with most tests first, has the slowest last (``--no-loadscope-reorder``).
    """
    if hasattr(config, "workerinput"):
        containers = Counter(item.path for item in items if item.get_closest_marker("docker"))
        items.sort(key=lambda item: -containers[item.path])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A checkout without the corpus beside it lacks a good part of the tests: how many is said at the end."""
    missing = sum(corpus.ABSENT in str(report.longrepr) for report in terminalreporter.stats.get("skipped", ()))
    if missing:
        terminalreporter.write_line(f"{missing} tests did not run: {corpus.ABSENT}.", yellow=True)


@pytest.fixture(scope="session")
def docker() -> Iterator[Docker]:
    """The engine. Where there is none the test is skipped, or fails with SAMLOCAL_TEST_DOCKER=required."""
    import docker
    from docker.errors import DockerException, ImageNotFound

    def missing(what: str) -> NoReturn:
        if os.environ.get("SAMLOCAL_TEST_DOCKER") == "required":
            pytest.fail(f"SAMLOCAL_TEST_DOCKER=required, but {what}")
        pytest.skip(what)

    client, lacking = None, ""
    # The client leaves the socket open by which it has reached nobody.
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        try:
            client = docker.APIClient(version="auto", **docker.utils.kwargs_from_env())
        except DockerException as error:
            lacking = f"no Docker engine answers: {error}"
        gc.collect()
    if client is None:
        missing(lacking)
    with contextlib.closing(client):
        for image in STAND_INS:
            try:
                client.inspect_image(image)
            except ImageNotFound:
                missing(f"the image {image} is not there; `make images` builds it")
        yield Docker(client)


@pytest.fixture(autouse=True)
def _docker_where_marked(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("docker"):
        request.getfixturevalue("docker")


@pytest.fixture
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Project]]:
    """Makes projects: ``project(files).run(args)``. Of what they start nothing outlives the test."""
    made: list[Project] = []

    def make(files: dict[str, Any], **environ: str) -> Project:
        root = tmp_path / f"p{len(made)}"
        root.mkdir()
        made.append(make_project(root, files, **environ))
        return made[-1]

    yield make
    if request.node.get_closest_marker("docker"):
        for each in made:
            request.getfixturevalue("docker").remove_all(each)


@pytest.fixture
def local(project: Callable[..., Project]) -> Iterator[Callable[..., Project]]:
    """Makes projects; the endpoints that they have started are stopped."""
    made: list[Project] = []

    def make(files: dict[str, Any], **environ: str) -> Project:
        made.append(project(files, **environ))
        return made[-1]

    yield make
    for each in made:
        each.run("local", "stop")


@pytest.fixture(scope="session")
def aws_server() -> Iterator[AwsEndpoint]:
    """One endpoint for all tests that only add to it. Give each stack a name of its own."""
    with aws_endpoint() as running:
        yield running


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecondEngine]:
    """An engine that has neither the projects nor samlocal itself on its disk."""
    hidden = (tmp_path_factory.getbasetemp(), Path(samlocal.__file__).parent)
    with second_engine(*STAND_INS, hidden=hidden) as engine:
        yield engine


@pytest.fixture(scope="session")
def wire(elsewhere: SecondEngine) -> Iterator[Wire]:
    """The way to it, by TCP, on which its containers do not come back."""
    with elsewhere.by_tcp() as wire:
        yield wire
