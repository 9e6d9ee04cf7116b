"""Parameters of a deployed stack, as CloudFormation itself describes them (moto does it otherwise)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from samlocal.aws import AwsCallError
from samlocal.deployed.function import DeployedFunction
from samlocal.deployed.place import Place
from samlocal.deployed.stack import Stack, StackParameter, StackResource
from samlocal.function.application import Application, application
from samlocal.function.environment import MissingVariable, Variable
from samlocal.function.parameters import parse_overrides
from samlocal.template.reader import parse

PARAMETERS = {
    "Names": {"Type": "CommaDelimitedList", "Default": "a,b"},
    "FromSsm": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/default"},
    "Password": {"Type": "String", "NoEcho": True, "Default": "not-the-password"},
}


def template(**variables: Any) -> dict[str, Any]:
    properties = {"Runtime": "python3.11", "Handler": "a.b", "Environment": {"Variables": variables}}
    return {
        "Parameters": PARAMETERS,
        "Resources": {"Fn": {"Type": "AWS::Serverless::Function", "Properties": properties}},
    }


class Deployed:
    """An environment as AWS would describe it: NoEcho as asterisks, SSM parameters with what they resolved to."""

    made_up: Mapping[str, StackParameter] = MappingProxyType({})
    stack = Stack(
        name="s",
        arn="arn:aws:cloudformation:eu-west-1:123456789012:stack/s/1",
        status="CREATE_COMPLETE",
        parameters={
            "Names": StackParameter(value="x, y"),
            "FromSsm": StackParameter(value="/values/endpoint", resolved="https://example.test"),
            "Password": StackParameter(value=None),
        },
        outputs={},
        resources={
            "Fn": StackResource(
                logical_id="Fn", physical_id="s-Fn-1", type="AWS::Lambda::Function", status="CREATE_COMPLETE"
            )
        },
    )
    place = Place.from_arn(stack.arn)

    def __init__(self, before: dict[str, Any], variables: dict[str, str]) -> None:
        self._before = before
        self._variables = variables

    def template_text(self) -> str:
        return json.dumps(self._before)

    def variables(self, name: str) -> dict[str, str]:
        assert name == "s-Fn-1"
        return self._variables

    def function(self, name: str) -> DeployedFunction:
        return DeployedFunction(name=name, arn="", role_arn="arn:aws:iam::123456789012:role/r", layers=())

    def secret(self, key: str) -> str:
        raise AwsCallError("denied", code="AccessDenied", action="secretsmanager:GetSecretValue", tip="Ask for it.")


def joined(now: dict[str, Any], environment: Any, *, flags: str = "") -> Application:
    return application(
        parse(json.dumps(now), path=Path("template.json")),
        environment=environment,
        region="us-east-1",
        flags=parse_overrides(flags, origin="--parameter-overrides"),
        configured={},
    )


def variables(app: Application) -> dict[str, Variable | MissingVariable]:
    return {entry.name: entry for entry in app.variables(app.template.resources["Fn"])}


def test_lists_and_ssm_parameters_have_the_deployed_values() -> None:
    now = template(
        LIST={"Fn::Join": ["|", {"Ref": "Names"}]}, LENGTH={"Fn::Length": {"Ref": "Names"}}, SSM={"Ref": "FromSsm"}
    )

    found = variables(joined(now, Deployed(now, {})))

    assert {name: entry.value for name, entry in found.items() if isinstance(entry, Variable)} == {
        "LIST": "x|y",
        "LENGTH": "2",
        "SSM": "https://example.test",
    }


def test_a_hidden_parameter_is_never_its_default() -> None:
    now = template(PASSWORD={"Ref": "Password"})

    found = variables(joined(now, Deployed(template(), {})))["PASSWORD"]

    assert isinstance(found, MissingVariable)
    assert "NoEcho" in found.unknown.reason
    assert "--parameter-overrides Password=VALUE" in found.unknown.tip


def test_a_hidden_value_comes_from_the_deployed_function_where_the_expression_is_the_same() -> None:
    before = template(SAME={"Fn::Sub": "p:${Password}"}, OTHER={"Ref": "Password"})
    now = template(SAME={"Fn::Sub": "p:${Password}"}, OTHER={"Fn::Sub": "changed-${Password}"})

    found = variables(joined(now, Deployed(before, {"SAME": "p:deployed", "OTHER": "deployed"})))

    same, other = found["SAME"], found["OTHER"]
    assert isinstance(same, Variable)
    assert (same.value, same.secret, same.origins[0].text) == ("p:deployed", True, "function s-Fn-1")
    assert isinstance(other, MissingVariable)


def test_a_hidden_value_can_be_given() -> None:
    now = template(PASSWORD={"Ref": "Password"})

    found = variables(joined(now, Deployed(now, {}), flags="Password=given"))["PASSWORD"]

    assert isinstance(found, Variable)
    assert (found.value, found.secret) == ("given", True)


def test_a_missing_right_names_the_iam_action() -> None:
    now = template(SECRET="{{resolve:secretsmanager:db}}")

    found = variables(joined(now, Deployed(template(), {})))["SECRET"]

    assert isinstance(found, MissingVariable)
    assert found.unknown.expression == "{{resolve:secretsmanager:db}}"
    assert found.unknown.tip == "Ask for it."
