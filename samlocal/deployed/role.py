"""The function's execution role, assumed for the function."""

from __future__ import annotations

import getpass
import json
import re
import socket
import urllib.parse

from samlocal.aws import Aws, AwsCallError, Credentials
from samlocal.errors import AwsError, RoleDeniedError

# One hour is what every caller may ask for, also one that is an assumed role itself (IAM user guide, role chaining).
DURATION = 3600


def assume_role(aws: Aws, role_arn: str) -> Credentials:
    """Credentials of the role, good for an hour.

    Raises RoleDeniedError with the caller, the role and whom it trusts; never falls back to the caller's own rights.
    """
    try:
        answer = aws.call(
            "sts", "assume_role", RoleArn=role_arn, RoleSessionName=session_name(), DurationSeconds=DURATION
        )
    except AwsCallError as error:
        if error.denied:
            raise _refused(aws, role_arn, error) from error
        raise
    keys = answer["Credentials"]
    return Credentials(
        access_key_id=keys["AccessKeyId"],
        secret_access_key=keys["SecretAccessKey"],
        session_token=keys["SessionToken"],
        expires=keys["Expiration"].timestamp(),
    )


def session_name() -> str:
    """Tells in CloudTrail who ran the function and from where: 2 to 64 of ``[\\w+=,.@-]`` (STS API reference)."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    name = f"samlocal-{user}@{socket.gethostname()}"
    return re.sub(r"[^\w+=,.@-]", "-", name, flags=re.ASCII)[:64]


def _refused(aws: Aws, role_arn: str, error: AwsCallError) -> RoleDeniedError:
    caller = _caller(aws)
    trusted = _trusted(aws, role_arn)
    return RoleDeniedError(
        f"The function's role cannot be assumed.\n  role:    {role_arn}\n  caller:  {caller}\n"
        f"  trusts:  {trusted}\n  AWS:     {error.message}",
        tip="Let the role's trust policy name the caller (AssumeRolePolicyDocument in the template), and allow the "
        f"caller sts:AssumeRole on {role_arn}. Or run under your own rights with --no-assume-role.",
    )


def _caller(aws: Aws) -> str:
    try:
        return str(aws.call("sts", "get_caller_identity")["Arn"])
    except AwsError as error:
        return f"unknown ({error.message})"


def _trusted(aws: Aws, role_arn: str) -> str:
    """The principals of the role's trust policy, where the caller may read it."""
    try:
        document = aws.call("iam", "get_role", RoleName=role_arn.rpartition("/")[2])["Role"][
            "AssumeRolePolicyDocument"
        ]
    except AwsError as error:
        return f"not readable ({error.message})"
    if isinstance(document, str):
        document = json.loads(urllib.parse.unquote(document))
    statements = document.get("Statement", [])
    statements = statements if isinstance(statements, list) else [statements]
    return (
        ", ".join(name for statement in statements for name in _principals(statement.get("Principal", {})))
        or "nobody"
    )


def _principals(principal: object) -> list[str]:
    if isinstance(principal, dict):
        return [name for value in principal.values() for name in _principals(value)]
    if isinstance(principal, list):
        return [str(name) for name in principal]
    return [str(principal)]
