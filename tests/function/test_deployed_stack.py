"""Every kind of value against a deployed stack, where SAM CLI answers with an empty string or a Lambda's ARN."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from kit import AwsEndpoint, Outcome, Project, aws_endpoint

STACK = "values-test"
ACCOUNT = "123456789012"
REGION = "eu-west-1"

CHILD = {
    "Parameters": {"Word": {"Type": "String"}},
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
    "Outputs": {"TopicArn": {"Value": {"Ref": "Topic"}}, "Word": {"Value": {"Ref": "Word"}}},
}

DEPLOYED = {
    "Parameters": {
        "Size": {"Type": "Number", "Default": "5"},
    },
    "Resources": {
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            },
        },
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Nested": {"Type": "AWS::CloudFormation::Stack", "Properties": {"Parameters": {"Word": "hello"}}},
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": "sts:AssumeRole",
                            "Principal": {"Service": "lambda.amazonaws.com"},
                        }
                    ]
                }
            },
        },
        "Fn": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.11",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": "def handler(event, context): return event"},
            },
        },
    },
    "Outputs": {"Shared": {"Value": {"Ref": "Queue"}, "Export": {"Name": "shared-queue"}}},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """The endpoint and the stack's physical ids."""

    aws: AwsEndpoint
    ids: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def deployed() -> Iterator[Deployed]:
    with aws_endpoint() as aws:
        with aws.client("s3") as s3:
            s3.create_bucket(Bucket="templates", CreateBucketConfiguration={"LocationConstraint": REGION})
            s3.put_object(Bucket="templates", Key="child.json", Body=json.dumps(CHILD))
        with aws.client("ssm") as ssm:
            ssm.put_parameter(Name="/values/endpoint", Value="https://example.test", Type="String")
            ssm.put_parameter(Name="/values/key", Value="ssm-secret-value", Type="SecureString")
        with aws.client("secretsmanager") as secrets:
            secrets.create_secret(Name="values/db", SecretString=json.dumps({"user": "joe", "pin": 7}))
        template = json.loads(json.dumps(DEPLOYED))
        template["Resources"]["Nested"]["Properties"]["TemplateURL"] = "https://templates.s3.amazonaws.com/child.json"
        ids = aws.deploy(STACK, template, parameters={"Size": "9"})
        yield Deployed(aws=aws, ids=ids)


def with_variables(project: Callable[..., Project], aws: AwsEndpoint, **variables: Any) -> Project:
    """A project whose template is the deployed one, with these variables of the function."""
    template = json.loads(json.dumps(DEPLOYED))
    template["Resources"]["Fn"]["Properties"]["Environment"] = {"Variables": variables}
    return project({"template.json": template}, **aws.environ)


def values(outcome: Outcome) -> dict[str, Any]:
    return {entry["name"]: entry["value"] for entry in outcome.payload}


