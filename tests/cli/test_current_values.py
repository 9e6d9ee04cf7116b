"""Values after a deployment: what is kept is used as long as it holds, and AWS is asked no more than that takes."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aws_front import Answer, Call, Front, error, front_of
from kit import AwsEndpoint, Project, function, template

from samlocal.errors import ExitStatus

QUEUE = {"Type": "AWS::SQS::Queue"}
WORD = {"Word": {"Type": "String", "Default": "first"}}
CODE = "import os\n\ndef handler(event, context): return os.environ['WORD']\n"
ONE_CALL = ["cloudformation:DescribeStacks"]


@dataclass
class Deployment:
    """A stack that can be deployed again, and the project that runs against it."""

    front: Front
    project: Project
    name: str
    resources: dict[str, Any] = field(default_factory=lambda: {"Queue": QUEUE})

    def again(self, *, word: str = "first", **more: Any) -> None:
        self.resources |= more
        body = json.dumps({"Parameters": WORD, "Resources": self.resources})
        parameters = [{"ParameterKey": "Word", "ParameterValue": word}]
        with self.front.endpoint.client("cloudformation") as client:
            client.update_stack(StackName=self.name, TemplateBody=body, Parameters=parameters)

    def grow_old(self, seconds: float) -> None:
        """Lets time pass for what samlocal keeps."""
        (file,) = self.project.cache.glob("snapshots/*/*.json")
        content = json.loads(file.read_text())
        content["confirmed"] -= seconds
        content["answers"] = {key: [at - seconds, answer] for key, (at, answer) in content["answers"].items()}
        file.write_text(json.dumps(content))

    def values(self, *args: str) -> tuple[dict[str, Any], str, list[str]]:
        """The function's variables, standard error, and what AWS was asked."""
        self.front.calls.clear()
        outcome = self.project.run("env", "Fn", "-n", self.name, "--output", "json", *args).succeeded()
        asked = [call.name for call in self.front.calls]
        return {entry["name"]: entry["value"] for entry in outcome.payload}, outcome.stderr, asked


@pytest.fixture
def deployment(project: Callable[..., Project], aws_server: AwsEndpoint) -> Iterator[Deployment]:
    name = f"current-{uuid.uuid4().hex[:8]}"
    fn = function(Environment={"Variables": {"QUEUE": {"Ref": "Queue"}, "WORD": {"Ref": "Word"}}})
    with front_of(aws_server) as front:
        files = {"template.json": {**template(Queue=QUEUE, Fn=fn), "Parameters": WORD}, "code/app.py": CODE}
        aws_server.deploy(name, {"Parameters": WORD, "Resources": {"Queue": QUEUE}})
        yield Deployment(front=front, project=project(files, **front.environ), name=name)


def test_a_stack_deployed_since_gives_its_new_values(deployment: Deployment) -> None:
    assert deployment.values()[0]["WORD"] == "first"
    deployment.again(word="second")
    deployment.grow_old(10)

    values, said, _ = deployment.values()

    assert values["WORD"] == "second"
    assert "the stack has been deployed since" in said


def test_a_stack_that_is_the_same_costs_one_call_and_then_none(deployment: Deployment) -> None:
    first, _, asked = deployment.values()
    assert len(asked) > 1
    deployment.grow_old(10)

    second, said, once = deployment.values()
    deployment.project.just_asked()
    third, _, never = deployment.values()

    assert first == second == third
    assert said == ""
    assert once == ONE_CALL
    assert never == []


def test_a_resource_deployed_a_moment_ago_is_found(deployment: Deployment) -> None:
    deployment.values()
    path = deployment.project.folder / "template.json"
    content = json.loads(path.read_text())
    content["Resources"]["Q2"] = QUEUE
    content["Resources"]["Fn"]["Properties"]["Environment"]["Variables"]["QUEUE"] = {"Ref": "Q2"}
    path.write_text(json.dumps(content))

    before = deployment.project.run("invoke", "Fn", "-n", deployment.name).ended(ExitStatus.UNRESOLVED)
    deployment.again(Q2=QUEUE)
    values, _, _ = deployment.values()

    assert "has no resource Q2. Deploy it" in before.stderr.replace("\n", " ")
    assert "Q2" in values["QUEUE"]


def test_never_means_that_nothing_is_asked_however_old_it_is(deployment: Deployment) -> None:
    first, _, _ = deployment.values()
    deployment.again(word="second")
    deployment.grow_old(7200)

    values, said, asked = deployment.values("--snapshot-age", "never")

    assert values == first
    assert asked == []
    assert "what AWS said 2 hours ago of the stack" in said


def test_the_age_of_what_is_kept_is_told(deployment: Deployment) -> None:
    deployment.values()
    deployment.grow_old(185)

    _, said, asked = deployment.values()

    assert asked == ONE_CALL
    assert f"what AWS said 3 minutes ago of the stack {deployment.name} is used (--refresh asks anew)." in said


def test_an_aws_that_is_silent_holds_nobody_up(deployment: Deployment) -> None:
    first, _, _ = deployment.values()
    deployment.grow_old(10)

    over = threading.Event()

    def late(_: Call) -> Answer:
        over.wait(30)
        return error("Throttling", "nobody waits any more", status=400)

    deployment.front.rules["cloudformation:DescribeStacks"] = late
    began = time.monotonic()
    values, said, _ = deployment.values()

    assert values == first
    assert time.monotonic() - began < 25
    over.set()
    assert "whether the stack has changed is not known: AWS did not answer within 2 s." in said


@pytest.mark.docker
def test_a_function_starts_with_the_values_of_the_deployment_since(deployment: Deployment) -> None:
    invoke = ["invoke", "Fn", "-n", deployment.name, "--no-assume-role"]
    assert deployment.project.run(*invoke).succeeded().payload == "first"
    deployment.again(word="second")
    deployment.grow_old(10)

    outcome = deployment.project.run(*invoke).succeeded()

    assert outcome.payload == "second"
    assert outcome.stderr.count("START RequestId") == 1
    assert outcome.stderr.count("under your own AWS rights") == 1
