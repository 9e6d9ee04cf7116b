"""What the local template gives a function's role, with the deployed values in it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from kit import AwsEndpoint

from samlocal.aws import Aws, Credentials
from samlocal.deployed.environment import Environment
from samlocal.deployed.rights.credential_cache import CredentialCache
from samlocal.deployed.rights.session_policy import Policy, Rights, SessionPolicy, session_policy
from samlocal.deployed.snapshot import Snapshot
from samlocal.errors import RoleDeniedError, UnresolvedError
from samlocal.function.application import Application, application
from samlocal.function.template_rights import template_rights
from samlocal.template.reader import parse, read

SAMPLE = Path(__file__).parents[2] / "templates" / "template.yaml"
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": {
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    },
}
FUNCTION = {"Type": "AWS::Serverless::Function", "Properties": {"Runtime": "python3.11", "Handler": "a.b"}}


@pytest.fixture
def environment(aws_server: AwsEndpoint, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """A stack with the table of the sample and a queue."""
    for name, value in aws_server.environ.items():
        monkeypatch.setenv(name, value)
    name = f"rights-{uuid.uuid4().hex[:8]}"
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": f"{name}-jobs"}}
    aws_server.deploy(name, {"Resources": {"EventsTable": TABLE, "Jobs": queue}})
    aws = Aws(region=aws_server.region, credentials=Credentials(access_key_id="testing", secret_access_key="testing"))
    return Environment(
        aws,
        stack_name=name,
        snapshot=Snapshot(None, clock=lambda: 0.0),
        credentials=CredentialCache(Path("/nonexistent"), caller="me", clock=lambda: 0.0),
    )


def joined(document: Any, environment: Environment) -> Application:
    return application(document, environment=environment, region="eu-west-1", flags={}, configured={})


def rights(document: Any, name: str, environment: Environment) -> Rights:
    owner, resource = joined(document, environment).find(name)
    return template_rights(owner, resource)


def document(fn: Mapping[str, Any], **resources: Any) -> Any:
    properties = {**FUNCTION["Properties"], **fn}  # type: ignore[dict-item]
    text = {"Transform": "AWS::Serverless-2016-10-31", "Resources": {"Fn": {**FUNCTION, "Properties": properties}}}
    text["Resources"] |= resources  # type: ignore[operator]
    return parse(json.dumps(text), path=Path("template.json"))


def policy(found: Rights) -> SessionPolicy:
    def never(arn: str) -> Policy:
        raise AssertionError(arn)

    return session_policy(found, read_managed=never)


def statements(found: Rights) -> list[Any]:
    written: list[Any] = json.loads(policy(found).text or '{"Statement":[]}')["Statement"]
    return written


def test_the_samples_session_policy_is_the_one_written_by_hand(environment: Environment) -> None:
    table = environment.stack.resources["EventsTable"].physical_id
    arn = f"arn:aws:dynamodb:eu-west-1:123456789012:table/{table}"

    found = policy(rights(read(SAMPLE), "getEvent", environment))

    # SAM specification, policy templates: DynamoDBReadPolicy; every function may write its log.
    actions = ["BatchGetItem", "DescribeTable", "GetItem", "Query", "Scan"]
    assert json.loads(found.text or "") == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": [f"dynamodb:{action}" for action in actions],
                "Resource": [arn, f"{arn}/index/*"],
            }
        ],
    }
    assert found.arns == (BASIC,)


def test_policies_of_all_kinds_count(environment: Environment) -> None:
    policies = [
        "AmazonS3ReadOnlyAccess",
        {"SQSSendMessagePolicy": {"QueueName": {"Fn::GetAtt": "Jobs.QueueName"}}},
        {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}},
    ]
    found = rights(
        document({"Policies": policies}, Jobs={"Type": "AWS::SQS::Queue", "Properties": {}}),
        "Fn",
        environment,
    )

    jobs = f"arn:aws:sqs:eu-west-1:123456789012:{environment.stack.name}-jobs"
    assert statements(found) == [
        {"Effect": "Allow", "Action": "sqs:SendMessage*", "Resource": jobs},
        {"Effect": "Deny", "Action": "s3:*", "Resource": "*"},
    ]
    assert set(found.managed) == {BASIC, "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}


def test_a_connector_gives_rights(environment: Environment) -> None:
    connector = {
        "Type": "AWS::Serverless::Connector",
        "Properties": {"Source": {"Id": "Fn"}, "Destination": {"Id": "EventsTable"}, "Permissions": ["Read"]},
    }

    found = rights(document({}, EventsTable=TABLE, Link=connector), "Fn", environment)

    (statement,) = statements(found)
    assert "dynamodb:GetItem" in statement["Action"]
    assert environment.stack.resources["EventsTable"].physical_id in statement["Resource"][0]


def test_a_role_of_the_template_and_the_policies_that_name_it_count(environment: Environment) -> None:
    def allow(action: str) -> dict[str, Any]:
        return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}

    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {},
            "Policies": [{"PolicyName": "own", "PolicyDocument": allow("a:Own")}],
            "ManagedPolicyArns": [{"Ref": "Local"}],
        },
    }
    attached = {
        "Type": "AWS::IAM::Policy",
        "Properties": {"PolicyName": "p", "PolicyDocument": allow("a:Attached"), "Roles": [{"Ref": "Role"}]},
    }
    elsewhere = {
        "Type": "AWS::IAM::Policy",
        "Properties": {"PolicyName": "q", "PolicyDocument": allow("a:Other"), "Roles": ["other"]},
    }
    local = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": allow("a:Managed")}}

    found = rights(
        document(
            {"Role": {"Fn::GetAtt": ["Role", "Arn"]}}, Role=role, Attached=attached, Elsewhere=elsewhere, Local=local
        ),
        "Fn",
        environment,
    )

    assert statements(found) == [{"Effect": "Allow", "Action": ["a:Attached", "a:Managed", "a:Own"], "Resource": "*"}]
    assert found.managed == ()


def test_a_policy_for_what_is_not_deployed_is_named(environment: Environment) -> None:
    new = {"Policies": [{"DynamoDBReadPolicy": {"TableName": {"Ref": "New"}}}]}

    with pytest.raises(UnresolvedError, match=r"Fn: Policies: .*New"):
        rights(document(new, New=TABLE), "Fn", environment)


def test_a_role_from_elsewhere_has_no_policies_here(environment: Environment) -> None:
    with pytest.raises(RoleDeniedError, match="does not stand in the template"):
        rights(document({"Role": "arn:aws:iam::123456789012:role/shared"}), "Fn", environment)
