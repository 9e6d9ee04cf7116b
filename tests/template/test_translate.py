"""The SAM translator over real templates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from corpus import TEMPLATES, needs_corpus

from samlocal.errors import TemplateError
from samlocal.template.document import Document, Map
from samlocal.template.reader import parse, read
from samlocal.template.translate import translate
from samlocal.template.uploads import PLACEHOLDER_BUCKET, CodeLocation

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "templates" / "template.yaml"


def document(text: str, folder: Path = Path()) -> Document:
    return parse(text, path=folder / "template.yaml")


def resources(template: Map) -> dict[str, dict[str, object]]:
    return json.loads(json.dumps(template["Resources"]))


def of_type(template: Map, type_: str) -> dict[str, dict[str, object]]:
    return {name: body for name, body in resources(template).items() if body["Type"] == type_}


def test_the_sample_becomes_functions_with_a_role_each_and_an_api() -> None:
    translated = translate(read(SAMPLE), region="eu-west-1").template

    functions = {
        "getEvent",
        "putEvent",
        "listEvents",
        "healthCheck",
        "relayChange",
        "archiveEvent",
        "announceEvent",
    }
    assert set(of_type(translated, "AWS::Lambda::Function")) == functions
    assert set(of_type(translated, "AWS::IAM::Role")) == {f"{name}Role" for name in functions}
    (api,) = of_type(translated, "AWS::ApiGateway::RestApi").values()
    assert set(api["Properties"]["Body"]["paths"]) == {"/events/{id}", "/events", "/health"}  # type: ignore[index]
    assert "Transform" not in translated
    assert "Globals" not in translated


def test_policy_templates_become_the_policies_of_the_role() -> None:
    translated = translate(read(SAMPLE), region="eu-west-1").template

    policies = json.dumps(resources(translated)["getEventRole"]["Properties"]["Policies"])  # type: ignore[index]
    assert "dynamodb:GetItem" in policies
    assert "dynamodb:PutItem" not in policies


@pytest.mark.parametrize(
    ("region", "partition"), [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_managed_policies_are_those_of_the_regions_partition(region: str, partition: str) -> None:
    template = document("""
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: src, Handler: a.b, Runtime: python3.11, Policies: [AmazonS3ReadOnlyAccess]}
""")
    role = resources(translate(template, region=region).template)["FRole"]
    assert f"arn:{partition}:iam::aws:policy/AmazonS3ReadOnlyAccess" in role["Properties"]["ManagedPolicyArns"]  # type: ignore[index]


def test_local_code_is_put_aside_and_named() -> None:
    translated = translate(read(SAMPLE), region="eu-west-1")

    folders = {aside.logical_id: aside.path for aside in translated.put_aside}
    templates = SAMPLE.parent
    assert folders == {
        "getEvent": templates / "functions/get_event",
        "putEvent": templates / "functions/put_event",
        "listEvents": templates / "functions/list_events",
        "healthCheck": templates / "functions/health_check",
        "relayChange": templates / "functions/relay_change",
        "archiveEvent": templates / "functions/archive_event",
        "announceEvent": templates / "functions/announce_event",
        "EventsLayer": templates / "layers/events",
    }
    code = resources(translated.template)["getEvent"]["Properties"]["Code"]  # type: ignore[index]
    assert code["S3Bucket"] == PLACEHOLDER_BUCKET
    lines = SAMPLE.read_text().splitlines()
    assert all("Uri:" in lines[aside.line - 1] for aside in translated.put_aside)


def test_uploaded_code_takes_its_place() -> None:
    uploaded = ("getEvent", "relayChange", "archiveEvent", "announceEvent", "EventsLayer")
    code = {name: CodeLocation(bucket="b", key=f"{name}.zip") for name in uploaded}
    translated = translate(read(SAMPLE), region="eu-west-1", code=code)

    assert resources(translated.template)["getEvent"]["Properties"]["Code"] == {  # type: ignore[index]
        "S3Bucket": "b",
        "S3Key": "getEvent.zip",
    }
    (layer,) = of_type(translated.template, "AWS::Lambda::LayerVersion").values()
    assert layer["Properties"]["Content"] == {"S3Bucket": "b", "S3Key": "EventsLayer.zip"}  # type: ignore[index]
    assert {aside.logical_id for aside in translated.put_aside} == {"putEvent", "listEvents", "healthCheck"}


def test_a_code_uri_of_globals_is_put_aside_for_each_function() -> None:
    template = document("""
Globals:
  Function: {CodeUri: src, Handler: a.b, Runtime: python3.11}
Resources:
  One: {Type: AWS::Serverless::Function}
  Two: {Type: AWS::Serverless::Function, Properties: {CodeUri: other}}
  Inline: {Type: AWS::Serverless::Function, Properties: {InlineCode: "x = 1"}}
""")
    translated = translate(template, region="eu-west-1")

    assert [(a.logical_id, a.path) for a in translated.put_aside] == [("One", Path("src")), ("Two", Path("other"))]
    assert resources(translated.template)["Inline"]["Properties"]["Code"] == {"ZipFile": "x = 1"}  # type: ignore[index]


def test_code_in_s3_stays_there() -> None:
    template = document("""
Parameters:
  Code: {Type: String, Default: "s3://bucket/default.zip"}
Resources:
  A: {Type: AWS::Serverless::Function, Properties: {CodeUri: "s3://bucket/a.zip", Handler: a.b, Runtime: python3.11}}
  B: {Type: AWS::Serverless::Function, Properties: {CodeUri: !Ref Code, Handler: a.b, Runtime: python3.11}}
  C: {Type: AWS::Lambda::LayerVersion, Properties: {Content: {S3Bucket: bucket, S3Key: c.zip}}}