def test_each_row_of_what_sam_cli_gets_wrong_has_the_deployed_value(
    project: Callable[..., Project], deployed: Deployed
) -> None:
    queue_url = deployed.ids["Queue"]
    queue_name = queue_url.rsplit("/", 1)[1]
    expected: dict[str, tuple[Any, str]] = {
        "REF": ({"Ref": "Table"}, deployed.ids["Table"]),
        "PARAMETER": ({"Ref": "Size"}, "9"),
        "ARN": ({"Fn::GetAtt": ["Queue", "Arn"]}, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue_name}"),
        "QUEUE_NAME": ({"Fn::GetAtt": "Queue.QueueName"}, queue_name),
        "QUEUE_URL": ({"Ref": "Queue"}, queue_url),
        "OUTPUT": ({"Fn::GetAtt": ["Nested", "Outputs.Word"]}, "hello"),
        "IMPORT": ({"Fn::ImportValue": "shared-queue"}, queue_url),
        "CIDR": ({"Fn::Select": [1, {"Fn::Cidr": ["10.0.0.0/16", 2, 8]}]}, "10.0.1.0/24"),
        "JSON": (
            {"Fn::ToJsonString": {"t": {"Ref": "Table"}}},
            json.dumps({"t": deployed.ids["Table"]}, separators=(",", ":")),
        ),
        "SUB_ATTRIBUTE": ({"Fn::Sub": "x-${Queue.QueueName}"}, f"x-{queue_name}"),
        "SUB_OUTPUT": ({"Fn::Sub": "${Nested.Outputs.Word}!"}, "hello!"),
        "SUB_UNDERSCORE": ({"Fn::Sub": ["${my_var}", {"my_var": {"Ref": "Table"}}]}, deployed.ids["Table"]),
        "SSM": ("{{resolve:ssm:/values/endpoint}}/x", "https://example.test/x"),
        "ROLE": ({"Fn::GetAtt": ["Role", "Arn"]}, f"arn:aws:iam::{ACCOUNT}:role/{deployed.ids['Role']}"),
        "ACCOUNT": ({"Ref": "AWS::AccountId"}, ACCOUNT),
        "STACK": ({"Ref": "AWS::StackName"}, STACK),
        "LAZY": ({"Fn::If": ["Always", "here", {"Fn::ImportValue": "nobody-exports-this"}]}, "here"),
    }
    made = with_variables(project, deployed.aws, **{name: node for name, (node, _) in expected.items()})
    path = made.folder / "template.json"
    template = json.loads(path.read_text())
    template["Conditions"] = {"Always": {"Fn::Equals": ["1", "1"]}}
    path.write_text(json.dumps(template))

    outcome = made.run("env", "-n", STACK, "Fn", "--output", "json").succeeded()

    assert values(outcome) == {name: value for name, (_, value) in expected.items()}


def test_secrets_are_resolved_and_masked_and_shown_only_when_asked_for(
    project: Callable[..., Project], deployed: Deployed
) -> None:
    made = with_variables(
        project,
        deployed.aws,
        PIN="{{resolve:secretsmanager:values/db:SecretString:pin}}",
        USER="user={{resolve:secretsmanager:values/db:SecretString:user}}",
        KEY="{{resolve:ssm-secure:/values/key}}",
    )

    masked = made.run("env", "-n", STACK, "Fn").succeeded()
    shown = made.run("env", "-n", STACK, "Fn", "--output", "json", "--show-secrets").succeeded()

    assert values(shown) == {"PIN": "7", "USER": "user=joe", "KEY": "ssm-secret-value"}
    assert "joe" not in masked.stdout.decode() + masked.stderr
    assert "ssm-secret-value" not in masked.stdout.decode() + masked.stderr
    kept = "".join(path.read_text() for path in made.cache.rglob("*") if path.is_file())
    assert "joe" not in kept
    assert "ssm-secret-value" not in kept


def test_what_cannot_be_known_is_named_with_its_line_its_reason_and_a_way_on(
    project: Callable[..., Project], deployed: Deployed
) -> None:
    made = with_variables(
        project,
        deployed.aws,
        GONE={"Ref": "NotThere"},
        IMPORT={"Fn::ImportValue": "nobody-exports-this"},
        SSM="{{resolve:ssm:/nobody/put/this}}",
        GOOD="yes",
    )

    outcome = made.run("invoke", "-n", STACK, "Fn").ended(5)

    lines = (made.folder / "template.json").read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if '"GONE"' in text)
    assert outcome.stdout == b""
    assert (
        f"template.json:{line}: Fn: GONE = !Ref NotThere: the template has neither a resource nor a parameter "
        "NotThere." in outcome.stderr
    )
    assert "no stack in eu-west-1 exports nobody-exports-this" in outcome.stderr
    assert "/nobody/put/this is not there" in outcome.stderr
    assert "--set" in outcome.stderr


