"""The suite itself under other conditions than a developer's terminal."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

TESTS = Path(__file__).parent


def pytest_run(*arguments: str, tests: Path = TESTS, before: str = "", **options: object) -> str:
    """What a run of pytest on some tests said; it must have succeeded. ``before`` is shell."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tests.parent)]
    done = subprocess.run(
        ["sh", "-c", f'{before}\nexec "$@"', "sh", *command, *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        **options,  # type: ignore[call-overload]
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return str(done.stdout)


def test_no_two_files_of_tests_have_one_name() -> None:
    # pytest imports them by their name alone ("Good Integration Practices", import mode prepend).
    names = Counter(path.name for path in TESTS.rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.docker
def test_the_suite_can_be_put_into_the_background(tmp_path: Path) -> None:
    # A shell's & ignores SIGINT and SIGQUIT for a script's command, nohup SIGHUP; Popen's child inherits that.
    chosen = [f"{TESTS}/sandbox/test_nothing_left.py", "-k", "after_a_signal and invoke"]
    said = pytest_run(*chosen, before="trap '' INT QUIT HUP", cwd=tmp_path)
    assert "3 passed" in said


def test_the_suite_runs_from_anywhere_and_in_no_ones_home(tmp_path: Path) -> None:
    chosen = [f"{TESTS}/template/test_reader.py", f"{TESTS}/function/test_parameters.py"]
    said = pytest_run(*chosen, cwd=tmp_path, env={**os.environ, "HOME": "/nonexistent"})
    assert " passed" in said


def test_a_machine_without_an_engine_skips_the_tests_that_need_one(tmp_path: Path) -> None:
    elsewhere = {"DOCKER_HOST": f"unix://{tmp_path / 'none.sock'}", "SAMLOCAL_TEST_DOCKER": ""}
    chosen = [f"{TESTS}/http_api/test_websocket.py", "-k", "clients or selects"]
    said = pytest_run(*chosen, cwd=tmp_path, env={**os.environ, **elsewhere})
    assert " passed" in said
    assert "no Docker engine answers" in said


def test_a_checkout_without_the_corpus_says_how_many_tests_it_lacks(tmp_path: Path) -> None:
    elsewhere = tmp_path / "checkout" / "tests"
    shutil.copytree(TESTS / "template", elsewhere / "template", ignore=shutil.ignore_patterns("__pycache__"))
    for path in TESTS.glob("*.py"):
        shutil.copy(path, elsewhere)
    chosen = [f"{elsewhere}/template/test_corpus.py", f"{elsewhere}/template/test_translator_agrees.py"]
    said = pytest_run(*chosen, tests=elsewhere, cwd=tmp_path)
    skipped = next(line for line in said.splitlines() if "tests did not run: the corpus" in line)
    assert int(skipped.split()[0]) > 4 * 100
    assert f"{skipped.split()[0]} skipped" in said
