"""A known plan of a function with an environment holds as long as AWS's answers do."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kit
import pytest
from aws_front import Front, front_of
from project_kit import Collected

from samlocal.function.spec import FunctionSpec
from samlocal.project.credentials import RightsOptions, RunsUnder
from samlocal.project.project import Project
from samlocal.project.run_options import RunOptions
from samlocal.project.settings import project_settings
from samlocal.project.surroundings import Surroundings

pytestmark = pytest.mark.docker

QUEUE = {"Type": "AWS::SQS::Queue"}
WORD = {"Word": {"Type": "String", "Default": "first"}}


class Stack:
    """A deployed stack, and the project that is planned against it."""

    def __init__(self, front: Front, project: kit.Project, name: str) -> None:
        self.front, self.project, self.name = front, project, name

    def planned(self, **given: Any) -> tuple[FunctionSpec, list[str]]:
        """The function, and what AWS was asked."""
        self.front.calls.clear()
        world = Surroundings(environ=self.project.environment(), cwd=self.project.folder)
        template = self.project.folder / "template.json"
        chosen = project_settings(world, template=template, stack_name=self.name, **given)
        with Project(chosen, Collected()) as own:
            spec = own.plan("Fn", RunOptions(rights=RightsOptions(runs_under=RunsUnder.CALLER)))
        return spec.function, [call.name for call in self.front.calls]

    def records(self) -> list[Path]:
        return list(self.project.cache.glob("plans/*"))

    def grow_old(self, seconds: float) -> None:
        (file,) = self.project.cache.glob("snapshots/*/*.json")
        content = json.loads(file.read_text())
        content["confirmed"] -= seconds
        content["answers"] = {key: [at - seconds, answer] for key, (at, answer) in content["answers"].items()}
        file.write_text(json.dumps(content))

    def mark(self) -> None:
        """Whoever believes the record takes 8 seconds for the function's timeout."""
        (record,) = self.records()
        record.write_text(record.read_text().replace('"timeout":3', '"timeout":8'))


@pytest.fixture
def stack(
    project: Callable[..., kit.Project], aws_server: kit.AwsEndpoint, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stack]:
    name = f"known-{uuid.uuid4().hex[:8]}"
    fn = kit.function(Timeout=3, Environment={"Variables": {"QUEUE": {"Ref": "Queue"}, "WORD": {"Ref": "Word"}}})
    with front_of(aws_server) as front:
        for variable, value in front.environ.items():
            monkeypatch.setenv(variable, value)
        files = {
            "template.json": {**kit.template(Queue=QUEUE, Fn=fn), "Parameters": WORD},
            "code/app.py": "def handler(event, context): return None\n",
        }
        aws_server.deploy(name, {"Parameters": WORD, "Resources": {"Queue": QUEUE}})
        yield Stack(front, project(files, **front.environ), name)


def values(function: FunctionSpec) -> dict[str, str]:
    return {variable.name: variable.value for variable in function.variables}


def test_a_known_plan_asks_aws_nothing_and_gives_the_stacks_values(stack: Stack) -> None:
    first, asked = stack.planned()
    assert "cloudformation:DescribeStacks" in asked
    stack.mark()
    second, asked_then = stack.planned()
    assert asked_then == []
    assert second.timeout == 8
    assert values(second) == values(first)
    assert values(second)["QUEUE"].endswith(first.variables[0].value.rpartition("/")[2])


def test_a_stack_that_has_been_deployed_since_is_planned_anew(stack: Stack) -> None:
    stack.planned()
    stack.mark()
    body = json.dumps({"Parameters": WORD, "Resources": {"Queue": QUEUE}})
    with stack.front.endpoint.client("cloudformation") as client:
        client.update_stack(
            StackName=stack.name,
            TemplateBody=body,
            Parameters=[{"ParameterKey": "Word", "ParameterValue": "second"}],
        )
    stack.grow_old(10)
    function, _ = stack.planned()
    assert (values(function)["WORD"], function.timeout) == ("second", 3)


@pytest.mark.parametrize(("given", "older"), [({"refresh": True}, 0), ({}, 400), ({"snapshot_age": 5.0}, 6)])
def test_answers_that_are_not_believed_make_no_known_plan(stack: Stack, given: dict[str, Any], older: float) -> None:
    stack.planned()
    stack.mark()
    stack.grow_old(older)
    function, asked = stack.planned(**given)
    assert asked
    assert function.timeout == 3


def test_a_secret_of_aws_is_asked_for_each_time_and_in_no_record(stack: Stack) -> None:
    with stack.front.endpoint.client("secretsmanager") as client:
        secret = f"known-{uuid.uuid4().hex[:8]}"
        client.create_secret(Name=secret, SecretString="s3cret")
    path = stack.project.folder / "template.json"
    content = json.loads(path.read_text())
    variables = content["Resources"]["Fn"]["Properties"]["Environment"]["Variables"]
    variables["PASSWORD"] = f"{{{{resolve:secretsmanager:{secret}}}}}"
    path.write_text(json.dumps(content))
    for _ in range(2):
        function, asked = stack.planned()
        assert values(function)["PASSWORD"] == "s3cret"
        assert "secretsmanager:GetSecretValue" in asked
    assert stack.records() == []
