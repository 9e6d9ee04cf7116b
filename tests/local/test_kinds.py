"""The resources that samlocal makes beside moto's: their attributes, and that nothing is left of them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from sample_kit import REGION

Client = Callable[[str], Any]

ACCOUNT = "arn:aws:{}:us-east-1:123456789012:{}"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def of_pool(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::Cognito::{kind}", "Properties": {"UserPoolId": ref("Pool"), **properties}}


def of_rest(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::ApiGateway::{kind}", "Properties": {"RestApiId": ref("Rest"), **properties}}


def of_http(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::ApiGatewayV2::{kind}", "Properties": {"ApiId": ref("Http"), **properties}}


def of_function(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::Lambda::{kind}", "Properties": {"FunctionName": ref("Function"), **properties}}


RESOURCES: dict[str, Any] = {
    "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "s"}},
    "Pool": {"Type": "AWS::Cognito::UserPool"},
    "Client": of_pool("UserPoolClient", ClientName="web", GenerateSecret=True),
    "Domain": of_pool("UserPoolDomain", Domain="kinds-of-all"),
    "Group": of_pool("UserPoolGroup", GroupName="staff"),
    "User": of_pool("UserPoolUser", Username="ann"),
    "Scopes": of_pool("UserPoolResourceServer", Identifier="orders", Name="Orders"),
    "Identities": {
        "Type": "AWS::Cognito::IdentityPool",
        "Properties": {"IdentityPoolName": "people", "AllowUnauthenticatedIdentities": False},
    },
    "Rest": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "rest-of-kinds"}},
    "Model": of_rest("Model", Name="Order", ContentType="application/json", Schema={}),
    "Validator": of_rest("RequestValidator", Name="body", ValidateRequestBody=True),
    "Authorizer": of_rest(
        "Authorizer",
        Name="pool",
        Type="COGNITO_USER_POOLS",
        ProviderARNs=[{"Fn::GetAtt": ["Pool", "Arn"]}],
        IdentitySource="method.request.header.Authorization",
    ),
    "Key": {"Type": "AWS::ApiGateway::ApiKey", "Properties": {"Name": "key-of-kinds"}},
    "Plan": {"Type": "AWS::ApiGateway::UsagePlan", "Properties": {"UsagePlanName": "plan-of-kinds"}},
    "PlanKey": {
        "Type": "AWS::ApiGateway::UsagePlanKey",
        "Properties": {"KeyId": ref("Key"), "KeyType": "API_KEY", "UsagePlanId": ref("Plan")},
    },
    "Http": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "http-of-kinds", "ProtocolType": "HTTP"}},
    "HttpStage": of_http("Stage", StageName="prod"),
    "Integration": of_http(
        "Integration", IntegrationType="HTTP_PROXY", IntegrationUri="https://example.com", IntegrationMethod="GET"
    ),
    "Route": of_http("Route", RouteKey="GET /"),
    "HttpModel": of_http("Model", Name="Order", Schema="{}"),
    "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": POLICY}},
    "RolePolicy": {
        "Type": "AWS::IAM::RolePolicy",
        "Properties": {"RoleName": ref("Role"), "PolicyName": "own", "PolicyDocument": POLICY},
    },
    "Function": {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": "function-of-kinds",
            "Runtime": "python3.12",
            "Handler": "app.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"S3Bucket": "code-of-kinds", "S3Key": "code.zip"},
        },
    },
    "Layer": {
        "Type": "AWS::Lambda::LayerVersion",
        "Properties": {"LayerName": "layer-of-kinds", "Content": {"S3Bucket": "code-of-kinds", "S3Key": "code.zip"}},
    },
    "Version": of_function("Version"),
    "Alias": of_function("Alias", Name="live", FunctionVersion="$LATEST"),
    "Url": {
        "Type": "AWS::Lambda::Url",
        "Properties": {"TargetFunctionArn": ref("Function"), "AuthType": "NONE"},
    },
    "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "bucket-of-kinds"}},
    "BucketPolicy": {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": ref("Bucket"), "PolicyDocument": POLICY},
    },
    "Rotation": {
        "Type": "AWS::SecretsManager::RotationSchedule",
        "Properties": {
            "SecretId": ref("Secret"),
            "RotationLambdaARN": {"Fn::GetAtt": ["Function", "Arn"]},
            "RotationRules": {"AutomaticallyAfterDays": "30"},
        },
    },
    "Notifications": {
        "Type": "Custom::S3BucketNotifications",
        "Properties": {
            "ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:of-cdk",
            "BucketName": ref("Bucket"),
            "Managed": True,
            "NotificationConfiguration": {
                "LambdaFunctionConfigurations": [
                    {
                        "Events": ["s3:ObjectCreated:*"],
                        "LambdaFunctionArn": {"Fn::GetAtt": ["Function", "Arn"]},
                        "Filter": {"Key": {"FilterRules": [{"Name": "suffix", "Value": ".png"}]}},
                    }
                ]
            },
        },
    },
    "Clicks": {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": "clicks-of-kinds", "ShardCount": 1}},
    "Consumer": {
        "Type": "AWS::Kinesis::StreamConsumer",
        "Properties": {"StreamARN": {"Fn::GetAtt": ["Clicks", "Arn"]}, "ConsumerName": "consumer-of-kinds"},
    },
    "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "topic-of-kinds"}},
    "Subscription": {
        "Type": "AWS::SNS::Subscription",
        "Properties": {"TopicArn": ref("Topic"), "Protocol": "email", "Endpoint": "ann@example.com"},
    },
    "Activity": {"Type": "AWS::StepFunctions::Activity", "Properties": {"Name": "pack"}},
    "Schedule": {
        "Type": "AWS::Scheduler::Schedule",
        "Properties": {
            "Name": "nightly",
            "ScheduleExpression": "rate(1 day)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": ACCOUNT.format("sqs", "q"), "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}},
        },
    },
    "Alarm": {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": "hot",
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
            "MetricName": "m",
            "Namespace": "n",
            "Period": 60,
            "Statistic": "Sum",
            "Threshold": 1,
        },
    },
    "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "logs-of-kinds"}},
    "Stream": {
        "Type": "AWS::KinesisFirehose::DeliveryStream",
        "Properties": {
            "DeliveryStreamName": "lake",
            "S3DestinationConfiguration": {
                "BucketARN": {"Fn::GetAtt": ["Bucket", "Arn"]},
                "RoleARN": {"Fn::GetAtt": ["Role", "Arn"]},
            },
        },
    },
    "Filter": {
        "Type": "AWS::Logs::SubscriptionFilter",
        "Properties": {
            "FilterName": "all",
            "FilterPattern": "",
            "LogGroupName": ref("Logs"),
            "DestinationArn": {"Fn::GetAtt": ["Stream", "Arn"]},
            "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
        },
    },
    "Database": {
        "Type": "AWS::Glue::Database",
        "Properties": {"CatalogId": "123456789012", "DatabaseInput": {"Name": "sales"}},
    },
    "Table": {
        "Type": "AWS::Glue::Table",
        "Properties": {"DatabaseName": ref("Database"), "TableInput": {"Name": "orders"}},
    },
    "Graph": {
        "Type": "AWS::AppSync::GraphQLApi",
        "Properties": {"Name": "graph-of-kinds", "AuthenticationType": "API_KEY"},
    },
    "Certificate": {
        "Type": "AWS::CertificateManager::Certificate",
        "Properties": {"DomainName": "kinds.example.com"},
    },
}
ATTRIBUTES = {
    "Secret": ["Id"],
    "Pool": ["Arn", "UserPoolId", "ProviderName", "ProviderURL"],
    "Client": ["ClientId", "ClientSecret", "Name"],
    "Identities": ["Id", "Name"],
    "Rest": ["RestApiId", "RootResourceId"],
    "Validator": ["RequestValidatorId"],
    "Authorizer": ["AuthorizerId"],
    "Key": ["APIKeyId"],
    "Plan": ["Id"],
    "Http": ["ApiId", "ApiEndpoint"],
    "Integration": ["IntegrationId"],
    "Route": ["RouteId"],
    "HttpModel": ["ModelId"],
    "Layer": ["LayerVersionArn"],
    "Version": ["Version", "FunctionArn"],
    "Alias": ["AliasArn"],
    "Url": ["FunctionArn", "FunctionUrl"],
    "Consumer": ["ConsumerARN", "StreamARN"],
    "Subscription": ["Arn"],
    "Activity": ["Arn", "Name"],
    "Schedule": ["Arn"],
    "Alarm": ["Arn"],
    "Stream": ["Arn"],
    "Graph": ["ApiId", "Arn", "GraphQLUrl"],
}


# Where each resource stands while it is there.
LISTS = [
    ("Secret", "secretsmanager", "list_secrets", {}),
    ("Pool", "cognito-idp", "list_user_pools", {"MaxResults": 60}),
    ("Identities", "cognito-identity", "list_identity_pools", {"MaxResults": 60}),
    ("Rest", "apigateway", "get_rest_apis", {}),
    ("Key", "apigateway", "get_api_keys", {}),
    ("Plan", "apigateway", "get_usage_plans", {}),
    ("Http", "apigatewayv2", "get_apis", {}),
    ("Function", "lambda", "list_functions", {}),
    ("Subscription", "sns", "list_subscriptions", {}),
    ("Activity", "stepfunctions", "list_activities", {}),
    ("Schedule", "scheduler", "list_schedules", {}),
    ("Stream", "firehose", "list_delivery_streams", {}),
    ("Database", "glue", "get_databases", {}),
    ("Graph", "appsync", "list_graphql_apis", {}),
    ("Certificate", "acm", "list_certificates", {}),
]


@pytest.fixture(scope="module")
def told(client: Client) -> dict[str, str]:
    """What the references to the stack's resources are."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("app.py", "def handler(event, context): ...")
    client("s3").create_bucket(Bucket="code-of-kinds", CreateBucketConfiguration={"LocationConstraint": REGION})
    client("s3").put_object(Bucket="code-of-kinds", Key="code.zip", Body=archive.getvalue())
    outputs = {name: {"Value": ref(name)} for name in RESOURCES}
    for name, attributes in ATTRIBUTES.items():
        outputs |= {f"{name}{attr}": {"Value": {"Fn::GetAtt": [name, attr]}} for attr in attributes}
    template = json.dumps({"Resources": RESOURCES, "Outputs": outputs})
    client("cloudformation").create_stack(StackName="kinds", TemplateBody=template)
    (stack,) = client("cloudformation").describe_stacks(StackName="kinds")["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def test_every_kind_is_made_and_all_its_attributes_are_told(told: dict[str, str]) -> None:
    assert set(RESOURCES) <= set(told)
    assert {f"{name}{attribute}" for name, names in ATTRIBUTES.items() for attribute in names} <= set(told)
    assert not [value for value in told.values() if "{" in value or "object at" in value]


def test_an_attribute_is_what_the_service_says(told: dict[str, str], client: Client) -> None:
    web = client("cognito-idp").describe_user_pool_client(UserPoolId=told["Pool"], ClientId=told["Client"])
    assert told["ClientClientSecret"] == web["UserPoolClient"]["ClientSecret"]
    pool = client("cognito-idp").describe_user_pool(UserPoolId=told["Pool"])["UserPool"]
    assert told["PoolArn"] == pool["Arn"]
    rest = client("apigateway").get_rest_api(restApiId=told["Rest"])
    assert told["RestRootResourceId"] == rest["rootResourceId"]
    assert told["HttpApiEndpoint"] == client("apigatewayv2").get_api(ApiId=told["Http"])["ApiEndpoint"]
    graph = client("appsync").get_graphql_api(apiId=told["GraphApiId"])["graphqlApi"]
    assert (told["Graph"], told["GraphGraphQLUrl"]) == (graph["arn"], graph["uris"]["GRAPHQL"])
    url = client("lambda").get_function_url_config(FunctionName=told["Function"])
    assert told["UrlFunctionUrl"] == url["FunctionUrl"]
    assert told["ScheduleArn"] == client("scheduler").get_schedule(Name=told["Schedule"])["Arn"]
    stream = client("firehose").describe_delivery_stream(DeliveryStreamName=told["Stream"])
    assert told["StreamArn"] == stream["DeliveryStreamDescription"]["DeliveryStreamARN"]


def test_a_secrets_value_stays_until_it_is_rotated(told: dict[str, str], client: Client) -> None:
    secret = client("secretsmanager").describe_secret(SecretId=told["Secret"])
    assert (secret["RotationEnabled"], secret["RotationRules"]) == (True, {"AutomaticallyAfterDays": 30})
    assert secret["RotationLambdaARN"].endswith(":function:function-of-kinds")
    assert client("secretsmanager").get_secret_value(SecretId=told["Secret"])["SecretString"] == "s"


def test_what_cdk_has_a_function_of_its_own_tell_a_bucket_is_told_without_it(
    told: dict[str, str], client: Client
) -> None:
    found = client("s3").get_bucket_notification_configuration(Bucket=told["Bucket"])
    (own,) = found["LambdaFunctionConfigurations"]
    assert (own["Events"], own["LambdaFunctionArn"].rsplit(":", 1)[-1]) == (["s3:ObjectCreated:*"], told["Function"])
    (rule,) = own["Filter"]["Key"]["FilterRules"]
    assert (rule["Name"].lower(), rule["Value"]) == ("suffix", ".png")


def test_a_consumer_is_of_its_stream(told: dict[str, str], client: Client) -> None:
    arn = told["ConsumerConsumerARN"]
    consumer = client("kinesis").describe_stream_consumer(ConsumerARN=arn)["ConsumerDescription"]
    assert (consumer["ConsumerName"], consumer["StreamARN"]) == ("consumer-of-kinds", told["ConsumerStreamARN"])
    # Kinesis API reference, Consumer: its ARN ends with when it was made.
    made = int(consumer["ConsumerCreationTimestamp"].timestamp())
    assert arn == f"{told['ConsumerStreamARN']}/consumer/consumer-of-kinds:{made}"
    mapping = client("lambda").create_event_source_mapping(
        FunctionName=told["Function"], EventSourceArn=arn, StartingPosition="LATEST"
    )
    assert mapping["EventSourceArn"] == arn
    client("lambda").delete_event_source_mapping(UUID=mapping["UUID"])


def test_a_deleted_stack_leaves_nothing_of_them(told: dict[str, str], client: Client) -> None:
    there = {name: str(getattr(client(service), call)(**how)) for name, service, call, how in LISTS}
    assert not [name for name, listed in there.items() if told[name] not in listed]
    client("cloudformation").delete_stack(StackName="kinds")
    there = {name: str(getattr(client(service), call)(**how)) for name, service, call, how in LISTS}
    assert not [name for name, listed in there.items() if told[name] in listed]
