"""What the SAM translator made of a template is kept for the next run, and believed for the same template alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from samlocal.template.document import Document, Map
from samlocal.template.files import Files
from samlocal.template.reader import read
from samlocal.template.translate import translate

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
  Password: {Type: String, NoEcho: true, Default: quite-secret}
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Handler: app.handler
      CodeUri: code/
      AutoPublishAlias: !Ref Stage
      Policies: [{SQSPollerPolicy: {QueueName: jobs}}]
      Events: {Get: {Type: Api, Properties: {Path: /own, Method: get, RestApiId: !Ref Api}}}
  Api:
    Type: AWS::Serverless::Api
    Properties: {StageName: !Ref Stage, DefinitionUri: api.yaml}
"""
DEFINITION = """
openapi: 3.0.1
info: {title: things, version: "1"}
paths: {/things: {get: {responses: {}}}}
"""


def made(folder: Path, kept: Path | None, *, region: str = "eu-west-1", **parameters: str) -> dict[str, Any]:
    """The translated template, with the lines of its resources."""
    document: Document = read(folder / "template.yaml", Files())
    template = translate(document, region=region, parameters=parameters, kept=kept).template
    resources = template["Resources"]
    assert isinstance(resources, Map)
    return {"template": template, "lines": resources.lines}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "api.yaml").write_text(DEFINITION)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "before", "after", "given"),
    [
        ("template.yaml", "Path: /own", "Path: /other", {}),
        ("template.yaml", "\nResources:", "\n\n\nResources:", {}),
        ("api.yaml", "/things", "/changed", {}),
        ("api.yaml", "", "", {"Stage": "prod"}),
        ("api.yaml", "", "", {"region": "cn-north-1"}),
    ],
    ids=["template", "lines", "definition", "parameter", "region"],
)
def test_what_was_kept_of_another_template_is_not_believed(
    folder: Path, file: str, before: str, after: str, given: dict[str, str]
) -> None:
    kept = folder / "kept.json"
    first = made(folder, kept)
    written = kept.read_bytes()
    assert made(folder, kept) == first == made(folder, None)
    assert kept.read_bytes() == written

    (folder / file).write_text((folder / file).read_text().replace(before, after, 1))
    second = made(folder, kept, **given)
    assert second == made(folder, None, **given) != first
    assert made(folder, kept, **given) == second


def test_a_record_that_somebody_has_written_into_is_not_believed(folder: Path) -> None:
    kept = folder / "kept.json"
    first = made(folder, kept)
    for text in (kept.read_text().replace("sqs:ReceiveMessage", "sqs:*"), kept.read_text()[:-9], "{}"):
        assert text != kept.read_text()
        kept.write_text(text)
        assert made(folder, kept) == first


def test_a_secret_is_in_no_record_and_in_the_template_all_the_same(folder: Path) -> None:
    kept = folder / "kept.json"
    assert made(folder, kept)["template"]["Parameters"]["Password"]["Default"] == "quite-secret"
    assert "quite-secret" not in kept.read_text()
    kept.unlink()

    # The translator writes what an alias is called in place of the reference.
    (folder / "template.yaml").write_text(TEMPLATE.replace("!Ref Stage", "!Ref Password", 1))
    for given, alias in (({}, "quite-secret"), ({"Password": "s3cret"}, "s3cret")):
        resources = made(folder, kept, **given)["template"]["Resources"]
        (found,) = (body["Properties"]["Name"] for body in resources.values() if body["Type"] == "AWS::Lambda::Alias")
        assert found == alias
        assert not kept.exists()
