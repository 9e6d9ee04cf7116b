"""Finding a function without its whole name: in a list, by a beginning, by a route, from any folder of a project."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from kit import Project, function, python, template
from typing_kit import Terminal, terminal

MakeProject = Callable[..., Project]

VALUE = {"Environment": {"Variables": {"WHO": "me"}}}
GET = {"Type": "Api", "Properties": {"Path": "/orders/{id}", "Method": "get"}}
SEVERAL = {
    "template.json": template(
        getOrder=function(Events={"A": GET}, **VALUE),
        putOrder=function(),
        putInvoice=function(),
    ),
    "code/app.py": "",
}
CDK_STACK = {
    "Resources": {
        "Fn1A2B": {
            "Type": "AWS::Lambda::Function",
            "Properties": {"Runtime": "python3.11", "Handler": "app.handler", **VALUE},
            "Metadata": {"aws:cdk:path": "ShopStack/Fn/Resource"},
        }
    }
}
CDK = {"cdk.out/ShopStack.template.json": CDK_STACK, "cdk.out/MailStack.template.json": template(Other=function())}


@contextmanager
def asked(project: Project, *args: str) -> Iterator[Terminal]:
    command = [sys.executable, "-P", "-m", "samlocal", *args]
    with terminal(command, cwd=project.folder, environ=project.environment({"NO_COLOR": "1"})) as there:
        yield there


@pytest.mark.parametrize(
    ("typed", "refused", "chosen"),
    [("3\n", "", "putInvoice"), ("getO\n", "", "getOrder"), ("put\nPUTORDER\n", "put is several", "putOrder")],
)
def test_at_a_terminal_a_function_is_asked_for_by_number_or_name(
    project: MakeProject, typed: str, refused: str, chosen: str
) -> None:
    with asked(project(SEVERAL), "invoke", "--code", "deployed") as there:
        there.shows("1  getOrder    GET /orders/{id}", "2  putOrder", "3  putInvoice", "Which function?")
        there.types(typed).shows(refused, chosen)
        # Without an environment there is no package that runs: this is as far as it goes.
        assert there.ended() not in (0, 2, 130)


@pytest.mark.parametrize("key", ["\x03", "\x04"])
def test_ctrl_c_and_ctrl_d_leave_the_question_with_130(project: MakeProject, key: str) -> None:
    with asked(project(SEVERAL), "invoke") as there:
        there.shows("Which function?")
        there.types(key).shows("Stopped.")
        assert there.ended() == 130


def test_on_a_pipe_many_functions_are_listed_a_line_each(project: MakeProject) -> None:
    files = {"template.json": template(**{f"Fn{number}": function() for number in range(8)})}
    outcome = project(files).run("invoke").ended(2)
    assert outcome.stdout == b""
    assert "Name the function: samlocal invoke FUNCTION. The template has:\n  Fn0\n  Fn1\n" in outcome.stderr


def test_the_projects_template_and_its_dotenv_are_found_from_a_folder_of_its(project: MakeProject) -> None:
    made = project({**SEVERAL, ".env": "GIVEN=yes\n", "code/deep/event.json": "{}"})
    outcome = made.shell("cd code/deep && samlocal env geto --output json").succeeded()
    assert {each["name"]: each["value"] for each in outcome.payload} == {"WHO": "me", "GIVEN": "yes"}
    assert outcome.stderr.count("samlocal: the template is ../../template.json.") == 1
    assert "the template is" not in made.run("env", "geto").succeeded().stderr


def test_the_configuration_file_above_says_which_template(project: MakeProject) -> None:
    config = 'version = 0.1\n[default.global.parameters]\ntemplate_file = "infra/main.json"\n'
    made = project({"samconfig.toml": config, "infra/main.json": template(Fn=function(**VALUE)), "src/app.py": ""})
    outcome = made.shell("cd src && samlocal env fn --output json").succeeded()
    assert [each["name"] for each in outcome.payload] == ["WHO"]
    assert "samlocal: the template is ../infra/main.json." in outcome.stderr


def test_a_configuration_file_above_a_template_counts_where_it_names_that(project: MakeProject) -> None:
    value = {"Environment": {"Variables": {"STAGE": {"Ref": "Stage"}}}}
    stages = {"Parameters": {"Stage": {"Type": "String", "Default": "template"}}}
    config = """
