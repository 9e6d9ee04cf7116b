"""What a deployed role may do: its inline and managed policies, as IAM has them."""

from __future__ import annotations

from samlocal.aws import Aws
from samlocal.deployed.rights.policy_document import parsed, written_document
from samlocal.deployed.rights.policy_statement import statements
from samlocal.deployed.rights.role import read_role, role_name
from samlocal.deployed.rights.session_policy import Policy, Rights
from samlocal.errors import AwsError


def read_rights(aws: Aws, role_arn: str) -> Rights:
    """Raises AwsError, with the IAM action that the caller lacks."""
    name = role_name(role_arn)
    role = read_role(aws, role_arn)
    inline = tuple(
        _policy(policy, aws.call("iam", "get_role_policy", RoleName=name, PolicyName=policy)["PolicyDocument"])
        for page in aws.pages("iam", "list_role_policies", RoleName=name)
        for policy in page["PolicyNames"]
    )
    managed = tuple(
        str(attached["PolicyArn"])
        for page in aws.pages("iam", "list_attached_role_policies", RoleName=name)
        for attached in page["AttachedPolicies"]
    )
    boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    return Rights(source=role_arn, inline=inline, managed=managed, boundary=boundary)


def read_managed(aws: Aws, arn: str) -> Policy:
    """A managed policy, written out; its name is its ARN. Raises AwsError."""
    version = aws.call("iam", "get_policy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = aws.call("iam", "get_policy_version", PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    return _policy(arn, document)


def _policy(name: str, sent: str) -> Policy:
    try:
        return Policy(name=name, statements=statements(parsed(written_document(sent))))
    except ValueError as error:
        raise AwsError(f"The policy {name} cannot be read: {error}.") from error
