"""`!GetAtt` against moto's CloudFormation and services, and asked of Cloud Control."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import pytest

from samlocal.aws import Aws
from samlocal.deployed.attributes.lookup import AttributeUnknownError, attribute_from_aws, attribute_of_id, reference
from samlocal.deployed.place import Place

OHIO = Place(region="us-east-2", account="123456789012")


@pytest.fixture(scope="module")
def moto() -> Iterator[Aws]:
    """moto's server on a port of its own, as the endpoint of every service."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
            patch.delenv(name, raising=False)
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield Aws(region="us-east-2")
    server.stop()
    assert server._server
    server._server.server_close()


def client(service: str) -> Any:
    return boto3.client(service, region_name="us-east-2")


def code_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): return event")
    return buffer.getvalue()


TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
STEPS = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
RESOURCES: dict[str, dict[str, Any]] = {
    "Table": {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
            "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
        },
    },
    "Queue": {"Type": "AWS::SQS::Queue"},
    "Topic": {"Type": "AWS::SNS::Topic"},
    "Bucket": {"Type": "AWS::S3::Bucket"},
    "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}},
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": TRUST, "Path": "/teams/orders/"},
    },
    "User": {"Type": "AWS::IAM::User"},
    "Profile": {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [{"Ref": "Role"}]}},
    "Function": {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.12",
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"ZipFile": "def handler(event, context): return event"},
        },
    },
    "Machine": {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "DefinitionString": json.dumps(STEPS)},
    },
    "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "orders"}},
    "Rule": {
        "Type": "AWS::Events::Rule",
        "Properties": {"ScheduleExpression": "rate(1 day)", "State": "DISABLED"},
    },
    "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": []}}},
    "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/app/orders"}},
    "Parameter": {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Name": "/app/url", "Type": "String", "Value": "https://example.com"},
    },
    "Repository": {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": "orders"}},
    "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": "orders"}},
    "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "orders"}},
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.1.0.0/16"}},
    "Subnet": {
        "Type": "AWS::EC2::Subnet",
        "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.1.1.0/24", "AvailabilityZone": "us-east-2b"},
    },
    "SecurityGroup": {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"GroupDescription": "orders", "VpcId": {"Ref": "Vpc"}},
    },
    "Interface": {"Type": "AWS::EC2::NetworkInterface", "Properties": {"SubnetId": {"Ref": "Subnet"}}},
    "Address": {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc"}},
    "Files": {"Type": "AWS::EFS::FileSystem"},
    "Template": {
        "Type": "AWS::EC2::LaunchTemplate",
        "Properties": {"LaunchTemplateData": {"InstanceType": "t3.micro"}},
    },
    "Balancer": {
        "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "Properties": {"Name": "orders", "Subnets": [{"Ref": "Subnet"}], "Scheme": "internal"},
    },
    "Thing": {"Type": "AWS::IoT::Thing", "Properties": {"ThingName": "sensor"}},
}
# What moto's CloudFormation answers for `!GetAtt`, to be met from the id alone …
FROM_THE_ID = [
    ("Table", "Arn"),
    ("Queue", "Arn"),
    ("Queue", "QueueName"),
    ("Topic", "TopicName"),
    ("Bucket", "Arn"),
    ("Bucket", "DomainName"),
    ("Bucket", "RegionalDomainName"),
    ("Bucket", "DualStackDomainName"),
    ("Bucket", "WebsiteURL"),
    ("Stream", "Arn"),
    ("Function", "Arn"),
    ("Machine", "Name"),
    ("Bus", "Arn"),
    ("Bus", "Name"),
    ("Rule", "Arn"),
    ("Key", "Arn"),
    ("Repository", "Arn"),
    ("Cluster", "Arn"),
    ("SecurityGroup", "GroupId"),
    ("Balancer", "LoadBalancerName"),
    ("Thing", "Arn"),
]
# … or by asking the service.
FROM_THE_SERVICE = [
    ("Table", "StreamArn"),
    ("Role", "Arn"),
    ("Role", "RoleId"),
    ("User", "Arn"),
    ("Profile", "Arn"),
    ("Api", "RootResourceId"),
    ("Interface", "PrimaryPrivateIpAddress"),
    ("Address", "AllocationId"),
    ("Template", "LatestVersionNumber"),
    ("Balancer", "DNSName"),
    ("Thing", "Id"),
]
# Not compared, because moto's CloudFormation does not answer: Files.Arn and Balancer.LoadBalancerFullName (an error
# that drops every output), Subnet.AvailabilityZone (the same; asked of the service below), Group.Arn (without the
# ":*" that CloudFormation documents), Repository.RepositoryUri (the host of moto's own registry).
# moto lists these with no physical id, where CloudFormation has the name; they all have one in the template.
WITHOUT_ID_IN_MOTO = {"Bus": "orders", "Thing": "sensor"}


