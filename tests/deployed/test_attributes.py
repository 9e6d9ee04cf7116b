"""`!Ref` and `!GetAtt` from the physical id alone, against AWS's documentation, schemas and models."""

from __future__ import annotations

import botocore.session
import pytest
from botocore.validate import ParamValidator
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from samlocal.deployed.attributes.describe_call import Call
from samlocal.deployed.attributes.form import placeholder_fields
from samlocal.deployed.attributes.lookup import (
    attribute_of_id,
    id_from_name,
    name_property,
    placeholder_attribute,
    placeholder_id,
    reference,
)
from samlocal.deployed.attributes.resource_types import resource_type as known
from samlocal.deployed.attributes.resource_types import table
from samlocal.deployed.place import Place, partition_of

ACCOUNT = "123456789012"
OHIO = Place(region="us-east-2", account=ACCOUNT)
LAMBDA = "arn:aws:lambda:us-east-2:123456789012"
WRITTEN = [name for name in sorted(table().types) if known(name).form.reads != ".*"]
UUID = "12a34567-8c90-4def-af84-0bf06c1747f3"
BALANCER = "arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/my-load-balancer/50dc6c495c0c9188"
CONSUMER = "arn:aws:kinesis:us-east-2:123456789012:stream/clicks/consumer/reader:1525898737"

