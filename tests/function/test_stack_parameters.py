"""Parameters of a deployed stack, as CloudFormation itself describes them (moto does it otherwise)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from msgspec.structs import replace

from samlocal.aws import AwsCallError
from samlocal.deployed.function import DeployedFunction
from samlocal.deployed.place import Place
from samlocal.deployed.stack import Stack, StackParameter, StackResource
from samlocal.function.application import Application, application
from samlocal.function.parameters import parse_overrides
from samlocal.function.variables import MissingVariable, Variable
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
        revision="",
        endpoint_url="",
        notification_arns=(),
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


SECRET = "{{resolve:secretsmanager:key}}"


def by_size(**more: Any) -> dict[str, Any]:
    """A template whose variable takes a mapping, a condition and a parameter on the way to a secret."""
    chosen = {"Fn::If": ["Large", {"Fn::FindInMap": ["Keys", {"Ref": "Names"}, "Key"]}, "none"]}
    return {
        **template(KEY=chosen),
        "Mappings": {"Keys": {"b": {"Key": SECRET}}},
        "Conditions": {"Large": {"Fn::Not": [{"Condition": "Small"}]}, "Small": {"Fn::Equals": ["b", "s"]}},
        "Parameters": PARAMETERS | {"Names": {"Type": "String"}},
        **more,
    }


class Sized(Deployed):
    stack = replace(Deployed.stack, parameters={"Names": StackParameter(value="b")})


def test_the_functions_own_value_counts_where_all_that_the_expression_uses_is_the_same() -> None:
    found = variables(joined(by_size(), Sized(by_size(), {"KEY": "deployed-key"})))

    assert [entry.value for entry in found.values() if isinstance(entry, Variable)] == ["deployed-key"]


@pytest.mark.parametrize(
    ("changed", "flags"),
    [
        ({"Mappings": {"Keys": {"b": {"Key": SECRET, "More": "x"}}}}, ""),
        ({"Conditions": {**by_size()["Conditions"], "Small": {"Fn::Equals": ["b", "t"]}}}, ""),
        ({"Mappings": {"Keys": {"b": {"Key": SECRET}, "c": {"Key": SECRET}}}}, "Names=c"),
    ],
)
def test_the_functions_own_value_does_not_count_where_something_it_uses_has_changed(
    changed: dict[str, Any], flags: str
) -> None:
    before = by_size() if not flags else by_size(**changed)

    found = variables(joined(by_size(**changed), Sized(before, {"KEY": "deployed-key"}), flags=flags))

    assert isinstance(found["KEY"], MissingVariable)


def test_the_stacks_notification_topics_are_the_pseudo_parameter() -> None:
    class Told(Deployed):
        stack = replace(Deployed.stack, notification_arns=("arn:aws:sns:eu-west-1:123456789012:events",))

    now = template(TOPICS={"Fn::Join": [",", {"Ref": "AWS::NotificationARNs"}]})

    topics = variables(joined(now, Told(now, {})))["TOPICS"]
    assert isinstance(topics, Variable)
    assert topics.value == "arn:aws:sns:eu-west-1:123456789012:events"
