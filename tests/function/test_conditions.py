"""Conditions: functions that are not there, and branches that a placeholder has chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kit import Project, function, template

CONDITIONS = {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}


def conditional(stage: dict[str, Any], **resources: Any) -> dict[str, Any]:
    return template(**resources) | {"Parameters": {"Stage": stage}, "Conditions": CONDITIONS}


DEV = {"Type": "String", "Default": "dev"}


def test_a_function_under_a_false_condition_is_refused_with_what_would_change_it(
    project: Callable[..., Project],
) -> None:
    made = project({"template.json": conditional(DEV, Fn={**function(), "Condition": "IsProd"}), "code/app.py": ""})

    for command in ("invoke", "env"):
        outcome = made.run(command, "Fn").ended(11)
        assert outcome.stdout == b""
        assert "the condition IsProd of Fn is false: !Equals [!Ref Stage, prod], Stage is 'dev'" in outcome.stderr
        assert "--parameter-overrides Stage=VALUE" in outcome.stderr
    made.run("env", "Fn", "--parameter-overrides", "Stage=prod").succeeded()


def test_list_marks_a_function_under_a_false_condition(project: Callable[..., Project]) -> None:
    made = project(
        {
            "template.json": conditional(DEV, Fn={**function(), "Condition": "IsProd"}, Other=function()),
            "code/app.py": "",
        }
    )

    listed = made.run("list", "--output", "json").succeeded().payload["functions"]
    table = made.run("list").succeeded()

    assert {entry["path"]: entry["deployed"] for entry in listed} == {"Fn": False, "Other": True}
    absent = next(entry["absent"] for entry in listed if entry["path"] == "Fn")
    assert absent == {
        "resource": "Fn",
        "condition": "IsProd",
        "expression": "!Equals [!Ref Stage, prod]",
        "parameters": {"Stage": "dev"},
    }
    assert b"Fn (not deployed)" in table.stdout


def test_a_function_of_a_nested_stack_under_a_false_condition_is_refused(project: Callable[..., Project]) -> None:
    child = {
        "Type": "AWS::Serverless::Application",
        "Properties": {"Location": "child.json"},
        "Condition": "IsProd",
    }
    made = project(
        {"template.json": conditional(DEV, Child=child), "child.json": template(Fn=function()), "code/app.py": ""}
    )

    outcome = made.run("env", "Child/Fn").ended(11)

    assert "the condition IsProd of Child is false" in outcome.stderr


def test_a_placeholder_that_decides_a_branch_is_announced_and_strict_refuses_it(
    project: Callable[..., Project],
) -> None:
    chosen = {"Fn::If": ["IsProd", "big", "small"]}
    left_out = {"Fn::If": ["IsProd", "yes", {"Ref": "AWS::NoValue"}]}
    places = [
        function(Environment={"Variables": {"SIZE": chosen}}),
        function(Environment={"Variables": {"ONLY_PROD": left_out}}),
        function(Environment={"Fn::If": ["IsProd", {"Variables": {"A1": "b"}}, {"Variables": {"A1": "c"}}]}),
        function(Timeout={"Fn::If": ["IsProd", 30, 3]}),
        {**function(), "Condition": "IsDev"},
    ]
    for index, fn in enumerate(places):
        body = conditional({"Type": "String"}, Fn=fn)
        body["Conditions"] = CONDITIONS | {"IsDev": {"Fn::Not": [{"Condition": "IsProd"}]}}
        made = project({"template.json": body, "code/app.py": ""}, AWS_REGION=f"eu-west-{index % 3 + 1}")

        outcome = made.run("invoke", "Fn", "--strict").ended(5)

        assert "without an environment these are not known: !Ref Stage." in outcome.stderr, fn


def test_a_branch_of_a_known_parameter_is_no_placeholder(project: Callable[..., Project]) -> None:
    fn = function(Environment={"Variables": {"SIZE": {"Fn::If": ["IsProd", "big", "small"]}}})
    made = project({"template.json": conditional(DEV, Fn=fn), "code/app.py": ""})

    (entry,) = made.run("env", "Fn", "--output", "json").succeeded().payload

    assert (entry["value"], entry["placeholder"]) == ("small", False)
