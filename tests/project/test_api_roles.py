"""Under whose rights the services behind an API are asked: its role's, or the caller's where functions run so."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import kit
import pytest
from aws_front import Front, front_of
from project_kit import Collected

from samlocal.errors import RoleDeniedError
from samlocal.project.credentials import RightsOptions, RunsUnder
from samlocal.project.project import Project
from samlocal.project.settings import project_settings
from samlocal.project.surroundings import Surroundings

FILES = {"template.json": kit.template(Fn=kit.function()), "code/app.py": ""}


def role(principal: dict[str, str]) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document}}


class Deployed:
    """A stack with two roles, and the keys that an API has under one of them."""

    def __init__(self, front: Front, project: kit.Project, name: str, ids: dict[str, str]) -> None:
        self.front, self.project, self.name, self.ids = front, project, name, ids

    def arn(self, logical_id: str) -> str:
        return f"arn:aws:iam::123456789012:role/{self.ids[logical_id]}"

    def key(self, logical_id: str, options: RightsOptions) -> str:
        world = Surroundings(environ=self.project.environment(), cwd=self.project.folder)
        template = self.project.folder / "template.json"
        chosen = project_settings(world, template=template, stack_name=self.name)
        with Project(chosen, Collected()) as own:
            return own.role_credentials(self.arn(logical_id), options).access_key_id


@pytest.fixture
def deployed(
    project: Callable[..., kit.Project], aws_server: kit.AwsEndpoint, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Deployed]:
    name = f"api-{uuid.uuid4().hex[:8]}"
    trusting = {"AWS": "arn:aws:iam::123456789012:root"}
    with front_of(aws_server) as front:
        for variable, value in front.environ.items():
            monkeypatch.setenv(variable, value)
        resources = {"Trusting": role(trusting), "Closed": role({"Service": "apigateway.amazonaws.com"})}
        ids = aws_server.deploy(name, {"Resources": resources})
        yield Deployed(front, project(FILES, **front.environ), name, ids)


def test_the_keys_are_the_roles_and_are_kept(deployed: Deployed) -> None:
    own = deployed.key("Trusting", RightsOptions())

    assert own != deployed.front.environ["AWS_ACCESS_KEY_ID"]
    assert deployed.key("Trusting", RightsOptions()) == own
    assert [call.name for call in deployed.front.calls].count("sts:AssumeRole") == 1


def test_a_role_that_trusts_nobody_here_is_not_gone_around(deployed: Deployed) -> None:
    with pytest.raises(RoleDeniedError, match="The API's role cannot be assumed") as refused:
        deployed.key("Closed", RightsOptions())

    assert deployed.arn("Closed") in refused.value.message


def test_where_functions_run_under_the_callers_rights_services_are_asked_so_too(deployed: Deployed) -> None:
    own = RightsOptions(runs_under=RunsUnder.CALLER)

    assert deployed.key("Closed", own) == deployed.front.environ["AWS_ACCESS_KEY_ID"]
    assert "sts:AssumeRole" not in [call.name for call in deployed.front.calls]
