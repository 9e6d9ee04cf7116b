"""pytest's fixtures for the functions of a template, loaded by pytest itself where samlocal is installed.

Of pytest's configuration: ``samlocal_options`` are the options of ``samlocal start-api`` by which functions run
(``-e local --build``), ``samlocal_seed`` is a file of data for the environment on this machine.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from samlocal.testing import Application, Environment

_APPLICATION = pytest.StashKey["Application"]()
_SAID_BEFORE = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("samlocal_options", "options of `samlocal start-api` by which functions run", type="args")
    parser.addini("samlocal_seed", "file of data for the environment on this machine", type="paths")
    parser.getgroup("samlocal").addoption(
        "--samlocal",
        action="append",
        default=[],
        metavar="OPTION",
        help="one more option of `samlocal start-api`, as --samlocal=--build; may be given again",
    )


@pytest.fixture(scope="session")
def samlocal(request: pytest.FixtureRequest) -> Iterator[Application]:
    """The template's functions and APIs, warm until the end of the session; each worker of xdist has its own."""
    from samlocal.testing import Application

    config = request.config
    seed, *more = config.getini("samlocal_seed") or [None]
    if more:
        raise pytest.UsageError("samlocal_seed: one file")
    options = (*config.getini("samlocal_options"), *config.getoption("--samlocal"))
    # Another run of the same tests, in an editor, has another process.
    user = f"pytest-{os.getpid()}"
    folder = config.inipath.parent if config.inipath else config.rootpath
    with Application(*options, folder=folder, user=user, seed=seed) as application:
        config.stash[_APPLICATION] = application
        yield application
        del config.stash[_APPLICATION]


@pytest.fixture
def samlocal_environment(samlocal: Application) -> Environment:
    """The environment on this machine; when the test begins its tables, buckets and queues hold the seed alone."""
    samlocal.environment.clear()
    return samlocal.environment


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows what samlocal has said during a test that fails."""
    report = yield
    application = item.config.stash.get(_APPLICATION, None)
    if application is not None:
        said = application.said
        if report.failed and (new := said[item.config.stash.get(_SAID_BEFORE, 0) :]):
            report.sections.append((f"samlocal {call.when}", new))
        if call.when == "teardown":
            item.config.stash[_SAID_BEFORE] = len(said)
    return report
