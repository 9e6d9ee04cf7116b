"""Values that are secret, and values that only look so: shown, left out of files, or refused."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from kit import AwsEndpoint, Project

from samlocal.errors import ExitStatus

QUEUE = {"Type": "AWS::SQS::Queue"}
PARAMETERS = {
    "Pattern": {"Type": "String"},
    "Stars": {"Type": "String"},
    "Password": {"Type": "String", "NoEcho": True},
}


def application(project: Callable[..., Project], aws: AwsEndpoint, **variables: Any) -> Project:
    fn = {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "Runtime": "python3.11",
            "Handler": "app.handler",
            "InlineCode": "def handler(event, context): return 1",
            "Environment": {"Variables": variables},
        },
    }
    return project({"template.json": {"Parameters": PARAMETERS, "Resources": {"Fn": fn}}}, **aws.environ)


@pytest.fixture(scope="module")
def stack(aws_server: AwsEndpoint) -> str:
    name = f"secrets-{uuid.uuid4().hex[:8]}"
    # moto masks a value that is the name of a NoEcho parameter, CloudFormation any value of such a parameter.
    values = {"Pattern": "*", "Stars": "****", "Password": "Password"}
    aws_server.deploy(name, {"Parameters": PARAMETERS, "Resources": {"Queue": QUEUE}}, parameters=values)
    return name


def test_asterisks_are_a_mask_only_where_the_deployed_template_says_no_echo(
    project: Callable[..., Project], aws_server: AwsEndpoint, stack: str
) -> None:
    made = application(
        project, aws_server, PATTERN={"Ref": "Pattern"}, STARS={"Ref": "Stars"}, PASSWORD={"Ref": "Password"}
    )

    outcome = made.run("env", "Fn", "-n", stack, "--output", "json").ended(ExitStatus.UNRESOLVED)

    assert {entry["name"]: entry["value"] for entry in outcome.payload} == {
        "PATTERN": "*",
        "STARS": "****",
        "PASSWORD": None,
    }


def test_json_tells_a_secret_from_a_value_of_asterisks(
    project: Callable[..., Project], aws_server: AwsEndpoint, stack: str
) -> None:
    made = application(project, aws_server, REAL="********", SECRET={"Ref": "Password"})
    given = ["-n", stack, "--parameter-overrides", "Password=hunter2", "--output", "json"]

    listed = made.run("list", *given).succeeded().payload["functions"][0]["environment"]
    shown = made.run("list", *given, "--show-secrets").succeeded().payload["functions"][0]["environment"]
    of_env = {entry["name"]: entry for entry in made.run("env", "Fn", *given).succeeded().payload}
    shown_by_env = {
        entry["name"]: entry for entry in made.run("env", "Fn", *given, "--show-secrets").succeeded().payload
    }

    real, masked = {"value": "********", "secret": False}, {"value": None, "secret": True}
    assert listed == {"REAL": real, "SECRET": masked}
    assert shown == {"REAL": real, "SECRET": {"value": "hunter2", "secret": True}}
    assert (of_env["SECRET"]["value"], of_env["SECRET"]["secret"]) == (None, True)
    assert (of_env["REAL"]["value"], of_env["REAL"]["secret"]) == ("********", False)
    assert (shown_by_env["SECRET"]["value"], shown_by_env["SECRET"]["secret"]) == ("hunter2", True)


@pytest.mark.parametrize("form", ["dotenv", "env-vars"])
def test_files_to_be_read_again_leave_secrets_out_and_say_so(
    project: Callable[..., Project], aws_server: AwsEndpoint, stack: str, form: str
) -> None:
    made = application(project, aws_server, PLAIN="seen", SECRET={"Ref": "Password"})
    given = ["env", "Fn", "-n", stack, "--parameter-overrides", "Password=hunter2", "--output", form]

    without = made.run(*given).succeeded()
    shown = made.run(*given, "--show-secrets").succeeded()

    assert b"PLAIN" in without.stdout
    assert b"SECRET" not in without.stdout
    assert b"*" not in without.stdout
    assert "left out, because they are secret: SECRET. --show-secrets writes them too." in without.stderr
    assert b"hunter2" in shown.stdout
    assert "left out" not in shown.stderr


@pytest.mark.parametrize(
    ("variable", "parameters"),
    [
        ("{{resolve:ssm:/secret-values/key}}", {}),
        (
            {"Ref": "Key"},
            {"Key": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/secret-values/key"}},
        ),
    ],
    ids=["dynamic reference", "parameter of an SSM type"],
)
def test_the_ciphertext_of_a_secure_string_is_never_a_value(
    project: Callable[..., Project], aws_server: AwsEndpoint, stack: str, variable: Any, parameters: Any
) -> None:
    with aws_server.client("ssm") as ssm:
        ssm.put_parameter(Name="/secret-values/key", Value="open-sesame", Type="SecureString", Overwrite=True)
        ciphertext = ssm.get_parameter(Name="/secret-values/key")["Parameter"]["Value"]
    made = application(project, aws_server, KEY=variable)
    path = made.folder / "template.json"
    content = json.loads(path.read_text())
    content["Parameters"] |= parameters
    path.write_text(json.dumps(content))

    outcome = made.run("env", "Fn", "-n", stack, "--output", "json").ended(ExitStatus.UNRESOLVED)

    assert outcome.payload[0]["value"] is None
    assert "the SSM parameter /secret-values/key is a SecureString" in outcome.stderr
    assert "{{resolve:ssm-secure:/secret-values/key}}" in outcome.stderr
    kept = "".join(file.read_text() for file in made.cache.rglob("*") if file.is_file())
    assert ciphertext not in kept


def test_the_default_of_an_ssm_parameter_is_the_name_of_its_value(
    project: Callable[..., Project], aws_server: AwsEndpoint, stack: str
) -> None:
    with aws_server.client("ssm") as ssm:
        ssm.put_parameter(Name="/secret-values/plain", Value="from-ssm", Type="String", Overwrite=True)
    made = application(project, aws_server, PLAIN={"Ref": "Plain"})
    path = made.folder / "template.json"
    content = json.loads(path.read_text())
    content["Parameters"] = {
        "Plain": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/secret-values/plain"},
        "BootstrapVersion": {
            "Type": "AWS::SSM::Parameter::Value<String>",
            "Default": "/cdk-bootstrap/hnb659fds/version",
        },
    }
    path.write_text(json.dumps(content))

    deployed = made.run("env", "Fn", "-n", stack, "--output", "json").succeeded()
    without = made.run("env", "Fn", "--output", "json").succeeded()

    assert deployed.payload[0]["value"] == "from-ssm"
    assert without.payload[0]["placeholder"] is True
    assert without.payload[0]["value"] != "/secret-values/plain"
    assert "BootstrapVersion" not in deployed.stderr + without.stderr


MADE_OF_A_SECRET: dict[str, Any] = {
    "of no address": {"Fn::Select": [0, {"Fn::Cidr": [{"Ref": "Password"}, 1, 8]}]},
    "no index": {"Fn::Select": [{"Ref": "Password"}, ["a", "b"]]},
    "no list": {"Fn::Select": [0, {"Ref": "Password"}]},
    "no key": {"Fn::FindInMap": ["Sizes", {"Ref": "Password"}, "size"]},
    "no resource": {"Ref": {"Ref": "Password"}},
    "no attribute": {"Fn::GetAtt": ["Fn", {"Ref": "Password"}]},
    "no condition": {"Fn::If": [{"Ref": "Password"}, "a", "b"]},
    "a mapping's key": {"Fn::ToJsonString": {"password": {"Ref": "Password"}}},
    "a text's": {"Fn::Sub": ["${It}", {"It": {"Fn::Join": ["-", [{"Ref": "Password"}, "x"]]}}]},
    "an export's name": {"Fn::ImportValue": {"Ref": "Password"}},
    "a parameter's name": {"Fn::Sub": "{{resolve:ssm:/${Password}}}"},
    "a secret's name": {"Fn::Join": ["", ["{{resolve:secretsmanager:", {"Ref": "Password"}, "}}"]]},
    "a region": {"Fn::Select": [0, {"Fn::GetAZs": {"Ref": "Password"}}]},
}


@pytest.mark.parametrize("deployed", [False, True], ids=["placeholders", "deployed"])
def test_no_message_quotes_what_is_made_of_a_secret(
    project: Callable[..., Project], aws_server: AwsEndpoint, stack: str, *, deployed: bool
) -> None:
    names = {f"MADE_{number}": node for number, node in enumerate(MADE_OF_A_SECRET.values())}
    made = application(project, aws_server, **names)
    given = ["--parameter-overrides", "Password=hunter2", *(["-n", stack] if deployed else [])]

    outcomes = [
        made.run("env", "Fn", *given),
        made.run("env", "Fn", "--output", "json", *given),
        made.run("list", "--output", "json", *given),
        made.run("doctor", *given),
    ]

    assert {entry["name"] for entry in outcomes[1].payload} == {*names}
    assert all(name in outcomes[0].stdout.decode() for name in names)
    for outcome in outcomes:
        assert "hunter2" not in outcome.stdout.decode() + outcome.stderr


def test_the_reason_stays_where_it_tells_no_secret(
    project: Callable[..., Project], aws_server: AwsEndpoint, stack: str
) -> None:
    made = application(project, aws_server, MADE={"Fn::Join": ["", [{"Ref": "Password"}, {"Ref": "Qeue"}]]})

    outcome = made.run("env", "Fn", "--parameter-overrides", "Password=hunter2").ended(ExitStatus.UNRESOLVED)

    assert "neither a resource nor a parameter Qeue" in outcome.stderr


@pytest.mark.parametrize("name", ["Timeout", "MemorySize", "Handler", "FunctionName"])
def test_a_property_that_is_refused_does_not_tell_its_secret(
    project: Callable[..., Project], aws_server: AwsEndpoint, name: str
) -> None:
    made = application(project, aws_server)
    path = made.folder / "template.json"
    content = json.loads(path.read_text())
    content["Resources"]["Fn"]["Properties"][name] = {"Fn::Sub": "hunter ${Password}"}
    path.write_text(json.dumps(content))

    outcome = made.run("invoke", "Fn", "--parameter-overrides", "Password=swordfish").ended(ExitStatus.TEMPLATE)

    assert f"{name} is not what Lambda takes; its value is secret" in outcome.stderr
    assert "swordfish" not in outcome.stderr
