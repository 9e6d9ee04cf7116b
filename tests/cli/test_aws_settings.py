"""The user's AWS settings when something is wrong with them: each ends with words, its own status and the way on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aws_front import Front, front_of
from callers import ANYBODY
from kit import AwsEndpoint, Project, function, template

from samlocal.errors import ExitStatus

KEYS = "aws_access_key_id = AKIDOFBASE\naws_secret_access_key = s\n"
ROLE = "role_arn = arn:aws:iam::123456789012:role/any-settings\n"
SSO = "sso_account_id = 123456789012\nsso_role_name = Developer\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """Files of ``~/.aws``, variables (with the endpoint's put in for ``{url}``), and what has to come of them."""

    name: str
    status: ExitStatus
    says: str
    way_on: str
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    profile: str | None = None


CREDENTIALS, CONFIGURATION, AWS = ExitStatus.CREDENTIALS, ExitStatus.CONFIGURATION, ExitStatus.AWS
TABLE = [
    Wrong(
        name="no keys anywhere",
        status=CREDENTIALS,
        says="There are no AWS credentials.",
        way_on="aws configure",
    ),
    Wrong(
        name="half of a pair of keys",
        files={"credentials": "[default]\naws_access_key_id = AKID\n"},
        status=CREDENTIALS,
        says="credentials",
        way_on="aws configure",
    ),
    Wrong(
        name="a config that is no INI file",
        files={"config": "this is no section\n= nor this\n"},
        status=CONFIGURATION,
        says="config",
        way_on="Mend",
    ),
    Wrong(
        name="a config that is no text",
        files={"config": b"\xff\xfe[\0d\0e\0f\0a\0u\0l\0t\0]\0\xff\n"},
        status=CONFIGURATION,
        says="config",
        way_on="Mend",
    ),
    Wrong(
        name="keys that are no INI file",
        files={"credentials": "aws_access_key_id = AKID\n"},
        status=CONFIGURATION,
        says="credentials",
        way_on="Mend",
    ),
    Wrong(
        name="a profile that is not there",
        files={"config": f"[profile other]\n{KEYS}"},
        profile="work",
        status=CONFIGURATION,
        says="The AWS profile 'work' is not configured.",
        way_on="--aws-profile",
    ),
    Wrong(
        name="a source profile that is not there",
        files={"config": f"[profile work]\n{ROLE}source_profile = gone\n"},
        profile="work",
        status=CREDENTIALS,
        says="gone",
        way_on="--aws-profile",
    ),
    Wrong(
        name="profiles that name each other",
        files={
            "config": f"[profile work]\n{ROLE}source_profile = other\n[profile other]\n{ROLE}source_profile = work\n"
        },
        profile="work",
        status=CREDENTIALS,
        says="other",
        way_on="--aws-profile",
    ),
    Wrong(
        name="a role without a source",
        files={"config": f"[profile work]\n{ROLE}"},
        profile="work",
        status=CREDENTIALS,
        says="credential",
        way_on="--aws-profile",
    ),
    Wrong(
        name="a program that fails",
        files={"config": "[profile work]\ncredential_process = /bin/false\n"},
        profile="work",
        status=CREDENTIALS,
        says="could not be had",
        way_on="--aws-profile",
    ),
    Wrong(
        name="a program that is not there",
        files={"config": "[profile work]\ncredential_process = /nowhere/keys --now\n"},
        profile="work",
        status=CREDENTIALS,
        says="/nowhere/keys",
        way_on="--aws-profile",
    ),
    Wrong(
        name="a program that says something else",
        files={"config": "[profile work]\ncredential_process = /bin/echo hello\n"},
        profile="work",
        status=CREDENTIALS,
        says="credential_process",
        way_on="--aws-profile",
    ),
    Wrong(
        name="an Identity Center session that is not there",
        files={"config": f"[profile work]\nsso_session = gone\n{SSO}"},
        profile="work",
        status=CREDENTIALS,
        says="gone",
        way_on="--aws-profile",
    ),
    Wrong(
        name="an Identity Center session that was never begun",
        files={
            "config": f"[profile work]\nsso_session = org\n{SSO}"
            "[sso-session org]\nsso_region = eu-west-1\nsso_start_url = https://example.awsapps.com/start\n"
        },
        profile="work",
        status=CREDENTIALS,
        says="The SSO session has ended",
        way_on="aws sso login --profile work",
    ),
    Wrong(
        name="an Identity Center session that has ended",
        files={
            "config": f"[profile work]\n{SSO}sso_region = eu-west-1\nsso_start_url = https://old.awsapps.com/start\n",
            # The name is the SHA-1 of the start URL.
            "sso/cache/0a90b2d2a9b29d8a0d4a6b9b7a8cdb5dd2e3ee2e.json": "{}",
        },
        profile="work",
        status=CREDENTIALS,
        says="The SSO session has ended",
        way_on="aws sso login --profile work",
    ),
    Wrong(
        name="a web identity token that is not there",
        environ={
            "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/any-settings",
            "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token",
        },
        status=CREDENTIALS,
        says="/nowhere/token",
        way_on="--aws-profile",
    ),
    Wrong(
        name="certificates that are not there",
        files={"credentials": f"[default]\n{KEYS}"},
        environ={"AWS_CA_BUNDLE": "/nowhere/ca.pem", "AWS_ENDPOINT_URL": "https://{netloc}"},
        status=CONFIGURATION,
        says="AWS_CA_BUNDLE",
        way_on="/nowhere/ca.pem",
    ),
    Wrong(
        name="certificates that are none",
        files={"credentials": f"[default]\n{KEYS}"},
        environ={"REQUESTS_CA_BUNDLE": os.devnull, "AWS_ENDPOINT_URL": "https://{netloc}"},
        status=AWS,
        says="cannot be reached",
        way_on="AWS_ENDPOINT_URL",
    ),
    Wrong(
        name="requests' certificates that are not there",
        files={"credentials": f"[default]\n{KEYS}"},
        environ={"REQUESTS_CA_BUNDLE": "/nowhere/ca.pem", "AWS_ENDPOINT_URL": "https://{netloc}"},
        status=CONFIGURATION,
        says="REQUESTS_CA_BUNDLE",
        way_on="/nowhere/ca.pem",
    ),
    Wrong(
        name="an endpoint that is no URL",
        files={"credentials": f"[default]\n{KEYS}"},
        environ={"AWS_ENDPOINT_URL": "not a url"},
        status=AWS,
        says="not a url",
        way_on="AWS_ENDPOINT_URL",
    ),
    Wrong(
        name="a region that is none",
        files={"credentials": f"[default]\n{KEYS}", "config": "[default]\nregion = eu west 1\n"},
        environ={"AWS_REGION": "eu west 1"},
        status=AWS,
        says="eu west 1",
        way_on="--region",
    ),
]


@pytest.fixture(scope="module")
def roles(aws_server: AwsEndpoint) -> None:
    """Which anybody of the account may assume."""
    document = json.dumps({"Version": "2012-10-17", "Statement": [ANYBODY]})
    with aws_server.client("iam") as iam:
        for name in ("any-settings", "first-settings", "second-settings"):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)


