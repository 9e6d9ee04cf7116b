"""Under whose rights a function runs: its role, another, one's own narrowed to the role's, one's own."""

from __future__ import annotations

import json
import shlex
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_front import Front, front_of, session_policy
from callers import as_session_of
from kit import AwsEndpoint, Outcome, Project
from role_kit import NO_ENGINE, deploy, environ_of, files

from samlocal.errors import ExitStatus
from samlocal.template.reader import parse
from samlocal.template.translate import translate


@pytest.fixture
def front(aws_server: AwsEndpoint) -> Iterator[Front]:
    with front_of(aws_server) as running:
        yield running


@pytest.fixture(scope="module")
def stack(aws_server: AwsEndpoint) -> dict[str, str]:
    """The stack's physical ids, and its ``name``."""
    return deploy(aws_server, f"role-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def developer(project: Callable[..., Project], front: Front, stack: dict[str, str]) -> Project:
    """The project of a user whom only the shared role trusts."""
    made: Project = project(files(stack["name"]), **environ_of(front, "dora"))
    return made


def with_engine(front: Front) -> dict[str, str]:
    return {name: value for name, value in environ_of(front, "dora").items() if name not in NO_ENGINE}


def role_arn(stack: dict[str, str], role: str) -> str:
    return f"arn:aws:iam::123456789012:role/{stack[role]}"


def commands(outcome: Outcome) -> list[str]:
    """The lines of a message that can be pasted into a shell."""
    return [line.strip() for line in outcome.lines if line.strip().startswith("samlocal ")]


# its role


@pytest.mark.docker
def test_a_function_says_its_roles_name_and_a_second_run_calls_nobody(
    project: Callable[..., Project], front: Front, stack: dict[str, str]
) -> None:
    application = project(files(stack["name"]), **with_engine(front))

    seen = application.invoke("New", "-e", "test").succeeded().payload
    assert seen["role"].startswith(f"arn:aws:sts::123456789012:assumed-role/{stack['SharedRole']}/samlocal-")
    assert front.names().count("sts:AssumeRole") == 1

    # A machine may be so slow that AWS would be asked whether the stack has been deployed since.
    again = application.invoke("New", "-e", "test", "--snapshot-age", "never").succeeded().payload
    assert again["role"] == seen["role"]
    # The one call is the function's own.
    assert front.names() == ["sts:GetCallerIdentity"]


@pytest.mark.docker
def test_a_function_that_is_not_deployed_runs_with_the_stacks_values_under_the_templates_role(
    project: Callable[..., Project], front: Front, stack: dict[str, str]
) -> None:
    application = project(files(stack["name"]), **with_engine(front))

    seen = application.invoke("New", "-e", "test").succeeded().payload

    assert f":assumed-role/{stack['SharedRole']}/" in seen["role"]
    assert seen["items"] == stack["Items"]


def test_a_function_without_any_role_names_the_ways_on(developer: Project, stack: dict[str, str]) -> None:
    outcome = developer.invoke("Fresh", "-e", "test").ended(ExitStatus.ROLE)

    assert f"the stack {stack['name']} has no function Fresh yet" in outcome.stderr
    for way in ("sam deploy", "--policies template", "--role-arn ARN", "--no-assume-role"):
        assert way in outcome.stderr


def test_another_role_is_taken_where_one_is_named(developer: Project, front: Front, stack: dict[str, str]) -> None:
    shared = role_arn(stack, "SharedRole")

    developer.invoke("Fn", "-e", "test", "--role-arn", shared).ended(ExitStatus.DOCKER)

    assert front.parameters("sts:AssumeRole")["RoleArn"] == shared


# refused


def test_a_refusal_names_three_ways_on(developer: Project, front: Front, stack: dict[str, str]) -> None:
    outcome = developer.invoke("-e", "test", "--function-id", "Fn").ended(ExitStatus.ROLE)

    assert f"role:    {role_arn(stack, 'FnRole')}" in outcome.stderr
    assert "caller:  arn:aws:iam::123456789012:user/dora" in outcome.stderr
    assert "trusts:  lambda.amazonaws.com" in outcome.stderr
    assert commands(outcome) == [
        "samlocal trust add --env-name test --function-id Fn",
        "samlocal invoke --env-name test --function-id Fn --scope-down",
    ]
    assert outcome.stdout == b""
    assert not {"sts:GetFederationToken", "iam:UpdateAssumeRolePolicy"} & set(front.names())


def test_the_ways_on_work_when_they_are_pasted(developer: Project, front: Front, stack: dict[str, str]) -> None:
    trust, scope_down = commands(developer.invoke("Fn", "-e", "test").ended(ExitStatus.ROLE))

    developer.run(*shlex.split(scope_down)[1:]).ended(ExitStatus.DOCKER)
    assert "sts:GetFederationToken" in front.names()

    developer.run(*shlex.split(trust)[1:], "--yes").succeeded()
    developer.invoke("Fn", "-e", "test").ended(ExitStatus.DOCKER)
    developer.run("trust", "remove", "Fn", "-e", "test", "--yes").succeeded()


@pytest.mark.parametrize(("value", "trusted"), [("true", True), ("false", False)])
def test_the_snippet_lets_development_environments_trust_and_no_others(
    developer: Project, value: str, *, trusted: bool
) -> None:
    outcome = developer.invoke("Fn", "-e", "test").ended(ExitStatus.ROLE)
    lines = iter(outcome.lines)
    next(line for line in lines if line.endswith("in the template:"))
    snippet = []
    for line in lines:
        if not line.startswith(" " * 7):
            break
        snippet.append(line[7:])
    text = "\n".join(snippet) + (
        "\nResources:\n  Fn:\n    Type: AWS::Serverless::Function\n"
        "    Properties: {Runtime: python3.11, Handler: a.b, InlineCode: x}\n"
    )

    translated: dict[str, Any] = translate(
        parse(text, path=Path("t.yaml")), region="eu-west-1", parameters={"TrustDevelopers": value}
    ).template

    (statement,) = translated["Resources"]["FnRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"]["Service"] == "lambda.amazonaws.com"
    condition, account, nobody = statement["Principal"]["AWS"]["Fn::If"]
    assert account == {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    assert nobody == {"Ref": "AWS::NoValue"}
    left, right = translated["Conditions"][condition]["Fn::Equals"]
    assert left == {"Ref": "TrustDevelopers"}
    assert (right == value) is trusted


# narrowed


def test_scoped_down_the_session_has_the_deployed_roles_policies(
    developer: Project, front: Front, stack: dict[str, str]
) -> None:
    outcome = developer.invoke("Fn", "-e", "test", "--scope-down").ended(ExitStatus.DOCKER)

    (asked,) = (call for call in front.calls if call.name == "sts:GetFederationToken")
    table = f"arn:aws:dynamodb:eu-west-1:123456789012:table/{stack['Items']}"
    assert session_policy(asked) == (
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["dynamodb:GetItem", "dynamodb:Query"],
                    "Resource": [table, f"{table}/index/*"],
                }
            ],
        },
        [],
    )
    assert f"narrowed to those of {role_arn(stack, 'FnRole')}" in outcome.stderr


