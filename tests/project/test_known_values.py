"""What was made of a template before is told again without the translator, where all is as it was."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kit
import pytest
from project_kit import Collected

from samlocal.http_api.model import Apis
from samlocal.http_api.routes.apis import apis
from samlocal.project.project import Project
from samlocal.project.settings import project_settings
from samlocal.project.surroundings import Surroundings

MakeProject = Callable[..., kit.Project]

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Handler: app.handler
      CodeUri: code/
      Events:
        Own: {Type: HttpApi, Properties: {Path: /things, Method: get}}
  Described:
    Type: AWS::Serverless::Api
    Properties: {StageName: !Ref Stage, DefinitionUri: described.yaml}
  Child: {Type: AWS::Serverless::Application, Properties: {Location: child.yaml}}
"""
DESCRIBED = """
openapi: 3.0.1
info: {title: described, version: "1"}
paths:
  /described:
    get:
      x-amazon-apigateway-integration:
        type: aws_proxy
        httpMethod: POST
        uri: {"Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations"}
"""
CHILD = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Inner:
    Type: AWS::Serverless::Function
    Properties:
      {Runtime: python3.11, Handler: app.handler, CodeUri: code/, FunctionUrlConfig: {AuthType: NONE}}
"""
FILES = {"template.yaml": TEMPLATE, "described.yaml": DESCRIBED, "child.yaml": CHILD, "code/app.py": ""}


def found(folder: Path, cache: Path, **given: Any) -> Apis:
    environ = {"HOME": str(folder), "SAMLOCAL_CACHE_DIR": str(cache)}
    world = Surroundings(environ=environ, cwd=folder)
    with Project(project_settings(world, template=folder / "template.yaml", **given), Collected()) as own:
        return own.known_value(apis, kind=Apis, room="http_api")


@pytest.mark.parametrize(
    ("file", "before", "after", "given"),
    [
        ("template.yaml", "Method: get", "Method: post", {}),
        ("described.yaml", "/described", "/changed", {}),
        ("child.yaml", "NONE", "AWS_IAM", {}),
        ("template.yaml", "", "", {"parameter_overrides": ("Stage=given",)}),
        ("template.yaml", "", "", {"region": "eu-west-1"}),
        ("template.yaml", "Type: String, Default: dev", "Type: String, NoEcho: true, Default: s3cret", {}),
    ],
    ids=["template", "definition", "nested template", "parameter", "region", "secret"],
)
def test_routes_that_are_known_are_those_of_the_files_as_they_are(
    project: MakeProject, file: str, before: str, after: str, given: dict[str, Any]
) -> None:
    made = project(FILES)
    first = found(made.folder, made.cache)
    assert [len(api.routes) for api in first.apis] == [1, 1, 1]
    assert found(made.folder, made.cache) == first

    (made.folder / file).write_text((made.folder / file).read_text().replace(before, after))
    second = found(made.folder, made.cache, **given)
    assert second == found(made.folder, Path(tempfile.mkdtemp(dir=made.folder.parent)), **given) != first
    assert found(made.folder, made.cache, **given) == second
    records = (path.read_text() for path in made.cache.rglob("*.json"))
    assert not any("s3cret" in record for record in records)


@pytest.mark.parametrize(
    ("args", "status", "unneeded"),
    [
        (("list",), 0, {"samtranslator", "boto3"}),
        (("event", "generate", "--for", "Fn", "--source", "Own"), 0, {"samtranslator", "boto3"}),
        # Nothing of the template is read at all.
        (("invoke", "DELETE /things", "--api", "ServerlessHttpApi"), 11, {"samtranslator", "boto3", "yaml"}),
    ],
    ids=["list", "event", "route"],
)
def test_the_second_command_on_a_template_needs_no_translator(
    project: MakeProject, args: tuple[str, ...], status: int, unneeded: set[str]
) -> None:
    made = project(FILES)
    first = made.run(*args).ended(status)
    second = made.run(*args, environ={"PYTHONPROFILEIMPORTTIME": "1"}).ended(status)
    told = [line for line in second.lines if not line.startswith("import time:")]
    assert (bool(second.stdout), told) == (bool(first.stdout), first.lines)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in second.lines if "import time:" in line}
    assert "samlocal" in imported
    assert imported.isdisjoint(unneeded)