""")
    assert translate(template, region="eu-west-1").put_aside == ()


def test_an_api_definition_on_the_disk_is_read_in(tmp_path: Path) -> None:
    (tmp_path / "openapi.yaml").write_text("""
openapi: 3.0.1
info: {title: !Sub "${AWS::StackName}", version: "1"}
paths: {/orders: {get: {responses: {200: {description: ok}}}}}
""")
    for definition in (
        "DefinitionUri: openapi.yaml",
        "DefinitionBody: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: openapi.yaml}}}",
    ):
        template = document(
            f"Resources: {{Api: {{Type: AWS::Serverless::Api, Properties: {{StageName: v1, {definition}}}}}}}",
            tmp_path,
        )
        translated = translate(template, region="eu-west-1")
        body = resources(translated.template)["Api"]["Properties"]["Body"]  # type: ignore[index]
        assert list(body["paths"]) == ["/orders"]
        assert body["info"]["title"] == {"Fn::Sub": "${AWS::StackName}"}
        assert translated.put_aside == ()


def test_applications_of_the_repository_are_not_asked_for() -> None:
    template = document("""
Resources:
  App:
    Type: AWS::Serverless::Application
    Properties:
      Location:
        ApplicationId: arn:aws:serverlessrepo:us-east-1:123456789012:applications/x
        SemanticVersion: 1.0.0
""")
    translated = translate(template, region="us-east-1")
    assert of_type(translated.template, "AWS::CloudFormation::Stack").keys() == {"App"}
    assert [aside.property for aside in translated.put_aside] == ["Location"]


def test_parameters_go_over_defaults() -> None:
    template = document("""
Parameters: {Code: {Type: String, Default: src}}
Resources: {F: {Type: AWS::Serverless::Function, Properties: {CodeUri: !Ref Code, Handler: a.b, Runtime: python3.11}}}
""")
    default = translate(template, region="eu-west-1")
    other = translate(template, region="eu-west-1", parameters={"Code": "s3://bucket/f.zip"})

    assert [aside.path for aside in default.put_aside] == [Path("src")]
    assert other.put_aside == ()
    assert resources(other.template)["F"]["Properties"]["Code"] == {"S3Bucket": "bucket", "S3Key": "f.zip"}  # type: ignore[index]


def test_a_template_without_sam_passes_through() -> None:
    text = """
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties: {KeySchema: [{AttributeName: !Ref Key, KeyType: HASH}]}
"""
    translated = translate(document(text), region="eu-west-1")
    assert translated.template == document(text).root
    assert translated.put_aside == ()


def test_the_document_stays_as_it_was_and_shares_nothing() -> None:
    template = read(SAMPLE)
    translated = translate(template, region="eu-west-1").template

    assert template.root == read(SAMPLE).root
    table = translated["Resources"]["EventsTable"]  # type: ignore[index,call-overload]
    table["Properties"]["KeySchema"].clear()  # type: ignore[index,union-attr]
    assert template.root == read(SAMPLE).root


def test_a_generated_resource_has_the_line_of_its_origin() -> None:
    template = read(SAMPLE)
    translated = translate(template, region="eu-west-1").template

    written, generated = template.root["Resources"], translated["Resources"]
    assert isinstance(written, Map)
    assert isinstance(generated, Map)
    assert generated.line_of("getEventRole") == written.line_of("getEvent")
    assert generated.line_of("EventsTable") == written.line_of("EventsTable")


def test_what_the_translator_refuses_is_named_with_its_line() -> None:
    template = document("""
Resources:
  Good:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: src, Handler: a.b, Runtime: python3.11}
  BadValue:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Environment: 7
  BadLayer:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: layer, CompatibleRuntimes: none}
""")
    with pytest.raises(TemplateError) as caught:
        translate(template, region="eu-west-1")

    assert caught.value.message.splitlines() == [
        "template.yaml:10: BadValue: Type of property 'Environment' is invalid.",
        "template.yaml:13: BadLayer: Type of property 'CompatibleRuntimes' is invalid.",
    ]


def test_an_event_that_the_translator_refuses_is_named_with_its_line() -> None:
    template = document("""
Resources:
  One:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: a.b
      Runtime: python3.11
      Events: {Call: {Type: Api, Properties: {Path: /x, Method: get}}}
  Two:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: a.b
      Runtime: python3.11
      Events:
        Call:
          Type: Api
          Properties: {Path: /y}
""")
    with pytest.raises(TemplateError) as caught:
        translate(template, region="eu-west-1")

    assert caught.value.message == "template.yaml:17: Two: event Call: Property 'Method' is required."


def test_a_definition_that_is_not_there_is_named() -> None:
    template = document("""
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      Cors: "'*'"
      DefinitionUri: nowhere.yaml
""")
    with pytest.raises(TemplateError, match=r"template\.yaml:8: Api: DefinitionUri: there is no file nowhere\.yaml"):
        translate(template, region="eu-west-1")


@needs_corpus
def test_the_corpus_translates() -> None:
    translated = 0
    for path in sorted(TEMPLATES.iterdir()):
        template = read(path)
        before = json.dumps(template.root)
        result = resources(translate(template, region="us-east-1").template)
        assert json.dumps(template.root) == before, path.name
        left = [body["Type"] for body in result.values() if str(body.get("Type")).startswith("AWS::Serverless::")]
        assert left == [], path.name
        translated += 1

    assert translated >= 120
