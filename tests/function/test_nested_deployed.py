"""Nested stacks under a deployed environment: deployed and not, secrets and what is not known passed down."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kit import AwsEndpoint, Outcome, Project, aws_endpoint, function

STACK = "nested-test"
REGION = "eu-west-1"

CHILD: dict[str, Any] = {
    "Parameters": {"Word": {"Type": "String", "Default": "child-default"}},
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
    "Outputs": {"Shouted": {"Value": {"Fn::Sub": "${Word}!"}}, "Topic": {"Value": {"Ref": "Topic"}}},
}
PARENT: dict[str, Any] = {
    "Parameters": {"Password": {"Type": "String", "NoEcho": True, "Default": "default-password"}},
    "Resources": {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Child": {
            "Type": "AWS::CloudFormation::Stack",
            "Properties": {"TemplateURL": "child.json", "Parameters": {"Word": {"Ref": "Password"}}},
        },
    },
}


@pytest.fixture(scope="module")
def aws() -> Iterator[AwsEndpoint]:
    with aws_endpoint() as endpoint:
        with endpoint.client("s3") as s3:
            s3.create_bucket(Bucket="templates", CreateBucketConfiguration={"LocationConstraint": REGION})
            s3.put_object(Bucket="templates", Key="child.json", Body=json.dumps(CHILD))
        template = json.loads(json.dumps(PARENT))
        template["Resources"]["Child"]["Properties"]["TemplateURL"] = "https://templates.s3.amazonaws.com/child.json"
        endpoint.deploy(STACK, template, parameters={"Password": "hunter2"})
        yield endpoint


def nested(
    project: Callable[..., Project],
    aws: AwsEndpoint,
    variables: dict[str, Any],
    *,
    name: str = "Child",
    **passed: Any,
) -> Project:
    parent, child = json.loads(json.dumps(PARENT)), json.loads(json.dumps(CHILD))
    parent["Resources"][name] = parent["Resources"].pop("Child")
    parent["Resources"][name]["Properties"]["Parameters"] |= passed
    child["Resources"]["Fn"] = function(Environment={"Variables": variables})
    return project({"template.json": parent, "child.json": child, "code/app.py": ""}, **aws.environ)


def values(outcome: Outcome) -> dict[str, Any]:
    return {entry["name"]: entry["value"] for entry in outcome.payload}


def test_a_deployed_nested_stacks_function_gets_its_physical_ids(
    project: Callable[..., Project], aws: AwsEndpoint
) -> None:
    made = nested(project, aws, {"TOPIC": {"Ref": "Topic"}, "QUEUE": {"Ref": "Word"}}, Word={"Ref": "Queue"})

    found = values(made.run("env", "Child/Fn", "-n", STACK, "--output", "json").succeeded())

    with aws.client("sns") as sns:
        (topic,) = sns.list_topics()["Topics"]
    with aws.client("sqs") as sqs:
        (queue,) = sqs.list_queues()["QueueUrls"]
    assert found["TOPIC"] == topic["TopicArn"]
    assert found["QUEUE"].rsplit("/", 1)[1] == queue.rsplit("/", 1)[1]


def test_a_nested_stack_that_is_not_deployed_stops_the_run_and_is_named(
    project: Callable[..., Project], aws: AwsEndpoint
) -> None:
    made = nested(project, aws, {"TOPIC": {"Ref": "Topic"}, "STACK": {"Ref": "AWS::StackName"}}, name="NewChild")

    outcome = made.run("invoke", "NewChild/Fn", "-n", STACK).ended(5)

    assert outcome.stdout == b""
    assert f"Fn: TOPIC = !Ref Topic: the nested stack {STACK}/NewChild is not deployed." in outcome.stderr
    assert f"Fn: STACK = !Ref AWS::StackName: the nested stack {STACK}/NewChild is not deployed." in outcome.stderr


def test_what_a_parent_cannot_know_is_unknown_below_and_not_the_childs_default(
    project: Callable[..., Project], aws: AwsEndpoint
) -> None:
    made = nested(project, aws, {"WORD": {"Fn::Sub": "<${Word}>"}}, Word={"Fn::ImportValue": "nobody-exports"})

    outcome = made.run("env", "Child/Fn", "-n", STACK, "--output", "json").ended(5)

    (entry,) = outcome.payload
    assert entry["value"] is None
    assert "nobody-exports" in entry["reason"]
    assert "child-default" not in outcome.stderr


def test_a_secret_passed_to_a_nested_stack_is_masked_there(project: Callable[..., Project], aws: AwsEndpoint) -> None:
    made = nested(
        project,
        aws,
        {
            "WHOLE": {"Ref": "Word"},
            "SUB": {"Fn::Sub": "x-${Word}"},
            "JOIN": {"Fn::Join": ["-", ["a", {"Ref": "Word"}]]},
            "SELECT": {"Fn::Select": [0, {"Fn::Split": ["-", {"Ref": "Word"}]}]},
            "CHOSEN": {"Fn::If": ["Long", "long", "short"]},
            "PLAIN": "plain",
        },
    )
    child = json.loads((made.folder / "child.json").read_text())
    child["Conditions"] = {"Long": {"Fn::Equals": [{"Ref": "Word"}, "s3cr3t"]}}
    (made.folder / "child.json").write_text(json.dumps(child))
    given = ("--parameter-overrides", "Password=s3cr3t")

    table = made.run("env", "Child/Fn", "-n", STACK, *given).succeeded()
    found = made.run("env", "Child/Fn", "-n", STACK, "--output", "json", *given).succeeded()

    assert b"s3cr3t" not in table.stdout
    assert {entry["name"]: entry["secret"] for entry in found.payload} == {
        "WHOLE": True,
        "SUB": True,
        "JOIN": True,
        "SELECT": True,
        "CHOSEN": True,
        "PLAIN": False,
    }


def test_a_nested_stacks_output_that_is_made_of_a_secret_is_masked(
    project: Callable[..., Project], aws: AwsEndpoint
) -> None:
    made = nested(project, aws, {})
    parent = json.loads((made.folder / "template.json").read_text())
    parent["Resources"]["Outer"] = function(
        Environment={
            "Variables": {
                "SHOUTED": {"Fn::GetAtt": ["Child", "Outputs.Shouted"]},
                "TOPIC": {"Fn::GetAtt": ["Child", "Outputs.Topic"]},
            }
        }
    )
    (made.folder / "template.json").write_text(json.dumps(parent))

    outcome = made.run("env", "Outer", "-n", STACK, "--output", "json").succeeded()

    assert {entry["name"]: entry["secret"] for entry in outcome.payload} == {"SHOUTED": True, "TOPIC": False}
    assert b"hunter2" not in outcome.stdout


def test_a_function_that_the_stack_lacks_and_whose_condition_a_hidden_value_decides_does_not_run(
    project: Callable[..., Project], aws: AwsEndpoint
) -> None:
    deployed = {
        "Parameters": {"Password": {"Type": "String", "NoEcho": True}},
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
    }
    # What CloudFormation shows of such a parameter; moto shows the parameter itself.
    aws.deploy("hidden", deployed, parameters={"Password": "****"})
    conditional = {
        **deployed,
        "Conditions": {"Open": {"Fn::Equals": [{"Ref": "Password"}, "open"]}},
        "Resources": {"Fn": {**function(), "Condition": "Open"}},
    }
    made = project({"template.json": conditional, "code/app.py": ""}, **aws.environ)

    for command in ("env", "invoke"):
        refused = made.run(command, "Fn", "-n", "hidden").ended(5)
        assert "whether Fn would be deployed cannot be known: its condition Open needs" in refused.stderr
    made.run("env", "Fn", "-n", "hidden", "--parameter-overrides", "Password=open").succeeded()
    made.run("env", "Fn", "-n", "hidden", "--parameter-overrides", "Password=other").ended(11)