version = 0.1
[default.global.parameters]
template_file = "infra/template.json"
[default.deploy.parameters]
parameter_overrides = "Stage=configured"
"""
    made = project(
        {
            "samconfig.toml": config,
            "infra/template.json": template(Fn=function(**value)) | stages,
            "other/template.json": template(Fn=function(**value)) | stages,
        }
    )
    for folder, stage in (("infra", "configured"), ("infra/deep", "configured"), ("other", "template")):
        outcome = made.shell(f"mkdir -p {folder} && cd {folder} && samlocal env --output json").succeeded()
        assert [each["value"] for each in outcome.payload] == [stage]


def test_a_cdk_stacks_function_chooses_its_template_and_else_they_are_named(project: MakeProject) -> None:
    made = project(CDK)
    outcome = made.run("env", "ShopStack/Fn", "--output", "json").succeeded()
    assert [each["name"] for each in outcome.payload] == ["WHO"]
    assert "the template is cdk.out/ShopStack.template.json." in outcome.stderr
    several = made.run("env", "Fn").ended(3)
    assert "-t cdk.out/MailStack.template.json, -t cdk.out/ShopStack.template.json" in several.stderr


def test_at_a_terminal_the_stack_is_asked_for(project: MakeProject) -> None:
    with asked(project(CDK), "env", "Fn", "--output", "dotenv") as there:
        there.shows("1  MailStack", "2  ShopStack", "Which stack?")
        there.types("shop\n").shows("WHO='me'")
        assert there.ended() == 0


RESPONDING = """
import json
def handler(event, context):
    return {"statusCode": 201, "body": json.dumps(event)}
"""
ROUTES = {
    **python(RESPONDING),
    "template.json": template(
        Fn=function(
            Events={
                "Put": {"Type": "HttpApi", "Properties": {"Path": "/orders", "Method": "post"}},
                "Get": GET,
                "Both": {"Type": "Api", "Properties": {"Path": "/orders", "Method": "post"}},
            }
        )
    ),
    "body.json": {"item": 7},
}


def body_of(payload: Any) -> Any:
    assert payload["statusCode"] == 201
    return json.loads(payload["body"])


@pytest.mark.docker
def test_a_function_is_invoked_by_a_route_of_its_api(project: MakeProject) -> None:
    made = project(ROUTES)

    got = made.run("invoke", "GET /orders/42?x=1", "-H", "X-A: b", "--keep").succeeded()
    event = body_of(got.payload)
    assert (event["pathParameters"], event["queryStringParameters"]) == ({"id": "42"}, {"x": "1"})
    assert event["headers"]["X-A"] == "b"
    assert "GET /orders/42 goes to ServerlessRestApi (REST API, stage Prod), which leads to Fn." in got.stderr

    put = made.run("invoke", "POST /orders", "--api", "ServerlessHttpApi", "-d", "@body.json", "--keep").succeeded()
    event = body_of(put.payload)
    assert (event["version"], json.loads(event["body"])) == ("2.0", {"item": 7})
    assert event["headers"]["content-type"] == "application/json"

    args = ("invoke", "POST /orders", "--api", "ServerlessHttpApi", "-d-", "--keep")
    event = body_of(made.run(*args, stdin=b"a=1").succeeded().payload)
    # A form is no text to an HTTP API.
    assert (base64.b64decode(event["body"]), event["isBase64Encoded"]) == (b"a=1", True)
    assert event["headers"]["content-type"] == "application/x-www-form-urlencoded"

    seen = made.terminal("invoke", "GET /orders/42", "--keep", environ={"NO_COLOR": "1"}).succeeded().stderr
    assert "201 Created" in seen
    assert '"resource": "/orders/{id}"' in seen
    made.run("kept", "--stop")


def test_a_route_of_several_apis_is_asked_for_with_api(project: MakeProject) -> None:
    made = project(ROUTES)
    outcome = made.run("invoke", "POST /orders").ended(2)
    assert "name one with --api ServerlessRestApi, --api ServerlessHttpApi." in outcome.stderr
    assert "did you mean GET /orders/{id}?" in made.run("invoke", "GET /order/1").ended(11).stderr
    assert "-H/--header is for a request" in made.run("invoke", "Fn", "-H", "a: b").ended(2).stderr
    assert (
        "the event of a request is its API's" in made.run("invoke", "GET /orders/1", "--event", "1").ended(2).stderr
    )
