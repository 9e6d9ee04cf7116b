"""What CloudFormation takes and moto would refuse or read otherwise, as public templates have it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sample_kit import document

from samlocal.aws import Aws
from samlocal.local.deploy import deploy

Client = Callable[[str], Any]

TEMPLATE = """
Resources:
  Images:
    Type: AWS::ECR::Repository
  Tenants:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: batch.amazonaws.com}, Action: sts:AssumeRole}]
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}
  Group: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: !Ref Vpc, GroupDescription: own}}
  Machines:
    Type: AWS::Batch::ComputeEnvironment
    Properties:
      Type: MANAGED
      ServiceRole: !Ref Tenants
      ComputeResources:
        Type: FARGATE
        MaxvCpus: 2
        Subnets: [!Ref Subnet]
        SecurityGroupIds: [!Ref Group]
  Lamp:
    Type: AWS::IoT::Thing
    Properties: {ThingName: lamp, AttributePayload: {Attributes: {colour: red}}}
  Orders:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Sub ${AWS::StackName}-orders
      EventPattern: {source: [shop]}
  TheBus:
    Type: AWS::Events::EventBus
    Properties: {Name: !Sub "${AWS::StackName}-orders"}
  Embedded:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: arn:aws:iam::123456789012:role/any
      Code: {ZipFile: !Rain::Embed code.py}
"""


def test_all_of_it_is_made(aws: Aws, client: Client, tmp_path: Path) -> None:
    deployment = deploy(document(TEMPLATE, tmp_path), stack_name="As-Written", aws=aws, with_code=False)
    assert [(each.logical_id, each.note) for each in deployment.not_made] == []

    repository = deployment.physical_id("Images")
    assert repository == str(repository).lower()
    assert client("ecr").describe_repositories(repositoryNames=[repository])["repositories"]
    (machines,) = client("batch").describe_compute_environments()["computeEnvironments"]
    assert machines["serviceRole"].endswith(f":role/{deployment.physical_id('Tenants')}")
    assert client("iot").describe_thing(thingName="lamp")["attributes"] == {"colour": "red"}
    (rule,) = client("events").list_rules(EventBusName="As-Written-orders")["Rules"]
    assert json.loads(rule["EventPattern"]) == {"source": ["shop"]}
    assert client("lambda").get_function(FunctionName=deployment.physical_id("Embedded"))["Configuration"]


BUCKETS = """
Resources:
  Encrypted: {Type: AWS::S3::Bucket, Properties: {BucketName: tls-alone}}
  ByTls:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Encrypted
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Deny
            Principal: "*"
            Action: s3:*
            Resource: [!GetAtt Encrypted.Arn, !Sub "${Encrypted.Arn}/*"]
            Condition: {Bool: {aws:SecureTransport: "false"}}
  Closed: {Type: AWS::S3::Bucket, Properties: {BucketName: closed-for-all}}
  ForAll:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Closed
      PolicyDocument:
        Version: "2012-10-17"
        Statement: {Effect: Deny, Principal: "*", Action: s3:PutObject, Resource: !Sub "${Closed.Arn}/*"}
"""


def test_a_bucket_policy_counts_where_no_condition_is_to_be_known(aws: Aws, client: Client, tmp_path: Path) -> None:
    deploy(document(BUCKETS, tmp_path), stack_name="bucket-policies", aws=aws)
    s3 = client("s3")
    s3.put_object(Bucket="tls-alone", Key="a", Body=b"hello")
    assert s3.get_object(Bucket="tls-alone", Key="a")["Body"].read() == b"hello"
    s3.delete_objects(Bucket="tls-alone", Delete={"Objects": [{"Key": "a"}]})
    assert "Contents" not in s3.list_objects_v2(Bucket="tls-alone")
    with pytest.raises(ClientError, match="403"):
        s3.put_object(Bucket="closed-for-all", Key="a", Body=b"hello")


INCLUDED = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: Prod
      Cors: "'*'"
      DefinitionBody:
        Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://elsewhere/openapi.yaml}}
  Queue: {Type: AWS::SQS::Queue}
"""


def test_a_definition_that_is_included_from_elsewhere_keeps_nothing_else_from_being_made(
    aws: Aws, tmp_path: Path
) -> None:
    deployment = deploy(document(INCLUDED, tmp_path), stack_name="included", aws=aws)
    made = {each.logical_id for each in deployment.resources if each.made}
    assert {"Api", "Queue"} <= made


ELSEWHERE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Machine: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: s3://elsewhere/machine.asl.json}}
  App: {Type: AWS::Amplify::App}
  Queue: {Type: AWS::SQS::Queue}
"""


def test_a_state_machine_whose_definition_is_elsewhere_is_made_and_said_to_do_nothing(
    aws: Aws, tmp_path: Path
) -> None:
    deployment = deploy(document(ELSEWHERE, tmp_path), stack_name="elsewhere", aws=aws)
    assert deployment.physical_id("Machine") is not None
    assert deployment.idle == {
        "Machine": "Machine: its definition is not on this machine",
        "App": "App is not made: the local endpoint makes no AWS::Amplify::App",
    }
