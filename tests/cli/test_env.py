"""``samlocal env``: of one function, of all of them, and of one environment against another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from kit import AwsEndpoint, Project, function, template

MakeProject = Callable[..., Project]


def variables(**values: Any) -> dict[str, Any]:
    return {"Environment": {"Variables": values}}


SEVERAL = {
    "template.json": {
        **template(
            One=function(**variables(ONLY="1", STAGE={"Ref": "Stage"}, LEVEL="info")),
            Two=function(**variables(STAGE={"Ref": "Stage"}, LEVEL="debug")),
        ),
        "Parameters": {"Stage": {"Type": "String", "Default": "dev"}},
    }
}


def test_of_all_functions_what_they_have_alike_is_said_once(project: MakeProject) -> None:
    made = project(SEVERAL)
    rows = [line.split() for line in made.run("env").succeeded().stdout.decode().splitlines() if line]
    assert [row[:3] for row in rows[1:]] == [
        ["every", "function", "STAGE"],
        ["One", "LEVEL", "info"],
        ["One", "ONLY", "1"],
        ["Two", "LEVEL", "debug"],
    ]
    document = made.run("env", "--output", "json").succeeded().payload
    assert {name: {each["name"]: each["value"] for each in entries} for name, entries in document.items()} == {
        "One": {"ONLY": "1", "STAGE": "dev", "LEVEL": "info"},
        "Two": {"STAGE": "dev", "LEVEL": "debug"},
    }


def test_the_files_of_all_functions_are_read_again_as_they_are(project: MakeProject) -> None:
    made = project(SEVERAL)
    written = made.run("env", "--output", "env-vars").succeeded()
    assert written.payload == {
        "Parameters": {"STAGE": "dev"},
        "One": {"LEVEL": "info", "ONLY": "1"},
        "Two": {"LEVEL": "debug"},
    }
    (made.folder / "vars.json").write_bytes(written.stdout)
    again = made.run("env", "--env-vars", "vars.json", "--output", "env-vars").succeeded()
    assert again.payload == written.payload
    dotenv = made.run("env", "--output", "dotenv").succeeded()
    assert dotenv.stdout == b"# every function\nSTAGE='dev'\n# One\nLEVEL='info'\nONLY='1'\n# Two\nLEVEL='debug'\n"
    assert "LEVEL: functions have different values" in dotenv.stderr


COMPARED = {
    **template(
        One=function(
            **variables(
                SAME="x",
                STAGE={"Ref": "Stage"},
                TOKEN={"Ref": "Token"},
                EXTRA={"Fn::If": ["IsProd", "yes", {"Ref": "AWS::NoValue"}]},
            )
        ),
        Two={**function(**variables(SAME="x")), "Condition": "IsDev"},
    ),
    "Parameters": {"Stage": {"Type": "String"}, "Token": {"Type": "String", "NoEcho": True}},
    "Conditions": {
        "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        "IsDev": {"Fn::Equals": [{"Ref": "Stage"}, "dev"]},
    },
}
SAMCONFIG = """
version = 0.1
[dev.deploy.parameters]
stack_name = "compared-env"
region = "{region}"
parameter_overrides = "Stage=dev Token=first-secret"
[prod.deploy.parameters]
stack_name = "compared-env"
region = "{region}"
parameter_overrides = "Stage=prod Token=second-secret"
"""


@pytest.fixture
def compared(project: MakeProject, aws_server: AwsEndpoint) -> Project:
    """Two environments by their parameters, of one stack: what is deployed is not what this is about."""
    aws_server.deploy("compared-env", {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    files = {"template.json": COMPARED, "samconfig.toml": SAMCONFIG.format(region=aws_server.region)}
    return project(files, **aws_server.environ)


def test_two_environments_are_compared_and_secrets_by_whether_they_differ(compared: Project) -> None:
    outcome = compared.run("env", "--diff", "dev", "prod").ended(1)
    rows = [line.split() for line in outcome.stdout.decode().splitlines() if line]
    assert rows[1:] == [
        ["One", "+", "EXTRA", "yes"],
        ["One", "~", "STAGE", "dev", "prod"],
        ["One", "~", "TOKEN", "********", "********"],
        ["Two", "-", "SAME", "x"],
    ]
    assert "secret" not in outcome.stdout.decode() + outcome.stderr
    document = compared.run("env", "One", "--diff", "dev", "prod", "--output", "json").ended(1).payload
    assert document == {
        "from": "dev",
        "to": "prod",
        "functions": {
            "One": {
                "added": [{"name": "EXTRA", "secret": False, "from": None, "to": "yes"}],
                "changed": [
                    {"name": "STAGE", "secret": False, "from": "dev", "to": "prod"},
                    {"name": "TOKEN", "secret": True, "from": None, "to": None},
                ],
            }
        },
    }
    same = compared.run("env", "--diff", "dev", "dev").succeeded()
    assert same.stdout == b""
    assert "named twice" in compared.run("env", "--diff", "dev", "prod", "-e", "dev").ended(2).stderr
    refused = compared.run("env", "--diff", "dev", "prod", "--output", "dotenv").ended(2)
    assert "--diff has no --output dotenv" in refused.stderr
