"""Who calls AWS: a user, a session of a role, or another kind, as its ARN tells."""

from __future__ import annotations

import getpass
import re
import socket
from enum import Enum, auto

from msgspec import Struct

from samlocal.aws import Aws
from samlocal.errors import AwsError, CredentialsError

# IAM Identity Center's roles: one for each permission set, shared by everyone who has it.
_SSO_ROLE = "AWSReservedSSO_"


class Kind(Enum):
    USER = auto()
    ROLE = auto()
    FEDERATED = auto()
    ROOT = auto()


class Caller(Struct, frozen=True, kw_only=True):
    """A caller; ``arn`` is what STS's GetCallerIdentity says (IAM user guide, "IAM identifiers")."""

    arn: str

    @property
    def kind(self) -> Kind:
        resource = self.arn.split(":", 5)[5]
        match resource.partition("/")[0]:
            case "assumed-role":
                return Kind.ROLE
            case "federated-user":
                return Kind.FEDERATED
            case "root":
                return Kind.ROOT
        return Kind.USER

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]

    @property
    def role_name(self) -> str:
        """The role that a caller of the kind ROLE is a session of."""
        return self.arn.split("/")[1]


def read_caller(aws: Aws) -> Caller:
    """Raises AwsError and CredentialsError."""
    return Caller(arn=str(aws.call("sts", "get_caller_identity")["Arn"]))


def principal(aws: Aws, caller: Caller) -> str:
    """What a trust policy calls this caller, and the same caller tomorrow.

    A session of IAM Identity Center is named itself: everyone of its permission set shares the role, and its name is
    the person's. Another role's sessions come and go under any name, so there it is the role.
    Raises CredentialsError for root, whom no role can trust.
    """
    if caller.kind is Kind.ROOT:
        raise CredentialsError(
            f"{caller.arn} is the account's root, which can assume no role.",
            tip="Call as a user or a role: name their profile with --aws-profile.",
        )
    if caller.kind is not Kind.ROLE or caller.role_name.startswith(_SSO_ROLE):
        return caller.arn
    try:
        # The session's ARN leaves out the role's path.
        return str(aws.call("iam", "get_role", RoleName=caller.role_name)["Role"]["Arn"])
    except AwsError:
        partition = caller.arn.split(":")[1]
        return f"arn:{partition}:iam::{caller.account}:role/{caller.role_name}"


def session_name() -> str:
    """Tells in CloudTrail who ran the function and from where: 2 to 64 of ``[\\w+=,.@-]`` (STS API reference)."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    name = f"samlocal-{user}@{socket.gethostname()}"
    return re.sub(r"[^\w+=,.@-]", "-", name, flags=re.ASCII)[:64]