@pytest.fixture
def front(aws_server: AwsEndpoint, roles: None) -> Iterator[Front]:
    with front_of(aws_server) as running:
        yield running


def user(project: Callable[..., Project], front: Front, files: Mapping[str, str | bytes]) -> Project:
    """A project whose user has these files in ``~/.aws`` and no keys in the environment."""
    fn = function(Environment={"Variables": {"TABLE": {"Ref": "AWS::StackId"}}})
    environ = {name: value for name, value in front.environ.items() if "KEY" not in name}
    made = project({"template.json": template(Fn=fn), "code/app.py": ""}, **environ)
    for name, content in files.items():
        path = made.home / ".aws" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return made


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_wrong_aws_settings_end_with_words_and_the_way_on(
    project: Callable[..., Project], front: Front, row: Wrong
) -> None:
    netloc = front.endpoint.url.partition("//")[2]
    environ = {name: value.replace("{netloc}", netloc) for name, value in row.environ.items()}
    chosen = ["--aws-profile", row.profile] if row.profile else []

    outcome = user(project, front, row.files).run("env", "Fn", "-n", "any", *chosen, environ=environ)

    assert outcome.status == row.status, str(outcome)
    assert row.says in outcome.stderr
    assert row.way_on in outcome.stderr
    assert outcome.stdout == b""