@dataclass(frozen=True, kw_only=True)
class DeployedStack:
    ids: dict[str, str]
    outputs: dict[str, str]


@pytest.fixture(scope="module")
def stack(moto: Aws) -> DeployedStack:
    """A stack with one resource of many types, and what CloudFormation says of them."""
    cloudformation = client("cloudformation")
    outputs: dict[str, Any] = {
        f"{resource}{attribute}": {"Value": {"Fn::GetAtt": [resource, attribute]}}
        for resource, attribute in FROM_THE_ID + FROM_THE_SERVICE
    }
    outputs |= {
        f"{resource}Ref": {"Value": {"Ref": resource}} for resource in RESOURCES if resource not in WITHOUT_ID_IN_MOTO
    }
    body = json.dumps({"Resources": RESOURCES, "Outputs": outputs})
    cloudformation.create_stack(StackName="orders", TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    described = cloudformation.describe_stacks(StackName="orders")["Stacks"][0]
    assert described["StackStatus"] == "CREATE_COMPLETE"
    listed = cloudformation.list_stack_resources(StackName="orders")["StackResourceSummaries"]
    return DeployedStack(
        ids={resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in listed}
        | WITHOUT_ID_IN_MOTO,
        outputs={output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]},
    )


@pytest.mark.parametrize("resource", sorted(set(RESOURCES) - set(WITHOUT_ID_IN_MOTO)))
def test_ref_is_what_cloudformation_gives(stack: DeployedStack, resource: str) -> None:
    resource_type = RESOURCES[resource]["Type"]
    assert reference(resource_type, stack.ids[resource], OHIO) == stack.outputs[f"{resource}Ref"]


@pytest.mark.parametrize(("resource", "attribute"), FROM_THE_ID)
def test_the_id_determines_what_cloudformation_gives(stack: DeployedStack, resource: str, attribute: str) -> None:
    value = attribute_of_id(RESOURCES[resource]["Type"], stack.ids[resource], attribute, OHIO)
    assert value == stack.outputs[f"{resource}{attribute}"]


@pytest.mark.parametrize(("resource", "attribute"), FROM_THE_SERVICE)
def test_the_service_tells_what_cloudformation_gives(
    moto: Aws, stack: DeployedStack, resource: str, attribute: str
) -> None:
    resource_type, physical_id = RESOURCES[resource]["Type"], stack.ids[resource]
    assert attribute_of_id(resource_type, physical_id, attribute, OHIO) is None
    assert attribute_from_aws(moto, resource_type, physical_id, attribute) == stack.outputs[f"{resource}{attribute}"]


def test_the_network_s_own_parts_are_asked(moto: Aws, stack: DeployedStack) -> None:
    ec2 = client("ec2")
    vpc, subnet = stack.ids["Vpc"], stack.ids["Subnet"]
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    default = next(group["GroupId"] for group in groups if group["GroupName"] == "default")
    lists = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["NetworkAcls"]
    assert attribute_from_aws(moto, "AWS::EC2::VPC", vpc, "CidrBlock") == "10.1.0.0/16"
    assert attribute_from_aws(moto, "AWS::EC2::VPC", vpc, "DefaultSecurityGroup") == default
    assert attribute_from_aws(moto, "AWS::EC2::VPC", vpc, "DefaultNetworkAcl") == lists[0]["NetworkAclId"]
    associations = attribute_from_aws(moto, "AWS::EC2::VPC", vpc, "CidrBlockAssociations")
    assert isinstance(associations, list)
    assert associations[0].startswith("vpc-cidr-assoc-")
    assert attribute_from_aws(moto, "AWS::EC2::Subnet", subnet, "AvailabilityZone") == "us-east-2b"
    assert attribute_from_aws(moto, "AWS::EC2::SecurityGroup", stack.ids["SecurityGroup"], "VpcId") == vpc


def test_a_parameter_s_value_is_asked(moto: Aws, stack: DeployedStack) -> None:
    assert attribute_from_aws(moto, "AWS::SSM::Parameter", "/app/url", "Value") == "https://example.com"
    assert attribute_from_aws(moto, "AWS::SSM::Parameter", "/app/url", "Type") == "String"