# Values that the template reference, the general reference and the services' guides print, or would for these names.
DOCUMENTED = [
    ("AWS::DynamoDB::Table", "orders", "Arn", "arn:aws:dynamodb:us-east-2:123456789012:table/orders"),
    ("AWS::Serverless::SimpleTable", "orders", "Arn", "arn:aws:dynamodb:us-east-2:123456789012:table/orders"),
    (
        "AWS::SQS::Queue",
        "https://sqs.us-east-2.amazonaws.com/123456789012/jobs.fifo",
        "Arn",
        "arn:aws:sqs:us-east-2:123456789012:jobs.fifo",
    ),
    ("AWS::SQS::Queue", "https://sqs.us-east-2.amazonaws.com/123456789012/jobs", "QueueName", "jobs"),
    (
        "AWS::SQS::Queue",
        "https://queue.amazonaws.com/210987654321/jobs",
        "Arn",
        "arn:aws:sqs:us-east-2:210987654321:jobs",
    ),
    ("AWS::SNS::Topic", "arn:aws:sns:us-east-2:123456789012:news", "TopicName", "news"),
    (
        "AWS::SNS::Topic",
        "arn:aws:sns:us-east-2:123456789012:news",
        "TopicArn",
        "arn:aws:sns:us-east-2:123456789012:news",
    ),
    ("AWS::S3::Bucket", "mybucket", "Arn", "arn:aws:s3:::mybucket"),
    ("AWS::S3::Bucket", "mybucket", "DomainName", "mybucket.s3.amazonaws.com"),
    ("AWS::S3::Bucket", "mybucket", "RegionalDomainName", "mybucket.s3.us-east-2.amazonaws.com"),
    ("AWS::S3::Bucket", "mybucket", "DualStackDomainName", "mybucket.s3.dualstack.us-east-2.amazonaws.com"),
    ("AWS::S3::Bucket", "mybucket", "WebsiteURL", "http://mybucket.s3-website.us-east-2.amazonaws.com"),
    ("AWS::Lambda::Function", "app-Hello-1X", "Arn", f"{LAMBDA}:function:app-Hello-1X"),
    ("AWS::Serverless::Function", "app-Hello-1X", "Arn", f"{LAMBDA}:function:app-Hello-1X"),
    ("AWS::Lambda::Version", f"{LAMBDA}:function:hello:17", "Version", "17"),
    ("AWS::Lambda::Alias", f"{LAMBDA}:function:hello:live", "AliasArn", f"{LAMBDA}:function:hello:live"),
    ("AWS::Lambda::EventSourceMapping", UUID, "EventSourceMappingArn", f"{LAMBDA}:event-source-mapping:{UUID}"),
    ("AWS::Lambda::CodeSigningConfig", f"{LAMBDA}:code-signing-config:csc-0f6c", "CodeSigningConfigId", "csc-0f6c"),
    ("AWS::Kinesis::Stream", "clicks", "Arn", "arn:aws:kinesis:us-east-2:123456789012:stream/clicks"),
    ("AWS::Kinesis::StreamConsumer", CONSUMER, "ConsumerName", "reader"),
    ("AWS::Kinesis::StreamConsumer", CONSUMER, "StreamARN", "arn:aws:kinesis:us-east-2:123456789012:stream/clicks"),
    (
        "AWS::KinesisFirehose::DeliveryStream",
        "lake",
        "Arn",
        "arn:aws:firehose:us-east-2:123456789012:deliverystream/lake",
    ),
    ("AWS::StepFunctions::StateMachine", "arn:aws:states:us-east-2:123456789012:stateMachine:Flow", "Name", "Flow"),
    ("AWS::Serverless::StateMachine", "arn:aws:states:us-east-2:123456789012:stateMachine:Flow", "Name", "Flow"),
    ("AWS::Events::EventBus", "orders", "Arn", "arn:aws:events:us-east-2:123456789012:event-bus/orders"),
    ("AWS::Events::Rule", "app-Rule-1", "Arn", "arn:aws:events:us-east-2:123456789012:rule/app-Rule-1"),
    ("AWS::Events::Rule", "orders|app-Rule-1", "Arn", "arn:aws:events:us-east-2:123456789012:rule/orders/app-Rule-1"),
    ("AWS::Events::Archive", "all", "Arn", "arn:aws:events:us-east-2:123456789012:archive/all"),
    ("AWS::Logs::LogGroup", "/aws/x", "Arn", "arn:aws:logs:us-east-2:123456789012:log-group:/aws/x:*"),
    ("AWS::SSM::Parameter", "/app/url", "Arn", "arn:aws:ssm:us-east-2:123456789012:parameter/app/url"),
    ("AWS::SSM::Parameter", "url", "Arn", "arn:aws:ssm:us-east-2:123456789012:parameter/url"),
    ("AWS::KMS::Key", UUID, "Arn", f"arn:aws:kms:us-east-2:123456789012:key/{UUID}"),
    ("AWS::KMS::Key", f"mrk-{UUID.replace('-', '')}", "KeyId", f"mrk-{UUID.replace('-', '')}"),
    (
        "AWS::SecretsManager::Secret",
        "arn:aws:secretsmanager:us-east-2:123456789012:secret:app/db-a1b2c3",
        "Id",
        "arn:aws:secretsmanager:us-east-2:123456789012:secret:app/db-a1b2c3",
    ),
    (
        "AWS::Cognito::UserPool",
        "us-east-2_abc123DEF",
        "Arn",
        "arn:aws:cognito-idp:us-east-2:123456789012:userpool/us-east-2_abc123DEF",
    ),
    (
        "AWS::Cognito::UserPool",
        "us-east-2_abc123DEF",
        "ProviderName",
        "cognito-idp.us-east-2.amazonaws.com/us-east-2_abc123DEF",
    ),
    (
        "AWS::Cognito::UserPool",
        "us-east-2_abc123DEF",
        "ProviderURL",
        "https://cognito-idp.us-east-2.amazonaws.com/us-east-2_abc123DEF",
    ),
    ("AWS::Cognito::IdentityPool", f"us-east-2:{UUID}", "Id", f"us-east-2:{UUID}"),
    (
        "AWS::Serverless::HttpApi",
        "a1bcdef2gh",
        "ApiEndpoint",
        "https://a1bcdef2gh.execute-api.us-east-2.amazonaws.com",
    ),
    (
        "AWS::Serverless::WebSocketApi",
        "a1bcdef2gh",
        "ApiEndpoint",
        "wss://a1bcdef2gh.execute-api.us-east-2.amazonaws.com",
    ),
    ("AWS::AppSync::GraphQLApi", "arn:aws:appsync:us-east-2:123456789012:apis/zyx123", "ApiId", "zyx123"),
    (
        "AWS::AppSync::ApiKey",
        "arn:aws:appsync:us-east-2:123456789012:apis/zyx123/apikeys/da2-abcdef",
        "ApiKey",
        "da2-abcdef",
    ),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", BALANCER, "LoadBalancerName", "my-load-balancer"),
    (
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        BALANCER,
        "LoadBalancerFullName",
        "app/my-load-balancer/50dc6c495c0c9188",
    ),
    (
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/my-target-group/cbf133c568e0d028",
        "TargetGroupFullName",
        "targetgroup/my-target-group/cbf133c568e0d028",
    ),
    ("AWS::ECS::Cluster", "prod", "Arn", "arn:aws:ecs:us-east-2:123456789012:cluster/prod"),
    ("AWS::ECS::Service", "arn:aws:ecs:us-west-2:123456789012:service/sample-webapp", "Name", "sample-webapp"),
    ("AWS::ECS::Service", "arn:aws:ecs:us-west-2:123456789012:service/prod/sample-webapp", "Name", "sample-webapp"),
    ("AWS::ECR::Repository", "a/b", "RepositoryUri", "123456789012.dkr.ecr.us-east-2.amazonaws.com/a/b"),
    (
        "AWS::EFS::FileSystem",
        "fs-47a2c22e",
        "Arn",
        "arn:aws:elasticfilesystem:us-east-2:123456789012:file-system/fs-47a2c22e",
    ),
    ("AWS::EC2::SecurityGroup", "sg-94b3a1f6", "GroupId", "sg-94b3a1f6"),
    ("AWS::RDS::DBInstance", "mydb", "DBInstanceArn", "arn:aws:rds:us-east-2:123456789012:db:mydb"),
    ("AWS::RDS::DBCluster", "mydb", "DBClusterArn", "arn:aws:rds:us-east-2:123456789012:cluster:mydb"),
    ("AWS::DAX::Cluster", "MyDAXCluster", "Arn", "arn:aws:dax:us-east-2:123456789012:cache/MyDAXCluster"),
    ("AWS::OpenSearchService::Domain", "logs", "Arn", "arn:aws:es:us-east-2:123456789012:domain/logs"),
    ("AWS::CodeBuild::Project", "build", "Arn", "arn:aws:codebuild:us-east-2:123456789012:project/build"),
    ("AWS::CloudWatch::Alarm", "hot", "Arn", "arn:aws:cloudwatch:us-east-2:123456789012:alarm:hot"),
    ("AWS::IoT::TopicRule", "MyIoTRule", "Arn", "arn:aws:iot:us-east-2:123456789012:rule/MyIoTRule"),
    ("AWS::Location::PlaceIndex", "places", "IndexArn", "arn:aws:geo:us-east-2:123456789012:place-index/places"),
    ("AWS::Bedrock::AgentAlias", "AGENT12345|ALIAS67890", "AgentAliasId", "ALIAS67890"),
    (
        "AWS::Bedrock::AgentAlias",
        "AGENT12345|ALIAS67890",
        "AgentAliasArn",
        "arn:aws:bedrock:us-east-2:123456789012:agent-alias/AGENT12345/ALIAS67890",
    ),
    ("AWS::WAFv2::WebACL", f"acl|{UUID}|REGIONAL", "Id", UUID),
]

