"""pytest's fixtures: the sample application's own tests, and what is shown of a test that fails."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from kit import Docker, Project, python

SAMPLE = Path(__file__).parents[2] / "templates" / "tests"


def pytest_in(folder: Path, *options: str, cache: Path) -> subprocess.CompletedProcess[str]:
    """pytest in a folder, as a project of its own."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTEST_"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={**environ, "SAMLOCAL_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.docker
def test_the_sample_applications_tests_pass_in_two_workers_with_an_environment_each(
    docker: Docker, tmp_path: Path
) -> None:
    ran = pytest_in(SAMPLE, "-n", "2", cache=tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " 13 passed" in ran.stdout
    status = subprocess.run(
        [sys.executable, "-m", "samlocal", "local", "status", "--all"],
        env={**os.environ, "SAMLOCAL_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert status.stdout == "not running\n"
    assert not list((tmp_path / "sessions").iterdir())
    assert not list((tmp_path / "local").iterdir())


@pytest.mark.docker
def test_of_a_test_that_fails_the_log_is_shown(project: Callable[..., Project]) -> None:
    own = project(
        {
            **python("def handler(event, context):\n    print('it is', event)\n    return 1 / event\n"),
            "pytest.ini": "[pytest]\nsamlocal_options = -t template.json\n",
            "test_app.py": "def test_good(samlocal):\n"
            "    assert samlocal.function('Fn')(2).payload == 0.5\n"
            "def test_bad(samlocal):\n"
            "    samlocal.function('Fn')(0).payload\n"
            "def test_misnamed(samlocal):\n"
            "    samlocal.function('Other')\n",
        },
    )
    ran = pytest_in(own.folder, cache=own.cache)
    assert ran.returncode == 1
    assert "2 failed, 1 passed" in ran.stdout
    assert "FunctionNotFoundError: template.json: there is no function Other.\nE   " in ran.stdout
    assert "The template has Fn." in ran.stdout
    assert "function_names.py" not in ran.stdout
    _, shown = ran.stdout.split("samlocal.testing.FunctionFailedError: ZeroDivisionError: ", 1)
    assert "code/app.py:3" in shown
    assert "answer.py" not in ran.stdout
    _, said = shown.split("samlocal call", 1)
    assert "it is 0" in said
    assert "it is 2" not in said


def test_a_session_that_uses_no_fixture_imports_nothing_of_samlocals(tmp_path: Path) -> None:
    (tmp_path / "test_app.py").write_text(
        "import sys\n"
        "def test_modules():\n"
        "    names = {name for name in sys.modules if name.startswith('samlocal')}\n"
        "    assert names <= {'samlocal', 'samlocal.pytest_plugin'}, names\n"
    )
    ran = pytest_in(tmp_path, cache=tmp_path)
    assert ran.returncode == 0, ran.stdout


def test_what_is_wrong_for_all_tests_is_told_with_what_to_do_and_without_a_traceback(
    project: Callable[..., Project],
) -> None:
    own = project({"test_app.py": "def test_one(samlocal): pass\n", "my template.json": '{"Resources": {}'})
    ran = pytest_in(own.folder, "--samlocal=-t 'my template.json' --nonsense", cache=own.cache)
    assert ran.returncode == 1
    assert "-t my template.json --nonsense: No such option '--nonsense'." in ran.stdout
    ran = pytest_in(own.folder, "--samlocal=-t 'my template.json'", cache=own.cache)
    assert ran.returncode == 1
    told = ran.stdout.partition("ERROR at setup of test_one")[2].splitlines()[1:4]
    assert told[0].startswith("my template.json:1:"), ran.stdout
    assert told[1].startswith("Mend the file"), ran.stdout
    assert told[2].startswith("====="), ran.stdout
