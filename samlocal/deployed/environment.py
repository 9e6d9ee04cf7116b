"""One environment: a deployed stack and everything that AWS is asked about it, each question once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING

from samlocal.aws import Aws, Credentials
from samlocal.deployed import references
from samlocal.deployed.attributes import lookup as attributes
from samlocal.deployed.attributes.lookup import AttributeValue
from samlocal.deployed.function import (
    DeployedFunction,
    read_function,
    read_image,
    read_variables,
)
from samlocal.deployed.place import Place
from samlocal.deployed.revision import RevisionCheck, Standing
from samlocal.deployed.rights.credential_cache import CredentialCache
from samlocal.deployed.snapshot import Snapshot
from samlocal.deployed.stack import (
    Stack,
    StackParameter,
    StackResource,
    read_stack,
    read_template,
    undeployed_stack,
)

if TYPE_CHECKING:
    # Loaded where a role's rights are asked for: 5 ms, which a known run and one without an environment save.
    from samlocal.deployed.rights.session_policy import Policy, Rights, SessionPolicy

DEPLOY = "Deploy it (`sam deploy`)"

_MOMENT = 5.0
"""Seconds for which nobody doubts what AWS said."""


class Environment:
    """Asks AWS as the caller; every method raises AwsError or a class below it."""

    def __init__(
        self,
        aws: Aws,
        *,
        stack_name: str,
        snapshot: Snapshot,
        credentials: CredentialCache,
        check: Callable[[Stack], RevisionCheck] | None = None,
        made_up: Mapping[str, StackParameter] | None = None,
        undeployed: Stack | None = None,
        remedy: str = DEPLOY,
    ) -> None:
        """``check`` asks AWS whether the stack has changed; None where what is kept is not to be doubted.

        ``made_up`` are the stack's parameters that samlocal itself has given a value, where nobody else had.
        ``undeployed`` stands for a nested stack that is in the template only. ``remedy`` is what to do about a
        resource that the stack does not have.
        """
        self.remedy = remedy
        self.made_up = made_up or {}
        self._undeployed = undeployed
        self._aws = aws
        self._stack_name = stack_name
        self._snapshot = snapshot
        self._credentials = credentials
        self._check = check
        self._checking: RevisionCheck | None = None

    @property
    def stack(self) -> Stack:
        return self._undeployed or self.nested(self._stack_name)

    @property
    def place(self) -> Place:
        return self.stack.place

    def nested(self, name: str) -> Stack:
        """Another stack of the account, such as a nested one, by name or ARN."""
        return self._snapshot.ask(("stack", name), lambda: read_stack(self._aws, name), Stack)

    def child(self, logical_id: str) -> Environment:
        """The environment of a nested stack: the same caller and the same answers.

        Of one that is not deployed yet nothing is known.
        """
        deployed = self.stack.resources.get(logical_id)
        if deployed is not None:
            name, undeployed = deployed.physical_id, None
        else:
            undeployed = undeployed_stack(self.stack, logical_id)
            name = undeployed.name
        return Environment(
            self._aws,
            stack_name=name,
            snapshot=self._snapshot,
            credentials=self._credentials,
            undeployed=undeployed,
            remedy=self.remedy,
        )

    def template_text(self) -> str:
        """The template as it was deployed, before its transforms."""
        return self._snapshot.ask(
            ("template", self._stack_name), lambda: read_template(self._aws, self._stack_name), str
        )

    def function(self, name: str) -> DeployedFunction:
        return self._snapshot.ask(("function", name), lambda: read_function(self._aws, name), DeployedFunction)

    def image(self, name: str) -> str:
        """The container image that a deployed function runs."""
        return self._snapshot.ask(("image", name), lambda: read_image(self._aws, name), str)

    def variables(self, name: str) -> Mapping[str, str]:
        """The environment variables of a deployed function; never kept, since they may be secrets."""
        return self._snapshot.ask_secret(("variables", name), lambda: read_variables(self._aws, name))

    def attribute(
        self, resource: StackResource, attribute: str, *, properties: Mapping[str, str] = MappingProxyType({})
    ) -> AttributeValue:
        """``properties`` are the resource's in the template, looked at where its id alone does not find it."""
        known = attributes.attribute_of_id(resource.type, resource.physical_id, attribute, self.place)
        if known is not None:
            return known
        question = ("attribute", resource.type, resource.physical_id, attribute)

        def fetch() -> AttributeValue:
            return attributes.attribute_from_aws(
                self._aws, resource.type, resource.physical_id, attribute, properties=properties
            )

        if attributes.is_secret(resource.type, attribute):
            return self._snapshot.ask_secret(question, fetch)
        return self._snapshot.ask(question, fetch, AttributeValue)

    def export(self, name: str) -> str:
        return self._snapshot.ask(("export", name), lambda: references.read_export(self._aws, name), str)

    def ssm_parameter(self, key: str) -> str:
        return self._snapshot.ask(
            ("ssm-plain", key), lambda: references.read_ssm_parameter(self._aws, key, decrypt=False), str
        )

    def secure_parameter(self, key: str) -> str:
        return self._snapshot.ask_secret(
            ("ssm-secure", key), lambda: references.read_ssm_parameter(self._aws, key, decrypt=True)
        )

    def secret(self, key: str) -> str:
        return self._snapshot.ask_secret(("secret", key), lambda: references.read_secret(self._aws, key))

    def zones(self, region: str) -> list[str]:
        return self._snapshot.ask(("zones", region), lambda: references.read_zones(self._aws, region), list[str])

    def role_rights(self, role_arn: str) -> Rights:
        """What a deployed role may do."""
        from samlocal.deployed.rights.role_policies import read_rights
        from samlocal.deployed.rights.session_policy import Rights

        return self._snapshot.ask(("rights", role_arn), lambda: read_rights(self._aws, role_arn), Rights)

    def managed_policy(self, arn: str) -> Policy:
        from samlocal.deployed.rights.role_policies import read_managed
        from samlocal.deployed.rights.session_policy import Policy

        return self._snapshot.ask(("managed-policy", arn), lambda: read_managed(self._aws, arn), Policy)

    def narrowed_credentials(self, policy: SessionPolicy, *, via_role: str | None) -> Credentials:
        """Keys for what both the caller, or the role assumed on the way, and the policy allow.

        Raises RoleDeniedError where STS gives no such session.
        """

        def narrow() -> Credentials:
            from samlocal.deployed.rights.scope_down import narrowed_credentials

            return narrowed_credentials(self._aws, policy, via_role=via_role)

        return self._credentials.of(f"{via_role or 'self'} narrowed by {policy.key}", narrow)

    @contextmanager
    def checked(self) -> Iterator[None]:
        """AWS is asked, beside what is done here, whether the stack is still the one that is kept.

        Not where it said so a moment ago, unless a deployment was under way then.
        """
        kept = self._snapshot.kept(("stack", self._stack_name), Stack)
        if self._check is not None and kept is not None:
            moment_ago = min(kept.age, self._snapshot.confirmed_age) < _MOMENT
            if not moment_ago or kept.answer.status.endswith("_IN_PROGRESS"):
                self._checking = self._check(kept.answer)
        try:
            yield
        finally:
            if self._checking is not None:
                self._checking.close()
                self._checking = None

    def standing(self) -> Standing:
        """Whether the stack is still the one whose answers were kept, once AWS has said so.

        Raises AwsError where AWS is asked and does not tell.
        """
        if self._checking is None:
            return Standing.NOT_ASKED
        checking, self._checking = self._checking, None
        if checking.answer() != self.stack.revision:
            return Standing.CHANGED
        self._snapshot.confirm()
        return Standing.SAME

    @property
    def answers(self) -> dict[str, str] | None:
        """What AWS has been asked, each with a digest of its answer; None where that may not be recorded."""
        return self._snapshot.answers

    def holds(self, answers: Mapping[str, str]) -> bool:
        """Whether AWS would be believed to say all that again; then it counts as asked."""
        return self._snapshot.holds(answers)

    def save(self) -> None:
        """Keeps on disk what AWS said."""
        self._snapshot.save()

    @property
    def kept_age(self) -> float | None:
        """The age in seconds of the oldest answer used that was kept, None where none was."""
        return self._snapshot.kept_age

    @property
    def outdated(self) -> float | None:
        """The age in seconds of what stood in for an AWS out of reach, None when AWS was reached or not needed."""
        return self._snapshot.oldest
