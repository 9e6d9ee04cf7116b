"""A session of the caller's own that is narrowed to a role's rights."""

from __future__ import annotations

from samlocal.aws import Aws, AwsCallError, Credentials
from samlocal.deployed.rights.caller import Caller, Kind, read_caller, session_name
from samlocal.deployed.rights.role import HOUR, assume_role, session_credentials
from samlocal.deployed.rights.session_policy import SessionPolicy
from samlocal.errors import RoleDeniedError

# STS API reference, GetFederationToken: a user's sessions may last longer, but longer keys are worse to lose.
_USER_SECONDS = 12 * HOUR
_NAME_CHARACTERS = 32


def narrowed_credentials(aws: Aws, policy: SessionPolicy, *, via_role: str | None) -> Credentials:
    """Keys that may do what both the caller (or ``via_role``, assumed by the caller) and the policy allow.

    Raises RoleDeniedError where STS gives this caller no such session, or the policy is too large for it.
    """
    try:
        if via_role is not None:
            return assume_role(aws, via_role, policy=policy)
        return _federation_token(aws, read_caller(aws), policy)
    except AwsCallError as error:
        if error.code == "PackedPolicyTooLarge":
            raise RoleDeniedError(
                f"The policies of {policy.source} do not fit into a session policy: {error.message}",
                tip="Attach fewer managed policies or shorter inline ones to the role, or let it trust you: "
                "`samlocal trust add`.",
            ) from error
        raise


def _federation_token(aws: Aws, caller: Caller, policy: SessionPolicy) -> Credentials:
    if caller.kind in (Kind.ROLE, Kind.FEDERATED):
        raise _cannot_narrow(caller)
    duration = HOUR if caller.kind is Kind.ROOT else _USER_SECONDS
    try:
        answer = aws.call(
            "sts",
            "get_federation_token",
            Name=session_name()[:_NAME_CHARACTERS],
            DurationSeconds=duration,
            **policy.arguments(),
        )
    except AwsCallError as error:
        if error.denied:
            raise RoleDeniedError(
                f"{caller.arn} cannot narrow its own session: {error.message}",
                tip="It needs the IAM action sts:GetFederationToken and long-term keys (a session of GetSessionToken "
                "will not do). Or name a role that it may assume with --via-role ARN.",
            ) from error
        raise
    return session_credentials(aws, answer)


def _cannot_narrow(caller: Caller) -> RoleDeniedError:
    if caller.kind is Kind.FEDERATED:
        return RoleDeniedError(
            f"{caller.arn} is a federated session, which STS gives no further session, so nothing can narrow it.",
            tip="Call as a user or a role: name their profile with --aws-profile.",
        )
    partition = caller.arn.split(":")[1]
    own = f"arn:{partition}:iam::{caller.account}:role/{caller.role_name}"
    return RoleDeniedError(
        f"{caller.arn} is a session of an assumed role, which cannot narrow itself: STS narrows a session only when "
        "it makes it, and makes one for such a caller only by AssumeRole.",
        tip=f"Name a role that this session may assume: --via-role ARN. It may be its own, {own}, where the trust "
        "policy of that role names the role itself.",
    )