def test_roles_are_assumed_along_a_chain_of_profiles(project: Callable[..., Project], front: Front) -> None:
    config = (
        "[profile work]\nrole_arn = arn:aws:iam::123456789012:role/second-settings\nsource_profile = middle\n"
        "[profile middle]\nrole_arn = arn:aws:iam::123456789012:role/first-settings\nsource_profile = base\n"
    )
    made = user(project, front, {"config": config, "credentials": f"[base]\n{KEYS}"})

    made.run("env", "Fn", "-n", "not-there", "--aws-profile", "work").ended(ExitStatus.STACK)

    assumed = [call for call in front.calls if call.name == "sts:AssumeRole"]
    assert [call.parameters["RoleArn"].rpartition("/")[2] for call in assumed] == [
        "first-settings",
        "second-settings",
    ]
    assert [call.key == "AKIDOFBASE" for call in assumed] == [True, False]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"Credentials": 7}', '{"Credentials": {"Expiration": "never"}}'])
def test_a_kept_session_of_another_shape_is_asked_for_again(
    project: Callable[..., Project], front: Front, content: str
) -> None:
    config = f"[profile work]\n{ROLE}source_profile = base\n"
    made = user(project, front, {"config": config, "credentials": f"[base]\n{KEYS}"})
    env = ["env", "Fn", "-n", "not-there", "--aws-profile", "work"]
    made.run(*env).ended(ExitStatus.STACK)
    (kept,) = (made.cache / "aws-sessions").iterdir()
    before = len(front.calls)
    kept.write_text(content)

    made.run(*env).ended(ExitStatus.STACK)

    assert "sts:AssumeRole" in [call.name for call in front.calls[before:]]
    assert json.loads(kept.read_text())["Credentials"]["AccessKeyId"]


def test_new_keys_under_the_same_profile_are_another_caller(
    project: Callable[..., Project], front: Front, aws_server: AwsEndpoint, tmp_path: Path
) -> None:
    aws_server.deploy(name := f"keys-{tmp_path.name[:30].replace('_', '-')}", {"Resources": {"Q": QUEUE}})
    made = user(project, front, {"credentials": f"[work]\n{KEYS}"})
    role = ["--role-arn", "arn:aws:iam::123456789012:role/any-settings"]
    invoke = ["invoke", "Fn", "-n", name, "--aws-profile", "work", *role]
    engine = {"DOCKER_HOST": "unix:///nonexistent.sock"}
    made.run(*invoke, environ=engine).ended(ExitStatus.DOCKER)
    before = len(front.calls)
    # A machine may be so slow that AWS would be asked whether the stack has been deployed since.
    made.run(*invoke, "--snapshot-age", "never", environ=engine).ended(ExitStatus.DOCKER)
    assert front.calls[before:] == []

    (made.home / ".aws" / "credentials").write_text(f"[work]\n{KEYS}".replace("AKIDOFBASE", "AKIDOFOTHER"))
    made.run(*invoke, environ=engine).ended(ExitStatus.DOCKER)

    asked = front.calls[before:]
    assert {call.key for call in asked} == {"AKIDOFOTHER"}
    assert {"cloudformation:DescribeStacks", "sts:AssumeRole"} <= {call.name for call in asked}


QUEUE: dict[str, Any] = {"Type": "AWS::SQS::Queue"}
