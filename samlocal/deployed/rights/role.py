"""The function's execution role, assumed for the function."""

from __future__ import annotations

from typing import Any

from samlocal.aws import Aws, AwsCallError, Credentials
from samlocal.deployed.rights.caller import session_name
from samlocal.deployed.rights.policy_document import written_document
from samlocal.deployed.rights.session_policy import SessionPolicy
from samlocal.deployed.rights.trust_policy import principals
from samlocal.errors import AwsError, RoleDeniedError

HOUR = 3600
"""Seconds that every caller may ask for, also one that is an assumed role itself (IAM user guide, role chaining)."""


def assume_role(
    aws: Aws, role_arn: str, *, policy: SessionPolicy | None = None, whose: str = "function"
) -> Credentials:
    """Credentials of the role for as long as it gives them, narrowed by ``policy``.

    Raises RoleDeniedError with the caller, the role and whom it trusts; never falls back to the caller's own rights.
    """
    narrowed = policy.arguments() if policy else {}
    longest = _longest(aws, role_arn)
    try:
        try:
            answer = _assume(aws, role_arn, longest, narrowed)
        except AwsCallError as error:
            if longest == HOUR or error.code != "ValidationError":
                raise
            answer = _assume(aws, role_arn, HOUR, narrowed)
    except AwsCallError as error:
        if error.denied:
            raise _refused(aws, role_arn, error, whose=whose) from error
        raise
    return session_credentials(aws, answer)


def session_credentials(aws: Aws, answer: dict[str, Any]) -> Credentials:
    """The keys in an answer of STS."""
    keys = answer["Credentials"]
    return Credentials(
        access_key_id=keys["AccessKeyId"],
        secret_access_key=keys["SecretAccessKey"],
        session_token=keys["SessionToken"],
        expires=keys["Expiration"].timestamp(),
        endpoint_url=aws.endpoint_url(),
    )


def role_name(role_arn: str) -> str:
    return role_arn.rpartition("/")[2]


def read_role(aws: Aws, role_arn: str) -> dict[str, Any]:
    """What IAM says of the role.

    Raises AwsError, also where the caller's account has only a namesake of another account's role.
    """
    role: dict[str, Any] = aws.call("iam", "get_role", RoleName=role_name(role_arn))["Role"]
    if role["Arn"] != role_arn:
        raise AwsError(f"iam:GetRole: {role_arn} is not in the caller's account.")
    return role


def _assume(aws: Aws, role_arn: str, duration: int, narrowed: dict[str, Any]) -> dict[str, Any]:
    return aws.call(
        "sts", "assume_role", RoleArn=role_arn, RoleSessionName=session_name(), DurationSeconds=duration, **narrowed
    )


def _longest(aws: Aws, role_arn: str) -> int:
    """Seconds that the role's sessions may last, an hour where the caller may not read it."""
    try:
        return max(HOUR, int(read_role(aws, role_arn).get("MaxSessionDuration", HOUR)))
    except AwsError:
        return HOUR


def _refused(aws: Aws, role_arn: str, error: AwsCallError, *, whose: str) -> RoleDeniedError:
    return RoleDeniedError(
        f"The {whose}'s role cannot be assumed.\n  role:    {role_arn}\n  caller:  {_caller(aws)}\n"
        f"  trusts:  {_trusted(aws, role_arn)}\n  AWS:     {error.message}",
        tip=f"Its trust policy has to name the caller, or the caller's own policies to allow sts:AssumeRole on "
        f"{role_arn}.",
    )


def _caller(aws: Aws) -> str:
    try:
        return str(aws.call("sts", "get_caller_identity")["Arn"])
    except AwsError as error:
        return f"unknown ({error.message})"


def _trusted(aws: Aws, role_arn: str) -> str:
    """The principals of the role's trust policy, where the caller may read it."""
    try:
        document = written_document(read_role(aws, role_arn)["AssumeRolePolicyDocument"])
    except AwsError as error:
        return f"not readable ({error.message})"
    return ", ".join(principals(document)) or "nobody"
