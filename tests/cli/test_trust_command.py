"""``samlocal trust``: what it shows, asks and changes."""

from __future__ import annotations

import json
import stat
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aws_front import Front, front_of
from callers import trust_text
from kit import AwsEndpoint, Project
from role_kit import deploy, environ_of, files

from samlocal.errors import ExitStatus

DORA = "arn:aws:iam::123456789012:user/dora"


@pytest.fixture
def front(aws_server: AwsEndpoint) -> Iterator[Front]:
    with front_of(aws_server) as running:
        yield running


@pytest.fixture
def stack(aws_server: AwsEndpoint) -> dict[str, str]:
    return deploy(aws_server, f"trust-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def developer(project: Callable[..., Project], front: Front, stack: dict[str, str]) -> Project:
    made: Project = project(files(stack["name"]), **environ_of(front, "dora"))
    return made


def trust_policy(front: Front, stack: dict[str, str]) -> str:
    return trust_text(front, stack["FnRole"])


def test_trust_comes_and_goes_and_leaves_the_policy_as_it_was(
    developer: Project, front: Front, stack: dict[str, str]
) -> None:
    before = trust_policy(front, stack)
    front.refusals = 1

    added = developer.run("trust", "add", "-e", "test", "--function-id", "Fn", "--yes").succeeded()
    assert added.stdout == b""
    assert f'+        "AWS": "{DORA}"' in added.lines
    assert any("can be assumed" in line for line in added.lines)
    assert [statement["Principal"] for statement in json.loads(trust_policy(front, stack))["Statement"]] == [
        {"Service": "lambda.amazonaws.com"},
        {"AWS": DORA},
    ]
    developer.invoke("Fn", "-e", "test").ended(ExitStatus.DOCKER)

    removed = developer.run("trust", "remove", "Fn", "-e", "test", "--yes").succeeded()
    assert f'-        "AWS": "{DORA}"' in removed.lines
    assert json.loads(trust_policy(front, stack)) == json.loads(before)
    # What was kept is of no use any more: it is asked for anew.
    developer.invoke("Fn", "-e", "test", "--refresh").ended(ExitStatus.ROLE)


def test_a_copy_of_what_was_there_is_kept_where_it_says(
    developer: Project, front: Front, stack: dict[str, str]
) -> None:
    before = trust_policy(front, stack)

    outcome = developer.run("trust", "add", "Fn", "-e", "test", "--yes").succeeded()

    (line,) = (line for line in outcome.lines if "is kept in" in line)
    copy = Path(line.partition("is kept in ")[2].rstrip("."))
    assert copy.read_text() == before
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


@pytest.mark.parametrize(("answer", "changed"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_it_asks_first(
    developer: Project, front: Front, stack: dict[str, str], answer: str, *, changed: bool
) -> None:
    before = trust_policy(front, stack)

    outcome = developer.run("trust", "add", "Fn", "-e", "test", stdin=answer.encode()).succeeded()

    assert "Change it? [y/N]" in outcome.stderr
    assert (trust_policy(front, stack) != before) is changed


def test_with_nobody_to_ask_nothing_is_changed(developer: Project, front: Front, stack: dict[str, str]) -> None:
    before = trust_policy(front, stack)

    outcome = developer.run("trust", "add", "Fn", "-e", "test").ended(ExitStatus.USAGE)

    assert "--yes" in outcome.stderr
    assert trust_policy(front, stack) == before


def test_a_second_add_changes_nothing(developer: Project, front: Front, stack: dict[str, str]) -> None:
    developer.run("trust", "add", "Fn", "-e", "test", "--yes").succeeded()
    added = trust_policy(front, stack)
    front.names()

    outcome = developer.run("trust", "add", "Fn", "-e", "test", "--yes").succeeded()

    assert f"trusts {DORA} already" in outcome.stderr
    assert "iam:UpdateAssumeRolePolicy" not in front.names()
    assert trust_policy(front, stack) == added


def test_removing_what_is_not_there_says_so(developer: Project, front: Front) -> None:
    outcome = developer.run("trust", "remove", "Fn", "-e", "test", "--yes").succeeded()

    assert f"has no statement of samlocal for {DORA}" in outcome.stderr
    assert "iam:UpdateAssumeRolePolicy" not in front.names()


def test_show_gives_the_policy_and_says_whether_ones_own_statement_is_there(
    developer: Project, front: Front, stack: dict[str, str]
) -> None:
    outcome = developer.run("trust", "show", "Fn", "-e", "test").succeeded()

    assert outcome.payload == json.loads(trust_policy(front, stack))
    assert f"has no statement of samlocal for {DORA}" in outcome.stderr


@pytest.mark.parametrize("command", ["add", "remove"])
def test_in_a_protected_environment_nothing_is_changed(
    project: Callable[..., Project], front: Front, stack: dict[str, str], command: str
) -> None:
    application = project(files(stack["name"], protected=True), **environ_of(front, "dora"))

    outcome = application.run("trust", command, "Fn", "-e", "test", "--yes").ended(ExitStatus.PROTECTED)

    assert "The environment test is protected" in outcome.stderr
    assert front.names() == []
    application.run("trust", "show", "Fn", "-e", "test").succeeded()


def test_without_an_environment_there_is_no_role(developer: Project) -> None:
    assert "-e ENV" in developer.run("trust", "show", "Fn").ended(ExitStatus.USAGE).stderr


def test_a_caller_who_may_not_change_roles_is_told_the_right_that_is_missing(
    developer: Project, front: Front
) -> None:
    front.refuse("iam:UpdateAssumeRolePolicy")

    outcome = developer.run("trust", "add", "Fn", "-e", "test", "--yes").ended(ExitStatus.AWS)

    assert "The caller needs the IAM action iam:UpdateAssumeRolePolicy." in outcome.stderr


def test_options_of_other_commands_in_samconfig_are_no_hindrance(
    project: Callable[..., Project], front: Front, stack: dict[str, str]
) -> None:
    application = project(files(stack["name"], scope_down=True, skip_pull_image=True), **environ_of(front, "dora"))
    application.run("trust", "show", "Fn", "-e", "test").succeeded()