# Ids that do not have their type's form, and attributes that an id never tells.
UNDETERMINED = [
    ("AWS::IAM::Role", "app-Role-1X", "Arn"),
    ("AWS::DynamoDB::Table", "orders", "StreamArn"),
    ("AWS::DynamoDB::Table", "arn:aws:dynamodb:us-east-2:123456789012:table/orders", "Arn"),
    ("AWS::EC2::SecurityGroup", "app-Group-1X", "GroupId"),
    ("AWS::Events::ApiDestination", "partner", "Arn"),
    ("AWS::Scheduler::Schedule", "nightly", "Arn"),
    ("AWS::ApiGatewayV2::Api", "a1bcdef2gh", "ApiEndpoint"),
    ("AWS::CloudFront::Distribution", "E27LVI50CSW06W", "DomainName"),
    ("AWS::SageMaker::Endpoint", "arn:aws:sagemaker:us-west-2:123456789012:endpoint/myendpoint", "EndpointName"),
    ("AWS::SQS::Queue", "jobs", "Arn"),
    ("AWS::RDS::DBInstance", "mydb", "Endpoint.Address"),
    ("Custom::Thing", "thing-1", "Value"),
    ("AWS::Nobody::Knows", "thing-1", "Arn"),
]


@pytest.mark.parametrize(("resource_type", "physical_id", "attribute", "expected"), DOCUMENTED)
def test_an_attribute_follows_from_the_physical_id_as_aws_documents_it(
    resource_type: str, physical_id: str, attribute: str, expected: str
) -> None:
    assert attribute_of_id(resource_type, physical_id, attribute, OHIO) == expected


