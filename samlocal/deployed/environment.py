"""One environment: a deployed stack and everything that AWS is asked about it, each question once."""

from __future__ import annotations

from collections.abc import Mapping

from samlocal.aws import Aws, Credentials
from samlocal.deployed import attributes, references, role, role_policies, scope_down
from samlocal.deployed.attributes import AttributeValue
from samlocal.deployed.credential_cache import CredentialCache
from samlocal.deployed.function import (
    DeployedFunction,
    decode_function,
    encode_function,
    read_function,
    read_image,
    read_variables,
)
from samlocal.deployed.place import Place
from samlocal.deployed.session_policy import Policy, Rights, SessionPolicy
from samlocal.deployed.snapshot import Form, Snapshot, plain
from samlocal.deployed.stack import Stack, StackResource, decode_stack, encode_stack, read_stack, read_template


class Environment:
    """Asks AWS as the caller; every method raises AwsError or a class below it."""

    def __init__(self, aws: Aws, *, stack_name: str, snapshot: Snapshot, credentials: CredentialCache) -> None:
        self._aws = aws
        self._stack_name = stack_name
        self._snapshot = snapshot
        self._credentials = credentials

    @property
    def stack(self) -> Stack:
        return self.nested(self._stack_name)

    @property
    def place(self) -> Place:
        return self.stack.place

    def nested(self, name: str) -> Stack:
        """Another stack of the account, such as a nested one, by name or ARN."""
        return self._snapshot.ask(("stack", name), lambda: read_stack(self._aws, name), _STACK)

    def child(self, stack_arn: str) -> Environment:
        """The environment of a nested stack: the same caller and the same answers."""
        return Environment(self._aws, stack_name=stack_arn, snapshot=self._snapshot, credentials=self._credentials)

    def template_text(self) -> str:
        """The template as it was deployed, before its transforms."""
        return self._snapshot.ask(
            ("template", self._stack_name), lambda: read_template(self._aws, self._stack_name), _TEXT
        )

    def function(self, name: str) -> DeployedFunction:
        return self._snapshot.ask(("function", name), lambda: read_function(self._aws, name), _FUNCTION)

    def image(self, name: str) -> str:
        """The container image that a deployed function runs."""
        return self._snapshot.ask(("image", name), lambda: read_image(self._aws, name), _TEXT)

    def variables(self, name: str) -> Mapping[str, str]:
        """The environment variables of a deployed function; never kept, since they may be secrets."""
        return self._snapshot.ask_secret(("variables", name), lambda: read_variables(self._aws, name))

    def attribute(self, resource: StackResource, attribute: str) -> AttributeValue:
        known = attributes.attribute_of_id(resource.type, resource.physical_id, attribute, self.place)
        if known is not None:
            return known
        return self._snapshot.ask(
            ("attribute", resource.type, resource.physical_id, attribute),
            lambda: attributes.attribute_from_aws(self._aws, resource.type, resource.physical_id, attribute),
            _ATTRIBUTE,
        )

    def export(self, name: str) -> str:
        return self._snapshot.ask(("export", name), lambda: references.read_export(self._aws, name), _TEXT)

    def ssm_parameter(self, key: str) -> str:
        return self._snapshot.ask(
            ("ssm-plain", key), lambda: references.read_ssm_parameter(self._aws, key, decrypt=False), _TEXT
        )

    def secure_parameter(self, key: str) -> str:
        return self._snapshot.ask_secret(
            ("ssm-secure", key), lambda: references.read_ssm_parameter(self._aws, key, decrypt=True)
        )

    def secret(self, key: str) -> str:
        return self._snapshot.ask_secret(("secret", key), lambda: references.read_secret(self._aws, key))

    def zones(self, region: str) -> list[str]:
        return self._snapshot.ask(("zones", region), lambda: references.read_zones(self._aws, region), _TEXTS)

    def role_credentials(self, role_arn: str) -> Credentials:
        """Raises RoleDeniedError when the caller may not assume the role."""
        return self._credentials.of(role_arn, lambda: role.assume_role(self._aws, role_arn))

    def role_rights(self, role_arn: str) -> Rights:
        """What a deployed role may do."""
        return self._snapshot.ask(
            ("rights", role_arn), lambda: role_policies.read_rights(self._aws, role_arn), _RIGHTS
        )

    def managed_policy(self, arn: str) -> Policy:
        return self._snapshot.ask(
            ("managed-policy", arn), lambda: role_policies.read_managed(self._aws, arn), _POLICY
        )

    def narrowed_credentials(self, policy: SessionPolicy, *, via_role: str | None) -> Credentials:
        """Keys for what both the caller, or the role assumed on the way, and the policy allow.

        Raises RoleDeniedError where STS gives no such session.
        """
        return self._credentials.of(
            f"{via_role or 'self'} narrowed by {policy.key}",
            lambda: scope_down.narrowed_credentials(self._aws, policy, via_role=via_role),
        )

    def own_credentials(self) -> Credentials:
        """The caller's own keys."""
        return self._aws.credentials()

    def save(self) -> None:
        """Keeps on disk what AWS said."""
        self._snapshot.save()

    @property
    def outdated(self) -> float | None:
        """The age in seconds of what stood in for an AWS out of reach, None when AWS was reached or not needed."""
        return self._snapshot.oldest


_TEXT: Form[str] = plain()
_TEXTS: Form[list[str]] = plain()
_ATTRIBUTE: Form[AttributeValue] = plain()
_STACK = Form(encode=encode_stack, decode=decode_stack)
_RIGHTS = Form(encode=role_policies.encode_rights, decode=role_policies.decode_rights)
_POLICY = Form(encode=role_policies.encode_policy, decode=role_policies.decode_policy)
_FUNCTION = Form(encode=encode_function, decode=decode_function)
