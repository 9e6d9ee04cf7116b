"""References to what SAM generates, judged by what the SAM translator itself makes of the same template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from samlocal.function.application import application
from samlocal.template.document import Map
from samlocal.template.reader import parse
from samlocal.template.translate import translate
from samlocal.template.values import Known, Unknown

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Topic: {Type: AWS::SNS::Topic}
  Plain: {Type: AWS::Serverless::Api, Properties: {StageName: s1}}
  Dashed: {Type: AWS::Serverless::Api, Properties: {StageName: my-stage}}
  Chosen: {Type: AWS::Serverless::Api, Properties: {StageName: !Ref Stage}}
  Http: {Type: AWS::Serverless::HttpApi}
  HttpNamed: {Type: AWS::Serverless::HttpApi, Properties: {StageName: v1}}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Handler: app.handler
      InlineCode: x
      AutoPublishAlias: live
      FunctionUrlConfig: {AuthType: NONE}
      EventInvokeConfig: {MaximumRetryAttempts: 1}
      Events:
        Tick: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
        Jobs: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}
        News: {Type: SNS, Properties: {Topic: !Ref Topic}}
        Implicit: {Type: Api, Properties: {Path: /, Method: get}}
        ImplicitHttp: {Type: HttpApi, Properties: {Path: /, Method: get}}
        A: {Type: Api, Properties: {Path: /a, Method: get, RestApiId: !Ref Plain}}
        B: {Type: Api, Properties: {Path: /a, Method: get, RestApiId: !Ref Dashed}}
        C: {Type: Api, Properties: {Path: /a, Method: get, RestApiId: !Ref Chosen}}
        D: {Type: HttpApi, Properties: {Path: /a, Method: get, ApiId: !Ref Http}}
        E: {Type: HttpApi, Properties: {Path: /a, Method: get, ApiId: !Ref HttpNamed}}
"""


def app(text: str = TEMPLATE) -> Any:
    document = parse(text, path=Path("template.yaml"))
    return application(document, environment=None, region="eu-west-1", flags={}, configured={})


def ref(name: str) -> Any:
    return app().evaluator.evaluate(Map({"Ref": name}))


def test_every_resource_that_the_translator_generates_can_be_referred_to() -> None:
    document = parse(TEMPLATE, path=Path("template.yaml"))
    made = translate(document, region="eu-west-1").template["Resources"]
    assert isinstance(made, Map)
    joined = app()
    written = set(joined.template.resources)

    unknown = [name for name in made if not isinstance(joined.evaluator.evaluate(Map({"Ref": name})), Known)]

    assert {"FnTick", "FnJobs", "FnNews", "FnTickPermission", "FnUrl"} <= set(made) - written
    assert unknown == []


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("Plain.Stage", "s1"),
        ("Plains1Stage", "s1"),
        ("Dashed.Stage", "my-stage"),
        ("Chosen.Stage", "dev"),
        ("ChosenStage", "dev"),
        ("Http.Stage", "$default"),
        ("HttpApiGatewayDefaultStage", "$default"),
        ("HttpNamed.Stage", "v1"),
        ("ServerlessRestApiProdStage", "Prod"),
        ("ServerlessHttpApiApiGatewayDefaultStage", "$default"),
    ],
)
def test_a_stage_is_its_name_and_no_placeholder(name: str, stage: str) -> None:
    answer = ref(name)

    assert isinstance(answer, Known), answer
    assert (answer.value, answer.placeholder) == (stage, False)


def test_a_name_that_nothing_has_asks_what_was_meant() -> None:
    answer = ref("Quue")

    assert isinstance(answer, Unknown)
    assert "neither a resource nor a parameter Quue (did you mean Queue?)" in answer.reason


@pytest.mark.parametrize(
    ("attribute", "meant"),
    [("Queue.Arnn", "Arn"), ("Topic.TopicNam", "TopicName"), ("Fn.arn", "Arn"), ("FnTick.Arm", "Arn")],
)
def test_an_attribute_that_a_type_does_not_have_asks_what_was_meant(attribute: str, meant: str) -> None:
    answer = app().evaluator.evaluate(Map({"Fn::GetAtt": attribute}))

    assert isinstance(answer, Unknown), answer
    assert f"has no attribute {attribute.partition('.')[2]} (did you mean {meant}?)" in answer.reason


def test_attributes_of_custom_resources_and_outputs_are_not_judged() -> None:
    custom = TEMPLATE + "  Own: {Type: 'Custom::Thing', Properties: {ServiceToken: x}}\n"

    assert isinstance(app(custom).evaluator.evaluate(Map({"Fn::GetAtt": "Own.Anything"})), Known)