def test_scoped_down_to_the_template_the_session_has_policies_that_are_not_deployed(
    developer: Project, front: Front, stack: dict[str, str]
) -> None:
    developer.invoke("Fn", "-e", "test", "--policies", "template").ended(ExitStatus.DOCKER)

    (asked,) = (call for call in front.calls if call.name == "sts:GetFederationToken")
    table = f"arn:aws:dynamodb:eu-west-1:123456789012:table/{stack['Items']}"
    # SAM specification, policy templates: DynamoDBWritePolicy.
    actions = ["BatchWriteItem", "PutItem", "UpdateItem"]
    assert session_policy(asked) == (
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": [f"dynamodb:{action}" for action in actions],
                    "Resource": [table, f"{table}/index/*"],
                }
            ],
        },
        ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"],
    )


@pytest.mark.parametrize("options", [["--scope-down"], ["--policies", "template"]])
def test_a_second_narrowed_run_calls_nobody(developer: Project, front: Front, options: list[str]) -> None:
    developer.invoke("Fn", "-e", "test", *options).ended(ExitStatus.DOCKER)
    assert front.names()

    # A machine may be so slow that AWS would be asked whether the stack has been deployed since.
    developer.invoke("Fn", "-e", "test", *options, "--snapshot-age", "never").ended(ExitStatus.DOCKER)
    assert front.names() == []


