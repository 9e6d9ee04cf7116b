"""That a run in a fork of ``loaded.py`` is what a run in a fresh process is."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable

import kit
import loaded
import pytest
from kit import Project

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.skipif(not loaded.can_run(loaded.variables()), reason="every run is a fresh process here")

# samlocal starts it, so its parent is samlocal.
PROGRAM = r"""#!/bin/sh
{
    env | grep -v '^_=' | sort
    readlink /proc/$PPID/cwd
    (cd /proc/$PPID/fd && for each in *; do echo "$each $(readlink "$each" | sed 's/[:/].*//')"; done)
    grep -E '^(Sig[^Q]|Shd|Umask)' /proc/$PPID/status
    cat /proc/$PPID/limits
} > "$HOME/seen"
exit 1
"""


@pytest.fixture
def looking(project: Callable[..., Project]) -> Project:
    """A project whose user's credentials come of a program that looks at who has started it."""
    fn = kit.function(Environment={"Variables": {"STACK": {"Ref": "AWS::StackId"}}})
    made = project({"template.json": kit.template(Fn=fn), "code/app.py": "", "look": PROGRAM})
    (made.folder / "look").chmod(0o755)
    kit.write(made.home / ".aws" / "config", f"[profile work]\ncredential_process = {made.folder / 'look'}\n")
    return made


def test_a_fork_has_the_variables_folder_descriptors_signals_and_limits_of_a_fresh_process(
    looking: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {"GIVEN": "1", "TZ": "Asia/Tokyo", "AWS_REGION": "eu-west-1"}

    def seen() -> str:
        outcome = looking.run("env", "Fn", "-n", "any", "--aws-profile", "work", environ=environ)
        outcome.ended(ExitStatus.CREDENTIALS)
        return (looking.home / "seen").read_text()

    before = os.umask(0o007)
    try:
        of_a_fork = seen()
        monkeypatch.setenv("SAMLOCAL_TEST_FRESH", "1")
        assert of_a_fork == seen()
    finally:
        os.umask(before)
    assert "GIVEN=1\n" in of_a_fork
    assert "Umask:\t0007\n" in of_a_fork


def test_a_fork_answers_as_a_fresh_process_does(
    project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = project(kit.python("def handler(event, context): pass"))
    event = json.dumps({"it": "is"}).encode()
    runs = [("--version",), ("list", "--output", "json"), ("nothing",), ("invoke", "Fn", "--event", "-")]
    engine = {"DOCKER_HOST": "unix:///nonexistent.sock"}

    def answers() -> list[tuple[int, bytes, str]]:
        outcomes = [made.run(*args, environ=engine, stdin=event) for args in runs]
        return [(each.status, each.stdout, each.stderr) for each in outcomes]

    of_forks = answers()
    monkeypatch.setenv("SAMLOCAL_TEST_FRESH", "1")
    assert of_forks == answers()


def test_a_run_that_does_not_end_in_time_is_killed_and_shown(project: Callable[..., Project]) -> None:
    made = project(kit.python(""))
    began = time.monotonic()
    with pytest.raises(AssertionError, match=r"did not end within 0.0 s"):
        made.run("list", within=0.0)
    assert time.monotonic() - began < kit.STARTUP_SECONDS


@pytest.mark.parametrize("name", ["PYTHONPROFILEIMPORTTIME", "LC_ALL", "LANG", "LD_PRELOAD"])
def test_what_the_interpreter_itself_reads_asks_for_a_fresh_process(name: str) -> None:
    own = {each: os.environ[each] for each in ("PYTHONPATH", "LANG") if each in os.environ}
    assert loaded.can_run(own)
    assert not loaded.can_run(own | {name: "1"})