def test_the_service_s_own_arn_is_the_one_the_id_determines(moto: Aws, stack: DeployedStack) -> None:
    """For types that moto's CloudFormation leaves out: the ARN as the service gives it when it makes the resource."""
    pool = client("cognito-idp").create_user_pool(PoolName="people")["UserPool"]
    identities = client("cognito-identity").create_identity_pool(
        IdentityPoolName="people", AllowUnauthenticatedIdentities=False
    )
    secret = client("secretsmanager").create_secret(Name="app/db", SecretString="x")
    made = [
        ("AWS::Cognito::UserPool", pool["Id"], "Arn", pool["Arn"]),
        ("AWS::Cognito::IdentityPool", identities["IdentityPoolId"], "Id", identities["IdentityPoolId"]),
        ("AWS::SecretsManager::Secret", secret["ARN"], "Id", secret["ARN"]),
        (
            "AWS::StepFunctions::Activity",
            client("stepfunctions").create_activity(name="pack")["activityArn"],
            "Name",
            "pack",
        ),
        (
            "AWS::Scheduler::ScheduleGroup",
            "nightly",
            "Arn",
            client("scheduler").create_schedule_group(Name="nightly")["ScheduleGroupArn"],
        ),
        (
            "AWS::Events::Archive",
            "all",
            "Arn",
            client("events").create_archive(
                ArchiveName="all", EventSourceArn="arn:aws:events:us-east-2:123456789012:event-bus/default"
            )["ArchiveArn"],
        ),
        (
            "AWS::OpenSearchService::Domain",
            "logs",
            "DomainArn",
            client("opensearch").create_domain(DomainName="logs")["DomainStatus"]["ARN"],
        ),
        (
            "AWS::MemoryDB::Cluster",
            "sessions",
            "ARN",
            client("memorydb").create_cluster(ClusterName="sessions", NodeType="db.t4g.small", ACLName="open-access")[
                "Cluster"
            ]["ARN"],
        ),
        (
            "AWS::CloudTrail::Trail",
            "audit",
            "Arn",
            client("cloudtrail").create_trail(Name="audit", S3BucketName=stack.ids["Bucket"])["TrailARN"],
        ),
    ]
    for resource_type, physical_id, attribute, expected in made:
        assert attribute_of_id(resource_type, physical_id, attribute, OHIO) == expected, resource_type


def test_what_only_the_service_knows_is_asked(moto: Aws, stack: DeployedStack) -> None:
    """Hosts, ports and the like, compared with what the service answers when it makes the resource."""
    client("lambda").create_function(
        FunctionName="hello",
        Runtime="python3.12",
        Role="arn:aws:iam::123456789012:role/teams/orders/" + stack.ids["Role"],
        Handler="app.handler",
        Code={"ZipFile": code_zip()},
    )
    url = client("lambda").create_function_url_config(FunctionName="hello", AuthType="NONE")
    sockets = client("apigatewayv2").create_api(
        Name="chat", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )
    database = client("rds").create_db_instance(
        DBInstanceIdentifier="orders", DBInstanceClass="db.t4g.micro", Engine="postgres", Port=5433
    )["DBInstance"]
    cluster = client("rds").create_db_cluster(
        DBClusterIdentifier="orders",
        Engine="aurora-mysql",
        MasterUsername="admin",
        MasterUserPassword="hunter2hunter2",
    )["DBCluster"]
    cluster = client("rds").describe_db_clusters(DBClusterIdentifier="orders")["DBClusters"][0]
    connection = client("events").create_connection(
        Name="partner",
        AuthorizationType="API_KEY",
        AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}},
    )
    zone = client("route53").create_hosted_zone(Name="example.com", CallerReference="1")
    asked = [
        ("AWS::Lambda::Url", url["FunctionArn"], "FunctionUrl", url["FunctionUrl"]),
        ("AWS::ApiGatewayV2::Api", sockets["ApiId"], "ApiEndpoint", sockets["ApiEndpoint"]),
        ("AWS::RDS::DBInstance", "orders", "Endpoint.Port", "5433"),
        ("AWS::RDS::DBCluster", "orders", "Endpoint.Address", cluster["Endpoint"]),
        ("AWS::RDS::DBCluster", "orders", "ReadEndpoint.Address", cluster["ReaderEndpoint"]),
        ("AWS::RDS::DBCluster", "orders", "Endpoint.Port", str(cluster["Port"])),
        ("AWS::Events::Connection", "partner", "Arn", connection["ConnectionArn"]),
        (
            "AWS::Route53::HostedZone",
            zone["HostedZone"]["Id"].removeprefix("/hostedzone/"),
            "NameServers",
            zone["DelegationSet"]["NameServers"],
        ),
    ]
    for resource_type, physical_id, attribute, expected in asked:
        assert attribute_from_aws(moto, resource_type, physical_id, attribute) == expected, resource_type
    assert database["DBInstanceArn"] == attribute_of_id("AWS::RDS::DBInstance", "orders", "DBInstanceArn", OHIO)


