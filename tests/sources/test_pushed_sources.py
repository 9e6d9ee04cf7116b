"""What AWS pushes to functions is named by ``samlocal up``, wherever it stands, with why it is not run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import kit
from kit import function, template
from project_kit import Collected, settings_of
from sources_kit import resource

from samlocal.endpoint.directory import Directory
from samlocal.project.project import Project
from samlocal.sources.pushed_sources import PushedSource, pushed_sources

MakeProject = Callable[..., kit.Project]

ARN = {"Fn::GetAtt": ["Fn", "Arn"]}


def pushed(project: MakeProject, idle: Mapping[str, str] | None = None, **resources: Any) -> list[PushedSource]:
    made = project({"template.json": template(**{"Fn": function(), **resources}), "code/app.py": ""})
    with Project(settings_of(made), Collected()) as own:
        return list(pushed_sources(Directory(own.application()), idle or {}))


def test_a_source_that_stands_beside_its_function_is_named_like_the_functions_own_event(project: MakeProject) -> None:
    events = {"Own": {"Type": "SNS", "Properties": {"Topic": {"Ref": "Topic"}}}}
    assert pushed(
        project,
        Fn=function(Events=events),
        Topic=resource("AWS::SNS::Topic"),
        Beside=resource("AWS::SNS::Subscription", TopicArn={"Ref": "Topic"}, Protocol="lambda", Endpoint=ARN),
    ) == [
        PushedSource(id="Fn/Own", function="Fn", type="SNS"),
        PushedSource(id="Beside", function="Fn", type="sns notification"),
    ]


def test_what_no_service_of_the_local_environment_does_is_named_with_that_reason(project: MakeProject) -> None:
    found = pushed(
        project,
        Mail=resource("AWS::SES::ReceiptRule", Rule={"Actions": [{"LambdaAction": {"FunctionArn": ARN}}]}),
        Made={"Type": "Custom::Made", "Properties": {"ServiceToken": ARN}},
        Pool=resource("AWS::Cognito::UserPool", LambdaConfig={"PreSignUp": ARN, "UserMigration": ARN}),
    )
    assert {(each.id, each.type): each.not_run for each in found} == {
        ("Mail", "ses email-receiving"): "the local environment runs no AWS::SES::ReceiptRule",
        ("Made", "cloudformation create-request"): "the local environment makes no custom resources",
        ("Pool", "cognito pre-sign-up"): None,
        ("Pool", "cognito user-migration"): "the local environment's user pools run no cognito user-migration",
    }


def test_a_source_of_whose_resource_nothing_comes_is_named_with_the_reason(project: MakeProject) -> None:
    rule = resource("AWS::Events::Rule", EventPattern={"source": ["shop"]}, Targets=[{"Id": "1", "Arn": ARN}])
    (found,) = pushed(project, {"Rule": "Rule is not made: it refers to Bus"}, Rule=rule)
    assert found.not_run == "Rule is not made: it refers to Bus"


def test_a_permission_alone_is_no_source(project: MakeProject) -> None:
    allowed = {"Action": "lambda:InvokeFunction", "FunctionName": ARN, "Principal": "s3.amazonaws.com"}
    assert pushed(project, Allowed=resource("AWS::Lambda::Permission", **allowed)) == []


def test_a_notification_that_cdk_makes_by_a_function_of_its_own_is_the_buckets(project: MakeProject) -> None:
    configuration = {"LambdaFunctionConfigurations": [{"Events": ["s3:ObjectCreated:*"], "LambdaFunctionArn": ARN}]}
    properties = {
        "ServiceToken": {"Fn::GetAtt": ["Handler", "Arn"]},
        "BucketName": {"Ref": "Uploads"},
        "NotificationConfiguration": configuration,
    }
    found = pushed(
        project,
        Handler=function(),
        Uploads=resource("AWS::S3::Bucket"),
        Told={"Type": "Custom::S3BucketNotifications", "Properties": properties},
    )
    assert {(each.function, each.type): each.not_run for each in found} == {
        ("Fn", "s3 put"): None,
        ("Handler", "cloudformation create-request"): (
            "the local environment does by itself what this function is for"
        ),
    }
