"""pytest's fixtures for the functions of a template, loaded by pytest itself where samlocal is installed.

Of pytest's configuration: ``samlocal_options`` are the options of ``samlocal start-api`` by which functions run
(``-e local --build``), ``samlocal_seed`` is a file of data for the environment on this machine.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from samlocal.testing import Application, Environment

_APPLICATION = pytest.StashKey["Application"]()
_SAID_BEFORE = pytest.StashKey[int]()
_INSIDE = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("samlocal_options", "options of `samlocal start-api` by which functions run", type="args")
    parser.addini("samlocal_seed", "file of data for the environment on this machine", type="paths")
    parser.getgroup("samlocal").addoption(
        "--samlocal",
        action="append",
        default=[],
        metavar="OPTION",
        help="more options of `samlocal start-api`, as --samlocal='-e local --build'; may be given again",
    )


@pytest.fixture(scope="session")
def samlocal(request: pytest.FixtureRequest) -> Iterator[Application]:
    """The template's functions and APIs, warm until the end of the session; each worker of xdist has its own."""
    from samlocal.testing import Application

    config = request.config
    seed, *more = config.getini("samlocal_seed") or [None]
    if more:
        raise pytest.UsageError("samlocal_seed: one file")
    given = (word for options in config.getoption("--samlocal") for word in shlex.split(options))
    options = (*config.getini("samlocal_options"), *given)
    # Another run of the same tests, in an editor, has another process.
    user = f"pytest-{os.getpid()}"
    folder = config.inipath.parent if config.inipath else config.rootpath
    with ExitStack() as stack:
        with _users_to_mend():
            application = stack.enter_context(Application(*options, folder=folder, user=user, seed=seed))
        config.stash[_APPLICATION] = application
        yield application
        del config.stash[_APPLICATION]


@pytest.fixture
def samlocal_environment(samlocal: Application) -> Environment:
    """The environment on this machine; when the test begins its tables, buckets and queues hold the seed alone."""
    with _users_to_mend():
        samlocal.environment.clear()
    return samlocal.environment


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows what samlocal has said during a test that fails."""
    if call.excinfo is not None:
        _end_at_the_test(call.excinfo.value)
    report = yield
    application = item.config.stash.get(_APPLICATION, None)
    if application is not None:
        said = application.said
        if report.failed and (new := said[item.config.stash.get(_SAID_BEFORE, 0) :]):
            report.sections.append((f"samlocal {call.when}", new))
        if call.when == "teardown":
            item.config.stash[_SAID_BEFORE] = len(said)
    return report


@contextmanager
def _users_to_mend() -> Iterator[None]:
    """For fixtures, of which no line is the user's: what is wrong and what to do, in place of a traceback."""
    from samlocal.errors import SamlocalError

    try:
        yield
    except SamlocalError as error:
        raise pytest.fail.Exception("\n".join(filter(None, (error.message, error.tip))), pytrace=False) from None


def _end_at_the_test(error: BaseException) -> None:
    """An error that its user can mend is the test's line, what is wrong and what to do: no insides of samlocal's."""
    from samlocal.errors import SamlocalError

    if not isinstance(error, SamlocalError):
        return
    if error.tip and error.tip not in getattr(error, "__notes__", ()):
        error.add_note(error.tip)
    error.__cause__, error.__suppress_context__ = None, True
    last = error.__traceback__
    while last is not None:
        if last.tb_next is not None and Path(last.tb_next.tb_frame.f_code.co_filename).is_relative_to(_INSIDE):
            last.tb_next = None
        last = last.tb_next