def test_a_child_that_only_its_parent_leads_to_needs_the_parent_s_id(moto: Aws) -> None:
    cognito = client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="people")["UserPool"]["Id"]
    made = cognito.create_user_pool_client(UserPoolId=pool, ClientName="web", GenerateSecret=True)["UserPoolClient"]
    kind = "AWS::Cognito::UserPoolClient"
    secret = attribute_from_aws(moto, kind, made["ClientId"], "ClientSecret", properties={"UserPoolId": pool})
    assert secret == made["ClientSecret"]
    with pytest.raises(AttributeUnknownError, match="ClientSecret can be asked only with the resource's UserPoolId"):
        attribute_from_aws(moto, kind, made["ClientId"], "ClientSecret")


@pytest.mark.parametrize(
    ("resource_type", "physical_id", "attribute"),
    [
        ("AWS::IAM::Role", "nobody", "Arn"),
        ("AWS::DynamoDB::Table", "nothing", "StreamArn"),
        ("AWS::EC2::Subnet", "subnet-0123456789abcdef0", "VpcId"),
        ("AWS::RDS::DBInstance", "nothing", "Endpoint.Address"),
        ("AWS::SSM::Parameter", "/nothing", "Value"),
        ("AWS::CloudFront::Distribution", "E000000000", "DomainName"),
        ("AWS::ApiGateway::RestApi", "nothing000", "RootResourceId"),
    ],
)
def test_a_resource_that_is_gone_is_said_to_be_gone(
    moto: Aws, resource_type: str, physical_id: str, attribute: str
) -> None:
    with pytest.raises(AttributeUnknownError, match="is not there") as caught:
        attribute_from_aws(moto, resource_type, physical_id, attribute)
    assert caught.value.message.startswith(f"{resource_type} {physical_id}")
    assert attribute in caught.value.message


