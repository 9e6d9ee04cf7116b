"""Whatever a project's files hold, samlocal ends with a status that is documented, soon, and without a traceback.

``make fuzz`` runs 5,000 cases; SAMLOCAL_FUZZ=N asks for another number, SAMLOCAL_FUZZ_CASE=N for one alone.
"""

from __future__ import annotations

import gc
import io
import os
import signal
import time
from collections.abc import Callable
from itertools import count, islice
from pathlib import Path

import pytest
from kit import Project, write
from mutations import case

from samlocal.cli import run
from samlocal.cli.world import World
from samlocal.errors import ExitStatus

CASES = int(os.environ.get("SAMLOCAL_FUZZ", "200"))
GROUPS = 20
SECONDS = 30

# What a file can be the reason of. A fault of samlocal's own is none of them, nor is a failing function's status.
EXPECTED = frozenset(ExitStatus) - {ExitStatus.FUNCTION_FAILED, ExitStatus.UNFORESEEN, ExitStatus.OUTPUT}


class TooLongError(BaseException):
    """Past every `except` on the way."""


def _too_long(*_: object) -> None:
    raise TooLongError


def ended(number: int, folder: Path) -> str | None:
    """What is wrong with the end of a case, None where nothing is."""
    mutated = case(number)
    for name, content in mutated.files.items():
        write(folder / name, content)
    environ = {
        "HOME": str(folder / "home"),
        "SAMLOCAL_CACHE_DIR": str(folder / "cache"),
        # Functions are taken up to the engine's door.
        "DOCKER_HOST": f"unix://{folder / 'no-engine.sock'}",
    }
    stdout, stderr = io.BytesIO(), io.StringIO()
    world = World(environ=environ, cwd=folder, stdin=io.BytesIO(), stdout=stdout, stderr=stderr)
    began = time.monotonic()
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(SECONDS)
    try:
        status = run(list(mutated.args), world)
    except TooLongError:
        return f"case {number}: {mutated.args}: not at its end after {time.monotonic() - began:.0f} s"
    finally:
        signal.alarm(0)
    said = stderr.getvalue()
    if status not in EXPECTED or "Traceback" in said:
        return f"case {number}: {mutated.args}: status {status}: {said[-600:]}"
    if status != ExitStatus.SUCCESS and not said:
        return f"case {number}: {mutated.args}: status {status} without a word"
    return None


# The process of a run ends with its last line, and takes with it what libraries leave open.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("group", range(GROUPS))
def test_a_project_that_is_wrong_is_said_to_be(group: int, tmp_path: Path) -> None:
    one = os.environ.get("SAMLOCAL_FUZZ_CASE")
    numbers = [int(one)] if one else range(group, CASES, GROUPS)
    wrong = []
    for number in numbers:
        folder = tmp_path / str(number)
        folder.mkdir()
        wrong.append(ended(number, folder))
    # Before the next test's warnings are errors again.
    gc.collect()
    assert [each for each in wrong if each] == []


@pytest.mark.docker
@pytest.mark.parametrize("number", [*islice((n for n in count() if case(n).args[:2] == ("invoke", "Fn")), 8)])
def test_a_few_meet_the_engine_itself(project: Callable[..., Project], number: int) -> None:
    mutated = case(number)
    made = project(dict(mutated.files))
    outcome = made.run(*mutated.args, "--set", "QUEUE=q", "--parameter-overrides", "Password=x")
    # The function's own failure is a right end here: its handler may be what was changed.
    assert outcome.status in EXPECTED | {ExitStatus.FUNCTION_FAILED}, str(outcome)
    assert outcome.seconds < SECONDS, str(outcome)
