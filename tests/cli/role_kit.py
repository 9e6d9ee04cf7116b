"""A deployed function whose role trusts Lambda only, and the project it comes from."""

from __future__ import annotations

import json
from typing import Any

from aws_front import Front
from callers import as_user
from kit import AwsEndpoint, function, template

SERVICE = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
ACCOUNT = {**SERVICE, "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}
TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": {
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    },
}


def _role(*trust: dict[str, Any]) -> dict[str, Any]:
    document = {"Version": "2012-10-17", "Statement": list(trust)}
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document}}


DEPLOYED = {
    "Resources": {
        "Items": TABLE,
        "FnRole": _role(SERVICE),
        "SharedRole": _role(SERVICE, ACCOUNT),
        "Fn": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.11",
                "Handler": "app.handler",
                "Role": {"Fn::GetAtt": ["FnRole", "Arn"]},
                "Code": {"ZipFile": "def handler(event, context): pass"},
            },
        },
    }
}
CODE = """\
import os

def handler(event, context):
    import boto3

    return {"role": boto3.client("sts").get_caller_identity()["Arn"], "items": os.environ.get("ITEMS")}
"""
TEMPLATE = template(
    Items=TABLE,
    SharedRole=_role(SERVICE, ACCOUNT),
    Fn=function(Policies=[{"DynamoDBWritePolicy": {"TableName": {"Ref": "Items"}}}]),
    # Not deployed yet, the one under a role that is and the other under one that is not.
    New=function(Role={"Fn::GetAtt": ["SharedRole", "Arn"]}, Environment={"Variables": {"ITEMS": {"Ref": "Items"}}}),
    Fresh=function(),
    Chains=function(Policies=[{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}]),
)

NO_ENGINE = {"DOCKER_HOST": "unix:///nonexistent.sock"}
"""For runs that have to get as far as their credentials and no further: they end with ExitStatus.DOCKER."""


def files(stack: str, **own: Any) -> dict[str, Any]:
    """The project's files; ``own`` goes into ``[test.samlocal.parameters]``."""
    samconfig = (
        f'[test.deploy.parameters]\nstack_name = "{stack}"\nregion = "eu-west-1"\n[test.samlocal.parameters]\n'
    )
    samconfig += "".join(f"{name} = {json.dumps(value)}\n" for name, value in own.items())
    return {"template.json": TEMPLATE, "code/app.py": CODE, "samconfig.toml": samconfig}


def deploy(endpoint: AwsEndpoint, name: str) -> dict[str, str]:
    """The stack's physical ids, and its ``name``. The role of ``Fn`` may read the table."""
    ids: dict[str, str] = endpoint.deploy(name, DEPLOYED)
    table = f"arn:aws:dynamodb:{endpoint.region}:123456789012:table/{ids['Items']}"
    actions = ["dynamodb:Query", "dynamodb:GetItem"]
    read = {"Sid": "Read", "Effect": "Allow", "Action": actions, "Resource": [table, f"{table}/index/*"]}
    document = {"Version": "2012-10-17", "Statement": [read]}
    with endpoint.client("iam") as iam:
        # moto keeps the policies of a stack's roles in a form that is no JSON.
        iam.put_role_policy(RoleName=ids["FnRole"], PolicyName="read", PolicyDocument=json.dumps(document, indent=2))
    return {"name": name, **ids}


def environ_of(front: Front, user: str) -> dict[str, str]:
    """For a process that calls as a user and needs no engine."""
    own = as_user(front, user).credentials()
    keys = {"AWS_ACCESS_KEY_ID": own.access_key_id, "AWS_SECRET_ACCESS_KEY": own.secret_access_key}
    return front.environ | keys | NO_ENGINE