def test_a_table_without_a_stream_has_no_stream_arn(moto: Aws) -> None:
    client("dynamodb").create_table(
        TableName="quiet",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    with pytest.raises(AttributeUnknownError, match="AWS gives no value for the attribute StreamArn"):
        attribute_from_aws(moto, "AWS::DynamoDB::Table", "quiet", "StreamArn")


def test_a_custom_resource_s_attributes_are_its_provider_s(moto: Aws) -> None:
    with pytest.raises(AttributeUnknownError, match="only the custom resource's own provider"):
        attribute_from_aws(moto, "Custom::Thing", "thing-1", "Value")


def test_a_resource_without_a_physical_id_is_not_asked_for(moto: Aws) -> None:
    with pytest.raises(AttributeUnknownError, match="no physical id"):
        attribute_from_aws(moto, "AWS::IoT::Thing", "", "Id")


# ---- Cloud Control, which moto has not ----


@dataclass
class Answers:
    """A server that answers every call with one status and body, and keeps what it was asked."""

    status: int = 200
    body: dict[str, Any] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def holds(self, properties: dict[str, Any]) -> None:
        self.status = 200
        self.body = {
            "TypeName": "T",
            "ResourceDescription": {"Identifier": "i", "Properties": json.dumps(properties)},
        }

    def refuses(self, code: str, message: str = "no") -> None:
        self.status, self.body = 400, {"__type": code, "Message": message}


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    kept = Answers()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            body = json.dumps(kept.body).encode()
            self.send_response(kept.status)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Nothing on standard error."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    yield kept
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def aws() -> Aws:
    return Aws(region="us-east-2")


def test_other_types_are_asked_of_cloud_control(answers: Answers, aws: Aws) -> None:
    answers.holds({"Endpoint": {"Address": "a.example.com", "Port": 99}, "Names": ["a", "b"], "On": True})
    assert attribute_from_aws(aws, "AWS::New::Service", "x", "Endpoint.Address") == "a.example.com"
    assert attribute_from_aws(aws, "AWS::New::Service", "x", "Endpoint.Port") == "99"
    assert attribute_from_aws(aws, "AWS::New::Service", "x", "Names") == ["a", "b"]
    assert attribute_from_aws(aws, "AWS::New::Service", "x", "On") == "true"
    assert answers.asked[0] == {"TypeName": "AWS::New::Service", "Identifier": "x"}
    with pytest.raises(AttributeUnknownError, match="AWS gives no value for the attribute Endpoint"):
        attribute_from_aws(aws, "AWS::New::Service", "x", "Endpoint")


@pytest.mark.parametrize(
    ("resource_type", "physical_id", "properties", "type_name", "identifier"),
    [
        ("AWS::Serverless::Function", "hello", {}, "AWS::Lambda::Function", "hello"),
        ("AWS::ApiGateway::Resource", "abc123", {"RestApiId": "api1"}, "AWS::ApiGateway::Resource", "api1|abc123"),
        (
            "AWS::ApiGateway::Deployment",
            "abc123",
            {"RestApiId": "api1"},
            "AWS::ApiGateway::Deployment",
            "abc123|api1",
        ),
        (
            "AWS::ECS::Service",
            "arn:aws:ecs:us-east-2:123456789012:service/prod/web",
            {},
            "AWS::ECS::Service",
            "arn:aws:ecs:us-east-2:123456789012:service/prod/web|prod",
        ),
        (
            "AWS::Batch::JobDefinition",
            "arn:aws:batch:us-east-2:123456789012:job-definition/pack:3",
            {},
            "AWS::Batch::JobDefinition",
            "pack",
        ),
        # The registry's primary identifier of a mapping is its id and its domain's name.
        (
            "AWS::ApiGatewayV2::ApiMapping",
            "m1",
            {"DomainName": "api.example.com"},
            "AWS::ApiGatewayV2::ApiMapping",
            "m1|api.example.com",
        ),
        ("AWS::Bedrock::AgentAlias", "AGENT|ALIAS", {}, "AWS::Bedrock::AgentAlias", "AGENT|ALIAS"),
        ("AWS::SSM::MaintenanceWindowTask", "w|t", {}, "AWS::SSM::MaintenanceWindowTask", "w|t"),
    ],
)
def test_cloud_control_is_asked_by_its_own_identifier(
    answers: Answers,
    aws: Aws,
    resource_type: str,
    physical_id: str,
    properties: dict[str, str],
    type_name: str,
    identifier: str,
) -> None:
    answers.holds({"Other": "value"})
    assert attribute_from_aws(aws, resource_type, physical_id, "Other", properties=properties) == "value"
    assert answers.asked == [{"TypeName": type_name, "Identifier": identifier}]


def test_a_refusal_names_the_iam_action(answers: Answers, aws: Aws) -> None:
    answers.refuses("AccessDeniedException", "User: … is not authorized to perform: cloudformation:GetResource")
    with pytest.raises(AttributeUnknownError) as caught:
        attribute_from_aws(aws, "AWS::Kendra::Index", "12a34567-8c90-4def-af84-0bf06c1747f3", "Status")
    assert caught.value.action == "cloudformation:GetResource"
    assert "AWS::Kendra::Index 12a34567-8c90-4def-af84-0bf06c1747f3: the attribute Status" in caught.value.message
    assert caught.value.tip == "The caller needs the IAM action cloudformation:GetResource."


def test_a_refusal_of_the_service_s_own_call_names_its_action(answers: Answers, aws: Aws) -> None:
    answers.refuses("AccessDeniedException")
    with pytest.raises(AttributeUnknownError) as caught:
        attribute_from_aws(aws, "AWS::DynamoDB::Table", "orders", "StreamArn")
    assert caught.value.action == "dynamodb:DescribeTable"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ResourceNotFoundException", "AWS::New::Service x is not there"),
        ("UnsupportedActionException", "AWS has no call that tells the attribute Value of this type"),
        ("TypeNotFoundException", "AWS has no call that tells the attribute Value of this type"),
        (
            "ValidationException",
            "the attribute Value is unknown: cloudformation:GetResource: ValidationException: no",
        ),
    ],
)
def test_cloud_control_s_errors_are_said_in_full(answers: Answers, aws: Aws, code: str, said: str) -> None:
    answers.refuses(code)
    with pytest.raises(AttributeUnknownError, match=said) as caught:
        attribute_from_aws(aws, "AWS::New::Service", "x", "Value")
    assert caught.value.action is None
