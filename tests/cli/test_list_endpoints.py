"""``samlocal list``: the ways into functions, of every API, and where the environment serves them.

API Gateway developer guide, "Invoke REST APIs in API Gateway": ``https://{id}.execute-api.{region}.amazonaws.com/{stage}``.
"""

from __future__ import annotations

from typing import Any

import kit
import pytest
from kit import AwsEndpoint

URI = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations"
REST: dict[str, Any] = {
    "Rest": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "plain"}},
    "Things": {
        "Type": "AWS::ApiGateway::Resource",
        "Properties": {
            "RestApiId": {"Ref": "Rest"},
            "ParentId": {"Fn::GetAtt": ["Rest", "RootResourceId"]},
            "PathPart": "things",
        },
    },
    "Get": {
        "Type": "AWS::ApiGateway::Method",
        "Properties": {
            "RestApiId": {"Ref": "Rest"},
            "ResourceId": {"Ref": "Things"},
            "HttpMethod": "GET",
            "AuthorizationType": "NONE",
            "Integration": {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": {"Fn::Sub": URI}},
        },
    },
    "Deployment": {
        "Type": "AWS::ApiGateway::Deployment",
        "DependsOn": "Get",
        "Properties": {"RestApiId": {"Ref": "Rest"}},
    },
    "Stage": {
        "Type": "AWS::ApiGateway::Stage",
        "Properties": {
            "RestApiId": {"Ref": "Rest"},
            "DeploymentId": {"Ref": "Deployment"},
            "StageName": "live",
        },
    },
}


def endpoints(outcome: kit.Outcome) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = outcome.succeeded().payload["endpoints"]
    return found


def test_every_api_is_listed_and_not_only_what_functions_say_of_themselves(project: Any) -> None:
    event = {"Type": "HttpApi", "Properties": {"Path": "/own", "Method": "post"}}
    fn = kit.function(Events={"E": event}, FunctionUrlConfig={"AuthType": "NONE"})
    made = project({"template.json": kit.template(Fn=fn, **REST), "code/app.py": ""})

    assert endpoints(made.run("list", "--output", "json")) == [
        {"method": "GET", "path": "/things", "function": "Fn", "type": "Api", "api": "Rest", "url": None},
        {
            "method": "POST", "path": "/own", "function": "Fn", "type": "HttpApi", "api": "ServerlessHttpApi",
            "url": None,
        },
        {"method": "ANY", "path": "/", "function": "Fn", "type": "FunctionUrl", "api": "Fn", "url": None},
    ]  # fmt: skip
    assert b"GET /things" in made.run("list").succeeded().stdout


@pytest.mark.parametrize("deployed", [True, False])
def test_an_apis_url_is_that_of_the_environment_where_that_has_it(
    project: Any, aws_server: AwsEndpoint, deployed: bool
) -> None:
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.11",
            "Handler": "app.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"ZipFile": "def handler(event, context): pass"},
        },
    }
    name = f"list-{'with' if deployed else 'without'}"
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document}}
    resources = {"Role": role, "Fn": function, **(REST if deployed else {})}
    ids = aws_server.deploy(name, {"Resources": resources})
    made = project({"template.json": kit.template(Fn=kit.function(), **REST), "code/app.py": ""})

    (way,) = endpoints(made.run("list", "-n", name, "--output", "json", environ=aws_server.environ))
    url = f"https://{ids['Rest']}.execute-api.eu-west-1.amazonaws.com/live/things" if deployed else None
    assert (way["function"], way["url"]) == ("Fn", url)
