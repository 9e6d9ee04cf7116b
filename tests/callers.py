"""Callers of AWS, and what the endpoint says of roles past samlocal."""

from __future__ import annotations

import contextlib
import urllib.parse

import botocore.handlers
from aws_front import Front

from samlocal.aws import Aws, Credentials

LAMBDA = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
ANYBODY = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "sts:AssumeRole"}


def as_user(front: Front, name: str) -> Aws:
    """The user is made where there is none yet."""
    with front.endpoint.client("iam") as iam:
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_user(UserName=name)
        for old in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            # A user has two at most.
            iam.delete_access_key(UserName=name, AccessKeyId=old["AccessKeyId"])
        key = iam.create_access_key(UserName=name)["AccessKey"]
    credentials = Credentials(access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])
    return Aws(region=front.endpoint.region, credentials=credentials)


def as_session_of(front: Front, role_arn: str, *, session: str = "work") -> Aws:
    """AWS as a session of a role calls it."""
    with front.endpoint.client("sts") as sts:
        keys = sts.assume_role(RoleArn=role_arn, RoleSessionName=session)["Credentials"]
    credentials = Credentials(
        access_key_id=keys["AccessKeyId"],
        secret_access_key=keys["SecretAccessKey"],
        session_token=keys["SessionToken"],
    )
    return Aws(region=front.endpoint.region, credentials=credentials)


def trust_text(front: Front, role_arn: str) -> str:
    """The trust policy to the byte, past boto3, which parses it."""
    with front.endpoint.client("iam") as iam:
        iam.meta.events.unregister("after-call.iam", botocore.handlers.json_decode_policies)
        role = iam.get_role(RoleName=role_arn.rpartition("/")[2])["Role"]
    return urllib.parse.unquote(role["AssumeRolePolicyDocument"])
