"""Exit statuses, and what the command line itself costs."""

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from kit import Project, python, template

from samlocal import errors
from samlocal.errors import ExitStatus, SamlocalError, system_reason

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and SamlocalError in kind.__bases__]

HEAVY = (
    "boto3",
    "botocore",
    "docker",
    "h11",
    "httptools",
    "requests",
    "rich",
    "samtranslator",
    "yaml",
)


def test_each_kind_of_error_has_an_exit_status_of_its_own() -> None:
    statuses = [kind.exit_status for kind in KINDS]
    assert len(KINDS) >= 13
    assert len(set(statuses)) == len(statuses)


def test_no_error_ends_like_a_success_a_failing_function_or_wrong_usage() -> None:
    taken = {ExitStatus.SUCCESS, ExitStatus.FUNCTION_FAILED, ExitStatus.USAGE}
    assert not taken & {kind.exit_status for kind in KINDS}


@pytest.mark.parametrize("status", ExitStatus, ids=lambda status: status.name)
def test_the_help_lists_every_exit_status(status: ExitStatus, help_text: str) -> None:
    _, _, listed = help_text.partition("Exit status:")
    assert str(int(status)) in listed.split()


def test_an_error_is_a_message_and_a_tip_and_no_traceback(project: Callable[..., Project]) -> None:
    outcome = project({}).run("invoke", "Fn").ended(ExitStatus.TEMPLATE)
    assert outcome.stdout == b""
    assert outcome.stderr.startswith("Error: ")
    assert len(outcome.lines) == 2
    assert "Traceback" not in outcome.stderr


def test_the_help_imports_nothing_heavy(project: Callable[..., Project]) -> None:
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "samlocal", "--help"], capture_output=True, text=True, check=True
    )
    imported = {line.rpartition("|")[2].strip().split(".")[0] for line in ran.stderr.splitlines()}
    assert "click" in imported
    assert not imported & set(HEAVY)


def test_the_help_of_invoke_loads_neither_what_reads_templates_nor_what_asks_aws(
    project: Callable[..., Project],
) -> None:
    shown = project({}).run("invoke", "--help", environ={"PYTHONPROFILEIMPORTTIME": "1"}).succeeded()
    imported = {line.rpartition("|")[2].strip() for line in shown.lines}
    assert "samlocal.cli.options.rights" in imported
    assert not imported & {"yaml", "samlocal.template.reader", "samlocal.function.application"}
    assert {name for name in imported if name.startswith("samlocal.deployed.")} <= {"samlocal.deployed.place"}


def test_the_help_of_invoke_loads_nothing_that_runs_containers(project: Callable[..., Project]) -> None:
    """The options of debuggers, mounts and images are values; what is done with them comes later."""
    shown = project({}).run("invoke", "--help", environ={"PYTHONPROFILEIMPORTTIME": "1"}).succeeded()
    imported = {line.rpartition("|")[2].strip() for line in shown.lines}
    assert {"samlocal.cli.options.debug", "samlocal.cli.options.sandbox"} <= imported
    assert not imported & {"asyncio", "hashlib", "socket", "subprocess", "tempfile", "zipfile"}
    assert not {name for name in imported if name.startswith(("samlocal.engine.", "samlocal.sandbox.network"))}


def test_a_list_without_an_environment_imports_nothing_that_only_others_need(project: Callable[..., Project]) -> None:
    """Each of these costs every command milliseconds: a role's rights, the translator, and what is heavy."""
    files = {"template.yaml": template(Fn=python("def handler(event, context): return None"))}
    listed = project(files).run("list", environ={"PYTHONPROFILEIMPORTTIME": "1"}).succeeded()
    imported = {line.rpartition("|")[2].strip() for line in listed.lines}
    assert "samlocal.deployed.environment" in imported
    unneeded = {"boto3", "botocore", "configparser", "docker", "logging", "requests", "samtranslator", "subprocess"}
    assert not imported & unneeded
    rights = {name for name in imported if name.startswith("samlocal.deployed.rights.")}
    assert rights <= {"samlocal.deployed.rights.credential_cache"}
    assert "samlocal.template.translate" not in imported


@pytest.fixture(scope="module")
def help_text(tmp_path_factory: Any) -> str:
    from kit import make_project

    return make_project(tmp_path_factory.mktemp("help"), {}).run("--help").succeeded().stdout.decode()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "/code/app.py"), "Permission denied: /code/app.py"),
        (PermissionError(errno.EACCES, "Permission denied", b"/code/\xff"), "Permission denied: /code/\udcff"),
        (OSError(errno.EIO, "Input/output error", 7), "Input/output error"),
        (OSError("no folder"), "no folder"),
    ],
    ids=["a file", "a name of bytes", "a number of a file", "no reason"],
)
def test_what_the_system_refuses_is_told_without_its_number(error: OSError, told: str) -> None:
    assert system_reason(error) == told
