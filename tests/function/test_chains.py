"""Files that hold one another: nested templates, includes, and the configuration beside them."""

from __future__ import annotations

from collections.abc import Callable

from kit import Project, function, template


def test_a_template_nested_in_itself_is_named_with_its_chain(project: Callable[..., Project]) -> None:
    def holding(name: str) -> object:
        return template(Child={"Type": "AWS::Serverless::Application", "Properties": {"Location": name}})

    made = project({"a.json": holding("b.json"), "b.json": holding("a.json")})

    for command in (("list",), ("env", "Fn")):
        outcome = made.run(*command, "-t", "a.json").ended(3)
        assert "a template is nested in itself: a.json → b.json → a.json." in outcome.stderr
        assert "b.json:4: Child: " in outcome.stderr


def test_stacks_that_need_one_anothers_outputs_are_a_circle(project: Callable[..., Project]) -> None:
    def nested(other: str) -> object:
        return {
            "Type": "AWS::Serverless::Application",
            "Properties": {
                "Location": "child.json",
                "Parameters": {"In": {"Fn::GetAtt": [other, "Outputs.Out"]}},
            },
        }

    child = {
        "Parameters": {"In": {"Type": "String"}},
        "Resources": {"Fn": function(Environment={"Variables": {"IN": {"Ref": "In"}}})},
        "Outputs": {"Out": {"Value": {"Ref": "In"}}},
    }
    made = project(
        {"template.json": template(One=nested("Two"), Two=nested("One")), "child.json": child, "code/app.py": ""}
    )

    outcome = made.run("env", "One/Fn").ended(5)

    assert "it refers to itself" in outcome.stderr
    assert "these resources need one another, which CloudFormation refuses: One → Two → One." in outcome.stderr


INCLUDING = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Fn::Transform: {Name: AWS::Include, Parameters: {Location: parts/functions.yaml}}
"""


def test_a_message_about_an_included_file_names_that_file(project: Callable[..., Project]) -> None:
    included = """
Broken: {Properties: {}}
Fn:
  Type: AWS::Serverless::Function
  Properties:
    Runtime: python3.11
    Handler: app.handler
    CodeUri: code/
    Timeout: 901
    Environment:
      Variables:
        GONE: !Ref Nothing
    MemorySize: 128
    MemorySize: 256
"""
    made = project({"template.yaml": INCLUDING, "parts/functions.yaml": included, "code/app.py": ""})

    listed = made.run("list").succeeded()

    for said in (
        "parts/functions.yaml:2: Broken is no resource",
        "parts/functions.yaml:9: Fn: Timeout is 1 to 900 seconds, got 901",
        "parts/functions.yaml:12: Fn: GONE = !Ref Nothing",
        "parts/functions.yaml:14: MemorySize stands here again",
    ):
        assert said in listed.stderr
    assert "template.yaml:" not in listed.stderr


def test_a_file_that_includes_itself_is_named_with_its_chain(project: Callable[..., Project]) -> None:
    itself = "Fn::Transform: {Name: AWS::Include, Parameters: {Location: parts/functions.yaml}}\n"
    made = project({"template.yaml": INCLUDING, "parts/functions.yaml": itself})

    outcome = made.run("list").ended(3)

    assert "a file includes itself: template.yaml → parts/functions.yaml → parts/functions.yaml" in outcome.stderr


def test_samconfig_may_be_yaml(project: Callable[..., Project]) -> None:
    config = """
version: 0.1
default:
  deploy:
    parameters:
      parameter_overrides: [Stage=qa]
other:
  deploy:
    parameters: {stack_name: other-stack, parameter_overrides: "Stage=prod"}
  samlocal:
    parameters: {region: eu-west-3}
"""
    fn = function(Environment={"Variables": {"STAGE": {"Ref": "Stage"}}})
    body = template(Fn=fn) | {"Parameters": {"Stage": {"Type": "String", "Default": "dev"}}}
    made = project({"template.json": body, "samconfig.yaml": config, "code/app.py": ""})

    (entry,) = made.run("env", "Fn", "--output", "json").succeeded().payload
    unknown = made.run("env", "Fn", "-e", "othr").ended(4)

    assert entry["value"] == "qa"
    assert entry["origin"] == ["samconfig.yaml [default]: Stage"]
    assert "did you mean other?" in unknown.stderr


def test_what_the_local_environment_takes_from_the_default_section_says_so(
    project: Callable[..., Project],
) -> None:
    from samlocal.config import file_settings

    made = project({"samconfig.toml": '[default.deploy.parameters]\nparameter_overrides = "Stage=qa"\n'})
    path = made.folder / "samconfig.toml"

    found = file_settings(path, env_name="local", known=(), stack_given=False)

    assert (found.origin, found.environment) == ("samconfig.toml [default]", "local")