def test_a_function_without_any_role_can_be_tried_with_the_templates_policies(
    developer: Project, front: Front
) -> None:
    developer.invoke("Fresh", "-e", "test", "--policies", "template").ended(ExitStatus.DOCKER)

    assert front.names().count("sts:GetFederationToken") == 1


def test_it_says_what_a_users_narrowed_session_cannot_call(developer: Project, front: Front) -> None:
    outcome = developer.invoke("Chains", "-e", "test", "--policies", "template").ended(ExitStatus.DOCKER)

    assert any("may call IAM or STS" in line for line in outcome.lines)


def test_a_roles_session_is_narrowed_by_way_of_a_role_it_may_assume(
    project: Callable[..., Project], front: Front, stack: dict[str, str]
) -> None:
    shared = role_arn(stack, "SharedRole")
    session = as_session_of(front, shared).credentials()
    application = project(
        files(stack["name"]),
        **front.environ
        | NO_ENGINE
        | {
            "AWS_ACCESS_KEY_ID": session.access_key_id,
            "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
            "AWS_SESSION_TOKEN": session.session_token or "",
        },
    )

    outcome = application.invoke("Fn", "-e", "test", "--scope-down").ended(ExitStatus.ROLE)
    assert "is a session of an assumed role, which cannot narrow itself" in outcome.stderr
    assert f"--via-role ARN. It may be its own, {shared}" in outcome.stderr
    front.names()

    application.invoke("Fn", "-e", "test", "--scope-down", "--via-role", shared).ended(ExitStatus.DOCKER)
    asked = front.parameters("sts:AssumeRole")
    assert asked["RoleArn"] == shared
    assert "dynamodb:GetItem" in asked["Policy"]


@pytest.mark.parametrize(
    "options",
    [
        ["--scope-down"],
        ["-e", "test", "--scope-down", "--no-assume-role"],
        ["-e", "test", "--via-role", "arn:aws:iam::123456789012:role/r"],
        ["-e", "test", "--policies", "template", "--role-arn", "arn:aws:iam::123456789012:role/r"],
    ],
)
def test_options_that_mean_nothing_together_are_refused(developer: Project, front: Front, options: list[str]) -> None:
    developer.invoke("Fn", *options).ended(ExitStatus.USAGE)
    assert not [name for name in front.names() if name.startswith("sts:")]


# protected


def test_in_a_protected_environment_a_function_runs_only_on_purpose(
    project: Callable[..., Project], front: Front, stack: dict[str, str]
) -> None:
    application = project(files(stack["name"], protected=True), **environ_of(front, "dora"))

    for options in ([], ["--no-assume-role"], ["--scope-down"]):
        outcome = application.invoke("New", "-e", "test", *options).ended(ExitStatus.PROTECTED)
        assert "The environment test is protected (samconfig.toml [test])" in outcome.stderr
        assert "--allow-protected" in outcome.stderr
    assert not [name for name in front.names() if name.startswith("sts:")]

    application.invoke("New", "-e", "test", "--allow-protected").ended(ExitStatus.DOCKER)
    # Reading is no harm, and without an environment there is nothing to protect.
    application.run("env", "New", "-e", "test").succeeded()
    application.invoke("Fresh").ended(ExitStatus.DOCKER)


def test_protected_is_true_or_false(project: Callable[..., Project], front: Front, stack: dict[str, str]) -> None:
    application = project(files(stack["name"], protected="yes"), **environ_of(front, "dora"))

    outcome = application.invoke("New", "-e", "test").ended(ExitStatus.CONFIGURATION)

    assert "protected is true or false, got 'yes'" in outcome.stderr


def test_no_key_is_printed(developer: Project, front: Front, stack: dict[str, str]) -> None:
    said = "".join(
        developer.invoke("New", "-e", "test", *options).stderr
        for options in ([], ["--scope-down"], ["--no-assume-role"])
    )

    kept = [
        json.loads(file.read_text())
        for file in developer.cache.glob("credentials/*.json")
        if file.stat().st_mode & 0o077 == 0
    ]
    assert len(kept) == 2
    for credentials in kept:
        assert credentials["secret_access_key"] not in said
        assert credentials["session_token"] not in said
    assert developer.environ["AWS_SECRET_ACCESS_KEY"] not in said