def test_what_is_missing_can_be_given(project: Callable[..., Project], deployed: Deployed) -> None:
    made = with_variables(project, deployed.aws, GONE={"Ref": "NotThere"})

    outcome = made.run(
        "env", "-n", STACK, "Fn", "--set", "GONE=here", "--set", "NEW=x", "--output", "json"
    ).succeeded()

    assert values(outcome) == {"GONE": "here", "NEW": "x"}


def test_every_value_says_where_it_came_from(project: Callable[..., Project], deployed: Deployed) -> None:
    made = with_variables(
        project,
        deployed.aws,
        TABLE={"Ref": "Table"},
        LITERAL="x",
        SIZE={"Ref": "Size"},
        SSM="{{resolve:ssm:/values/endpoint}}",
        MIXED={"Fn::Sub": "${Table}/${Size}"},
        IMPORT={"Fn::ImportValue": "shared-queue"},
        OUTPUT={"Fn::GetAtt": ["Nested", "Outputs.Word"]},
    )
    (made.folder / ".env").write_text("# a comment\nDOT=1\nAWS_ACCESS_KEY_ID=not-yours\n")

    outcome = made.run("env", "-n", STACK, "Fn", "--output", "json").succeeded()

    origins = {entry["name"]: entry["origin"] for entry in outcome.payload}
    nested = origins.pop("OUTPUT")
    lines = (made.folder / "template.json").read_text().splitlines()
    literal = next(number for number, text in enumerate(lines, 1) if '"LITERAL"' in text)
    assert origins == {
        "TABLE": [f"stack {STACK}: Table"],
        "LITERAL": [f"template.json:{literal}"],
        "SIZE": [f"stack {STACK}: parameter Size"],
        "SSM": ["ssm /values/endpoint"],
        "MIXED": [f"stack {STACK}: Table", f"stack {STACK}: parameter Size"],
        "IMPORT": ["export shared-queue"],
        "DOT": [".env:2"],
    }
    assert nested[0].endswith(": output Word")
    assert "AWS_ACCESS_KEY_ID not given" in outcome.stderr


def test_a_stack_that_is_not_there_names_those_of_a_like_name(
    project: Callable[..., Project], deployed: Deployed
) -> None:
    made = with_variables(project, deployed.aws, A="1")

    outcome = made.run("env", "-n", "values-tset", "Fn").ended(15)

    assert "There is no stack values-tset in eu-west-1." in outcome.stderr
    assert STACK in outcome.stderr


def test_the_answers_are_kept_and_an_unreachable_aws_is_no_hindrance(
    project: Callable[..., Project], deployed: Deployed, tmp_path: Path
) -> None:
    """Five minutes are a setting: with an age of 0 each answer is too old, and stands in only while AWS is away."""
    with aws_endpoint() as aws:
        ids = aws.deploy("kept", {"Resources": {"Table": DEPLOYED["Resources"]["Table"]}})  # type: ignore[index]
        made = project(
            {
                "template.json": {
                    "Resources": {
                        "Table": DEPLOYED["Resources"]["Table"],  # type: ignore[index]
                        "Fn": {
                            "Type": "AWS::Lambda::Function",
                            "Properties": {
                                "Runtime": "python3.11",
                                "Handler": "a.b",
                                "Code": {"ZipFile": "x"},
                                "Environment": {"Variables": {"TABLE": {"Ref": "Table"}}},
                            },
                        },
                    }
                }
            },
            **aws.environ,
        )
        first = made.run("env", "-n", "kept", "Fn", "--output", "json").succeeded()
    # The endpoint is gone now.
    made.just_asked()
    second = made.run("env", "-n", "kept", "Fn", "--output", "json").succeeded()
    stale = made.run("env", "-n", "kept", "Fn", "--output", "json", "--snapshot-age", "0").succeeded()
    never = made.run("env", "-n", "other", "Fn").ended(6)

    assert values(first) == values(second) == values(stale) == {"TABLE": ids["Table"]}
    assert "AWS" not in second.stderr
    assert "AWS cannot be reached; what it said under a minute ago is used." in stale.stderr
    assert "AWS cannot be reached" in never.stderr
