"""Nested stacks: functions as Child/Function, parameters passed down, layers and outputs across."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kit import Project, function, template

from samlocal.errors import ExitStatus

LAYER = {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "layer/"}}


def parent(**more: Any) -> dict[str, Any]:
    child = {
        "Type": "AWS::Serverless::Application",
        "Properties": {
            "Location": "child/template.json",
            "Parameters": {"Table": {"Ref": "Table"}, "Layer": {"Ref": "Shared"}, "Word": "hello"},
        },
    }
    return template(
        Table={"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "events"}},
        Shared=LAYER,
        Child=child,
        **more,
    )


CHILD = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Parameters": {"Table": {"Type": "String"}, "Layer": {"Type": "String"}, "Word": {"Type": "String"}},
    "Resources": {
        "Inner": function(
            Environment={"Variables": {"TABLE": {"Ref": "Table"}, "WORD": {"Fn::Sub": "${Word}!"}}},
            Layers=[{"Ref": "Layer"}],
        ),
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "news"}},
    },
    "Outputs": {"Shouted": {"Value": {"Fn::Sub": "${Word}!"}}, "Topic": {"Value": {"Ref": "Topic"}}},
}


def test_a_nested_function_gets_what_its_parent_passes_down(project: Callable[..., Project]) -> None:
    made = project({"template.json": parent(), "child/template.json": CHILD, "layer/python/shared.py": ""})

    listed = made.run("list", "--output", "json").succeeded().payload

    (inner,) = listed["functions"]
    assert inner["path"] == "Child/Inner"
    assert inner["environment"] == {
        "TABLE": {"value": "events", "secret": False},
        "WORD": {"value": "hello!", "secret": False},
    }
    assert inner["layers"] == ["Shared"]
    assert inner["problems"] == []


def test_a_parent_reads_a_nested_stacks_outputs(project: Callable[..., Project]) -> None:
    outer = function(
        Environment={
            "Variables": {
                "WORD": {"Fn::GetAtt": ["Child", "Outputs.Shouted"]},
                "TOPIC": {"Fn::Sub": "${Child.Outputs.Topic}"},
            }
        }
    )
    made = project({"template.json": parent(Outer=outer), "child/template.json": CHILD, "layer/python/shared.py": ""})

    outcome = made.run("env", "Outer", "--output", "json").succeeded()

    assert {entry["name"]: entry["value"] for entry in outcome.payload} == {
        "WORD": "hello!",
        "TOPIC": "arn:aws:sns:us-east-1:123456789012:news",
    }


def test_a_nested_function_is_found_by_its_path_and_by_its_id(project: Callable[..., Project]) -> None:
    made = project({"template.json": parent(), "child/template.json": CHILD, "layer/python/shared.py": ""})

    by_path = made.run("env", "Child/Inner", "--output", "json").succeeded()
    by_id = made.run("env", "Inner", "--output", "json").succeeded()

    assert by_path.payload == by_id.payload


def test_an_absent_nested_template_is_a_problem_and_the_rest_goes_on(project: Callable[..., Project]) -> None:
    made = project({"template.json": parent(Outer=function()), "code/app.py": "", "layer/python/shared.py": ""})

    outcome = made.run("list", "--output", "json").succeeded()

    assert [entry["path"] for entry in outcome.payload["functions"]] == ["Outer"]
    assert "Child: there is no file child/template.json; its functions are left out." in outcome.stderr


def test_a_name_that_is_nobodys_gets_all_functions_named_the_nested_ones_too(project: Callable[..., Project]) -> None:
    made = project({"template.json": parent(), "child/template.json": CHILD, "layer/python/shared.py": ""})

    outcome = made.run("invoke", "nope").ended(ExitStatus.FUNCTION_NOT_FOUND)
    close = made.run("invoke", "Child/Iner").ended(ExitStatus.FUNCTION_NOT_FOUND)

    assert "Child/Inner" in outcome.stderr
    assert "did you mean" in close.stderr


def test_each_way_on_has_a_line_of_its_own(project: Callable[..., Project]) -> None:
    variables = {"ONE": {"Ref": "Gone"}, "TWO": {"Fn::FindInMap": ["No", "Such", "Map"]}}
    made = project({"template.json": template(Fn=function(Environment={"Variables": variables})), "code/app.py": ""})

    outcome = made.run("invoke", "Fn")

    assert "Mend the name, or declare it.\nAdd it, or give the parameter another value." in outcome.stderr


def test_a_name_passed_down_for_a_parameter_of_an_ssm_type_is_looked_up(project: Callable[..., Project]) -> None:
    inner = {
        "Parameters": {"Key": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/app/default"}},
        "Resources": {"Inner": function(Environment={"Variables": {"KEY": {"Ref": "Key"}}})},
    }
    passes = {
        "Type": "AWS::Serverless::Application",
        "Properties": {"Location": "child.json", "Parameters": {"Key": "/app/passed"}},
    }
    made = project({"template.json": template(Child=passes), "child.json": inner, "code/app.py": ""})

    (key,) = made.run("env", "Child/Inner", "--output", "json").succeeded().payload

    assert key["placeholder"] is True
    assert "{{resolve:ssm:/app/passed}}" in key["origin"]
    assert key["value"] != "/app/passed"
