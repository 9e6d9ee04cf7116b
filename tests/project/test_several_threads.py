"""A project that several threads ask at once, as callers of a server do."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import kit
import pytest
from aws_front import front_of
from callers import as_user
from kit import AwsEndpoint, function, template
from project_kit import Collected

from samlocal.project.project import Project
from samlocal.project.settings import Settings, project_settings
from samlocal.project.surroundings import Surroundings

T = TypeVar("T")

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "sts:AssumeRole"}
    ],
}
ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}}
NAMES = tuple(f"Fn{number}" for number in range(6))


def settings_of(made: kit.Project, **given: Any) -> Settings:
    world = Surroundings(environ=made.environment(), cwd=made.folder)
    return project_settings(world, template=made.folder / "template.json", **given)


def at_once(work: Callable[[str], T]) -> list[T]:
    """What each thread gets; none begins before all are there."""
    barrier = threading.Barrier(len(NAMES))

    def begin(name: str) -> T:
        barrier.wait(60)
        return work(name)

    with ThreadPoolExecutor(len(NAMES)) as threads:
        return list(threads.map(begin, NAMES))


@pytest.mark.docker
def test_functions_of_one_role_that_are_planned_at_once_ask_for_it_once(
    project: Callable[..., kit.Project], aws_server: AwsEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = f"threads-{uuid.uuid4().hex[:8]}"
    aws_server.deploy(stack, {"Resources": {"Shared": ROLE}})
    under_role = {name: function(Role={"Fn::GetAtt": ["Shared", "Arn"]}) for name in NAMES}
    files = {"template.json": template(Shared=ROLE, **under_role), "code/app.py": "def handler(event, context): pass"}
    with front_of(aws_server) as front:
        own = as_user(front, "dora").credentials()
        keys = {"AWS_ACCESS_KEY_ID": own.access_key_id, "AWS_SECRET_ACCESS_KEY": own.secret_access_key}
        for name, value in (front.environ | keys).items():
            # botocore reads the process's own.
            monkeypatch.setenv(name, value)
        made = project(files, **front.environ | keys)
        with Project(settings_of(made, stack_name=stack), Collected()) as planned:
            front.names()
            specs = at_once(planned.plan)
        assert [spec.function.logical_id for spec in specs] == list(NAMES)
        assert len({spec.variables["AWS_ACCESS_KEY_ID"] for spec in specs}) == 1
        assert front.names().count("sts:AssumeRole") == 1


def test_the_local_environment_is_brought_up_and_held_once(project: Callable[..., kit.Project]) -> None:
    files = {"template.json": template(**{name: function() for name in NAMES}), "code/app.py": ""}
    made = project(files)
    teller = Collected()
    with Project(settings_of(made, env_name="local"), teller) as own:
        try:
            opened = at_once(lambda _: own.account.local.opened())
            assert len({each.server.url for each in opened}) == 1
            assert [notice for notice in teller.notices if "starting the local environment" in notice] == [
                "starting the local environment (moto) …"
            ]
            assert sum("resources of the stack" in notice for notice in teller.notices) == 1
            held = [Path("/proc/self/fd", name) for name in map(str, range(3, 256))]
            uses = [each for each in held if each.exists() and each.resolve() in made.cache.glob("local/*/use*")]
            assert len(uses) == 1, uses
        finally:
            made.run("local", "stop").succeeded()
