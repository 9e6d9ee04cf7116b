"""Twelve public templates in the local environment: what the table says was made is there, asked past samlocal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from corpus import TEMPLATES, needs_corpus
from sample_kit import REGION

from samlocal.local.deploy import deploy
from samlocal.local.server import LocalServer
from samlocal.template.reader import read

CHOSEN = (
    "001-security-fairy.yaml",
    "012-solutions-webapp.yaml",
    "024-cache-extension-demo-sam.yaml",
    "030-lambda-refarch-webapp.yaml",
    "041-apigw-websocket-api-connection-dynamodb.yaml",
    "042-apigw-websocket-api-lambda-authorizer.yaml",
    "059-serverless-multi-tenant-api.yaml",
    "067-python-test-samples-apigw-sqs-lambda-sqs.yaml",
    "071-checkout-processing-workflow.yaml",
    "073-inventory-management-sam.yaml",
    "080-tests-smoke-templates-sar.yaml",
    "108-javav2-example-code-s3-src-main-resources.yaml",
)
Client = Callable[[str], Any]

# How boto3 asks for a resource by its physical id; a ClientError says that it is not there.
ASKED: dict[str, Callable[[Client, str], Any]] = {
    "AWS::DynamoDB::Table": lambda client, name: client("dynamodb").describe_table(TableName=name),
    "AWS::S3::Bucket": lambda client, name: client("s3").head_bucket(Bucket=name),
    "AWS::S3::BucketPolicy": lambda client, name: client("s3").get_bucket_policy(Bucket=name),
    "AWS::SQS::Queue": lambda client, url: client("sqs").get_queue_attributes(QueueUrl=url),
    "AWS::SNS::Topic": lambda client, arn: client("sns").get_topic_attributes(TopicArn=arn),
    "AWS::SNS::Subscription": lambda client, arn: client("sns").get_subscription_attributes(SubscriptionArn=arn),
    "AWS::SecretsManager::Secret": lambda client, arn: client("secretsmanager").get_secret_value(SecretId=arn),
    "AWS::ApiGateway::RestApi": lambda client, id_: client("apigateway").get_rest_api(restApiId=id_),
    "AWS::ApiGatewayV2::Api": lambda client, id_: client("apigatewayv2").get_api(ApiId=id_),
    "AWS::Lambda::Function": lambda client, name: client("lambda").get_function(FunctionName=name),
    "AWS::Lambda::LayerVersion": lambda client, arn: client("lambda").get_layer_version(
        LayerName=arn.rpartition(":")[0], VersionNumber=int(arn.rpartition(":")[2])
    ),
    "AWS::IAM::Role": lambda client, name: client("iam").get_role(RoleName=name),
    "AWS::SSM::Parameter": lambda client, name: client("ssm").get_parameter(Name=name),
    "AWS::Cognito::UserPool": lambda client, id_: client("cognito-idp").describe_user_pool(UserPoolId=id_),
    "AWS::StepFunctions::StateMachine": lambda client, arn: client("stepfunctions").describe_state_machine(
        stateMachineArn=arn
    ),
    "AWS::Kinesis::Stream": lambda client, name: client("kinesis").describe_stream(StreamName=name),
}


@needs_corpus
@pytest.mark.parametrize("name", CHOSEN)
def test_the_table_of_what_was_made_is_true(name: str, server: LocalServer, client: Client) -> None:
    stack_name = f"corpus-{name[:3]}"
    deployment = deploy(read(TEMPLATES / name), stack_name=stack_name, aws=server.aws(REGION), with_code=False)

    said = {outcome.logical_id for outcome in deployment.resources if outcome.made}
    pages = client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack_name)
    there = {
        summary["LogicalResourceId"]
        for page in pages
        for summary in page["StackResourceSummaries"]
        if summary.get("LogicalResourceId")
    }
    assert said == there

    asked = 0
    for outcome in deployment.resources:
        if not outcome.made:
            assert outcome.note, outcome
        elif outcome.type in ASKED:
            assert outcome.physical_id is not None
            try:
                ASKED[outcome.type](client, outcome.physical_id)
            except ClientError as error:
                pytest.fail(f"{outcome.logical_id} is said to be made: {error}")
            asked += 1
    assert asked >= 3