@pytest.mark.parametrize(("resource_type", "physical_id", "attribute"), UNDETERMINED)
def test_what_the_physical_id_does_not_tell_is_not_made_up(
    resource_type: str, physical_id: str, attribute: str
) -> None:
    assert attribute_of_id(resource_type, physical_id, attribute, OHIO) is None


@pytest.mark.parametrize(
    ("region", "partition", "queue", "website"),
    [
        ("us-east-1", "aws", "amazonaws.com", "s3-website-us-east-1.amazonaws.com"),
        ("eu-central-1", "aws", "amazonaws.com", "s3-website.eu-central-1.amazonaws.com"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com", "s3-website-us-gov-west-1.amazonaws.com"),
        ("us-gov-east-1", "aws-us-gov", "amazonaws.com", "s3-website.us-gov-east-1.amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn", "s3-website.cn-north-1.amazonaws.com.cn"),
        ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov", "s3-website.us-isob-east-1.sc2s.sgov.gov"),
        ("eusc-de-east-1", "aws-eusc", "amazonaws.eu", "s3-website.eusc-de-east-1.amazonaws.eu"),
    ],
)
def test_partitions_have_their_own_arns_and_host_names(region: str, partition: str, queue: str, website: str) -> None:
    place = Place.in_region(region, account=ACCOUNT)
    assert partition_of(region) == partition
    assert id_from_name("AWS::SQS::Queue", "q", place) == f"https://sqs.{region}.{queue}/{ACCOUNT}/q"
    assert attribute_of_id("AWS::S3::Bucket", "b", "Arn", place) == f"arn:{partition}:s3:::b"
    assert attribute_of_id("AWS::S3::Bucket", "b", "WebsiteURL", place) == f"http://b.{website}"


def test_every_partition_of_botocore_is_known_with_its_suffix() -> None:
    data = botocore.session.get_session().get_component("data_loader").load_data("partitions")
    for partition in data["partitions"]:
        for region in partition["regions"]:
            if not region.endswith("-global"):
                place = Place.in_region(region, account=ACCOUNT)
                assert (place.partition, place.url_suffix) == (partition["id"], partition["outputs"]["dnsSuffix"])


def test_a_place_is_read_from_an_arn() -> None:
    arn = "arn:aws-cn:cloudformation:cn-north-1:123456789012:stack/app/1c2fa620-982a-11e3-aff7-50e2416294e0"
    assert Place.from_arn(arn) == Place(partition="aws-cn", region="cn-north-1", account=ACCOUNT)
    with pytest.raises(ValueError, match="not an ARN"):
        Place.from_arn("app")


def test_ref_gives_the_physical_id() -> None:
    queue = "https://sqs.us-east-2.amazonaws.com/123456789012/jobs"
    assert reference("AWS::SQS::Queue", queue, OHIO) == queue


@pytest.mark.parametrize(
    ("resource_type", "named_by", "ref_is", "physical_id"),
    [
        ("AWS::DynamoDB::Table", "TableName", "TableName", "Orders"),
        ("AWS::Serverless::Function", "FunctionName", "FunctionName", "Orders"),
        ("AWS::S3::Bucket", "BucketName", "BucketName", "Orders"),
        ("AWS::SQS::Queue", "QueueName", None, "https://sqs.us-east-2.amazonaws.com/123456789012/Orders"),
        ("AWS::SNS::Topic", "TopicName", None, "arn:aws:sns:us-east-2:123456789012:Orders"),
        ("AWS::Serverless::StateMachine", "Name", None, "arn:aws:states:us-east-2:123456789012:stateMachine:Orders"),
        ("AWS::RDS::DBInstance", "DBInstanceIdentifier", None, "orders"),
        ("AWS::SecretsManager::Secret", "Name", None, None),
        ("AWS::Serverless::LayerVersion", "LayerName", None, None),
        ("AWS::IAM::ManagedPolicy", "ManagedPolicyName", None, None),
        ("AWS::Events::Rule", None, None, None),
        ("AWS::KMS::Key", None, None, None),
        ("Custom::Thing", None, None, None),
    ],
)
def test_a_name_in_the_template_fixes_the_id_where_aws_adds_nothing(
    resource_type: str, named_by: str | None, ref_is: str | None, physical_id: str | None
) -> None:
    assert name_property(resource_type) == named_by
    form = known(resource_type).form
    assert (form.name_property if form.is_name() else None) == ref_is
    assert id_from_name(resource_type, "Orders", OHIO) == physical_id


@pytest.mark.parametrize(
    ("resource_type", "name", "attribute", "expected"),
    [
        ("AWS::DynamoDB::Table", None, None, "MyThing"),
        ("AWS::DynamoDB::Table", "orders", None, "orders"),
        ("AWS::DynamoDB::Table", None, "Arn", "arn:aws:dynamodb:us-east-2:123456789012:table/MyThing"),
        (
            "AWS::DynamoDB::Table",
            "orders",
            "StreamArn",
            "arn:aws:dynamodb:us-east-2:123456789012:table/orders/stream/2000-01-01T00:00:00.000",
        ),
        ("AWS::SQS::Queue", None, None, "https://sqs.us-east-2.amazonaws.com/123456789012/MyThing"),
        ("AWS::SQS::Queue", None, "Arn", "arn:aws:sqs:us-east-2:123456789012:MyThing"),
        ("AWS::S3::Bucket", None, None, "mything"),
        ("AWS::SNS::Topic", "news", None, "arn:aws:sns:us-east-2:123456789012:news"),
        ("AWS::IAM::Role", None, "Arn", "arn:aws:iam::123456789012:role/MyThing"),
        (
            "AWS::SecretsManager::Secret",
            "app/db",
            None,
            "arn:aws:secretsmanager:us-east-2:123456789012:secret:app/db-AbCdEf",
        ),
        ("AWS::Cognito::UserPool", None, None, "us-east-2_placeholder"),
        (
            "AWS::Cognito::UserPool",
            None,
            "Arn",
            "arn:aws:cognito-idp:us-east-2:123456789012:userpool/us-east-2_placeholder",
        ),
        ("AWS::EC2::VPC", None, None, "vpc-00000000000000000"),
        ("AWS::EC2::VPC", None, "DefaultSecurityGroup", "sg-00000000000000000"),
        ("AWS::EC2::VPCEndpoint", None, "NetworkInterfaceIds", ["eni-00000000000000000"]),
        ("AWS::KMS::Key", None, None, "00000000-0000-0000-0000-000000000000"),
        ("AWS::Serverless::Api", None, None, "mything000"),
        ("AWS::ApiGatewayV2::Api", None, "ApiEndpoint", "https://mything000.execute-api.us-east-2.amazonaws.com"),
        ("AWS::RDS::DBCluster", None, "Endpoint.Port", "3306"),
        ("AWS::Nobody::BigThing", None, None, "MyThing"),
        ("AWS::Nobody::BigThing", None, "Arn", "arn:aws:nobody:us-east-2:123456789012:big-thing/MyThing"),
        ("AWS::Nobody::BigThing", None, "BigThingId", "MyThing"),
        ("AWS::Nobody::BigThing", None, "Endpoint.Address", "mything.us-east-2.invalid"),
        ("AWS::Nobody::BigThing", None, "Endpoint.Port", "0"),
        ("Custom::Thing", None, None, "MyThing"),
        ("Custom::Thing", None, "ServiceUrl", "https://mything.us-east-2.invalid"),
        ("Custom::Thing", None, "Secret", "MyThing-Secret"),
    ],
)
def test_what_is_not_deployed_gets_a_placeholder_of_the_right_form(
    resource_type: str, name: str | None, attribute: str | None, expected: str | list[str]
) -> None:
    if attribute is None:
        assert placeholder_id(resource_type, "MyThing", OHIO, name=name) == expected
    else:
        assert placeholder_attribute(resource_type, "MyThing", attribute, OHIO, name=name) == expected


@pytest.mark.parametrize("resource_type", WRITTEN)
def test_every_placeholder_id_has_its_type_s_form_and_every_attribute_a_placeholder(resource_type: str) -> None:
    form = known(resource_type).form
    placeholder = placeholder_id(resource_type, "MyThing", OHIO, name=None)
    assert form.read(placeholder, OHIO), placeholder
    fields = placeholder_fields("MyThing", OHIO, name=None)
    for variant in form.variants():
        assert form.read(variant.placeholder_id(fields), OHIO)
    answers = {attribute for call in known(resource_type).calls for attribute in call.answers}
    for attribute in {*form.attributes, *form.placeholders, *answers}:
        value = placeholder_attribute(resource_type, "MyThing", attribute, OHIO, name=None)
        assert value
        assert "{" not in str(value)


# ---- the tables against AWS's own models ----

# SAM's own attributes stand for resources beside; of the two kinds of tables CloudFormation's schema names the id of
# the global one alone.
NOT_IN_SCHEMA = {
    ("AWS::Serverless::Function", "Alias"),
    ("AWS::Serverless::Function", "Version"),
    ("AWS::Serverless::Api", "Stage"),
    ("AWS::DynamoDB::Table", "TableId"),
    ("AWS::Serverless::SimpleTable", "TableId"),
}


@pytest.mark.parametrize("resource_type", WRITTEN)
def test_attributes_and_names_are_those_of_cloudformation_s_schemas(resource_type: str) -> None:
    schemas = [
        PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", name)
        for name in (resource_type, known(resource_type).becomes)
        if name
    ]
    theirs = {name for schema in schemas for name in schema.get_atts}
    form = known(resource_type).form
    ours = {*form.placeholders, *(name for call in known(resource_type).calls for name in call.answers)}
    ours |= {name for variant in form.variants() for name in variant.attributes}
    assert {name for name in ours - theirs if (resource_type, name) not in NOT_IN_SCHEMA} == set()
    assert form.name_property is None or form.name_property in schemas[0].schema["properties"]


CALL_TABLE = [(name, call) for name in WRITTEN if not known(name).becomes for call in known(name).calls]


@pytest.mark.parametrize(
    ("resource_type", "call"), CALL_TABLE, ids=[f"{resource}-{call.operation}" for resource, call in CALL_TABLE]
)
def test_every_call_is_one_that_botocore_knows_and_its_answers_are_there(resource_type: str, call: Call) -> None:
    model = botocore.session.get_session().get_service_model(call.service)
    names = {botocore.xform_name(name): name for name in model.operation_names}
    operation = model.operation_model(names[call.operation])
    form = known(resource_type).form
    read = form.read(placeholder_id(resource_type, "MyThing", OHIO, name=None), OHIO)
    assert read
    fields = read[1] | {"UserPoolId": "us-east-2_placeholder"}
    assert not ParamValidator().validate(call.filled(fields), operation.input_shape).has_errors()
    for paths in call.answers.values():
        for path in paths.replace(":", "|").split("|"):
            shape = operation.output_shape
            for step in path.split("."):
                if step.isdigit() or step == "*":
                    shape = shape.member
                else:
                    shape = shape.value if shape.type_name == "map" else shape.members[step]
            assert shape.type_name in {"string", "integer", "long", "list"}, path
