"""Kept sandboxes of a deployed stack's functions: whose keys they have, and what a role refuses."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable

import pytest
from kit import AwsEndpoint, Project, function, template

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker

TRUST = {
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "sts:AssumeRole"}
    ]
}
ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}}
SOURCE = """
import os
runs = 0
def handler(event, context):
    global runs
    runs += 1
    return {"runs": runs, "key": os.environ.get("AWS_ACCESS_KEY_ID")}
"""


@pytest.fixture
def deployed(keeping: Callable[..., Project], aws_server: AwsEndpoint) -> Project:
    name = f"kept-{uuid.uuid4().hex[:8]}"
    aws_server.deploy(name, {"Resources": {"Role": ROLE}})
    files = {
        "template.json": template(Role=ROLE, Fn=function(Role={"Fn::GetAtt": ["Role", "Arn"]}), New=function()),
        "code/app.py": SOURCE,
        "samconfig.toml": f'[test.deploy.parameters]\nstack_name = "{name}"\n'
        '[test.samlocal.parameters]\nkeep = "5m"\nskip_pull_image = true\n',
    }
    return keeping(files, **aws_server.environ)


def test_a_sandbox_keeps_its_roles_keys_and_gives_way_when_they_are_renewed(deployed: Project) -> None:
    first = deployed.invoke("Fn", "-e", "test").succeeded()
    assert first.payload["runs"] == 1
    second = deployed.invoke("Fn", "-e", "test").succeeded()
    assert second.payload == {"runs": 2, "key": first.payload["key"]}
    # As if they had ended.
    shutil.rmtree(deployed.cache / "credentials")
    renewed = deployed.invoke("Fn", "-e", "test").succeeded()
    assert "samlocal: changed since its last event: its credentials; it starts anew." in renewed.lines
    assert renewed.payload["runs"] == 1
    assert renewed.payload["key"] != first.payload["key"]


def test_a_function_without_a_role_is_refused_with_the_same_ways_on(deployed: Project) -> None:
    alone = deployed.invoke("New", "-e", "test", "--cold").ended(ExitStatus.ROLE)
    kept = deployed.invoke("New", "-e", "test").ended(ExitStatus.ROLE)
    assert kept.stderr == alone.stderr
    assert "--policies template" in kept.stderr


def test_of_one_environment_no_others_are_listed_and_stopped(deployed: Project) -> None:
    alone = deployed.invoke("Fn", "--keep", "5m").succeeded()
    assert alone.payload["runs"] == deployed.invoke("Fn", "-e", "test").succeeded().payload["runs"] == 1

    def listed(*args: str) -> list[str | None]:
        found = deployed.run("kept", "--output", "json", *args).succeeded().payload
        return [each["environment"] for each in found]

    assert sorted(listed(), key=str) == [None, "test"]
    assert listed("-e", "test") == ["test"]
    assert listed("-n", "another") == []
    assert deployed.run("kept", "-n", "another", "--stop").succeeded().lines == [
        "samlocal: nothing is kept of the environment another."
    ]
    assert deployed.run("kept", "-e", "test", "--stop").succeeded().lines == ["samlocal: stopped: Fn."]
    assert listed() == [None]
    assert deployed.invoke("Fn", "--keep", "5m").succeeded().payload["runs"] == 2
    # What would choose nothing here is no option.
    assert "--region" in deployed.run("kept", "--region", "eu-west-1").ended(ExitStatus.USAGE).stderr
