"""Under whose rights a function runs."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from samlocal.errors import ConfigurationError, ProtectedError, RoleDeniedError
from samlocal.project.settings import Settings
from samlocal.project.teller import Teller

if TYPE_CHECKING:
    from samlocal.aws import Credentials
    from samlocal.deployed.environment import Environment
    from samlocal.deployed.rights.session_policy import Rights
    from samlocal.function.application import Application
    from samlocal.function.spec import FunctionSpec
    from samlocal.project.account import Account


class RunsUnder(Enum):
    """Whose rights: the function's role's, the caller's, or the caller's narrowed to the role's."""

    ROLE = "role"
    CALLER = "caller"
    NARROWED = "narrowed"


class Policies(Enum):
    """To what a session is narrowed: the deployed role's policies, or the template's before they are deployed."""

    DEPLOYED = "deployed"
    TEMPLATE = "template"


class RightsOptions(Struct, frozen=True, kw_only=True):
    """``role_arn`` stands in for the function's own role; ``via_role`` is the one whose session is narrowed."""

    runs_under: RunsUnder = RunsUnder.ROLE
    role_arn: str | None = None
    policies: Policies = Policies.DEPLOYED
    via_role: str | None = None
    allow_protected: bool = False


class RoleNotKnownError(RoleDeniedError):
    """No role is deployed for the function. What is to be done about it is a front end's to say."""

    def __init__(self, message: str, *, function: FunctionSpec) -> None:
        super().__init__(message)
        self.function = function


class RoleRefusedError(RoleDeniedError):
    """The role does not let the caller assume it. What is to be done about it is a front end's to say."""

    def __init__(self, message: str, *, function: FunctionSpec, role_arn: str) -> None:
        super().__init__(message)
        self.function = function
        self.role_arn = role_arn


def function_credentials(
    settings: Settings,
    account: Account,
    environment: Environment | None,
    application: Callable[[], Application],
    function: FunctionSpec,
    options: RightsOptions,
    teller: Teller,
) -> Credentials | None:
    """The function's role's keys with an environment; without one none, unless the user's own are asked for.

    ``application`` is asked for where rights are narrowed to the template's policies. Raises ProtectedError,
    RoleDeniedError, AwsError, CredentialsError, and ConfigurationError where there is no environment to narrow to.
    """
    if not options.allow_protected:
        refuse_protected(
            settings, tip="--allow-protected runs the function all the same: on the environment's own data."
        )
    match options.runs_under:
        case RunsUnder.CALLER:
            return _own(account, teller)
        case RunsUnder.NARROWED:
            if environment is None:
                raise ConfigurationError(
                    f"{function.location}: {function.logical_id}: its role is an environment's, and none is named.",
                    tip="Name it, or its stack: rights are narrowed to those of a deployed role.",
                )
            return _narrowed(environment, application, function, options, teller)
        case RunsUnder.ROLE:
            if environment is None and options.role_arn is None:
                return _own(account, teller) if settings.profile else None
            return _of_role(settings, account, function, options.role_arn or _role_of(function))


def role_credentials(
    settings: Settings,
    account: Account,
    environment: Environment | None,
    role_arn: str,
    options: RightsOptions,
) -> Credentials:
    """Of a role that an API, and no function, calls AWS under: under the caller's own rights where functions are.

    Raises ProtectedError, RoleDeniedError, AwsError, CredentialsError.
    """
    if not options.allow_protected:
        refuse_protected(settings, tip="--allow-protected asks its services all the same: on its own data.")
    match options.runs_under:
        case RunsUnder.CALLER:
            return account.caller().credentials()
        case RunsUnder.NARROWED if environment is not None:
            from samlocal.deployed.rights.session_policy import session_policy

            policy = session_policy(environment.role_rights(role_arn), read_managed=environment.managed_policy)
            return environment.narrowed_credentials(policy, via_role=options.via_role)
    return _assumed(settings, account, role_arn, whose="API")


def refuse_protected(settings: Settings, *, tip: str) -> None:
    """Raises ProtectedError in an environment of which samconfig.toml says ``protected = true``."""
    if settings.protected:
        raise ProtectedError(
            f"The environment {settings.environment} is protected ({settings.file.origin}).", tip=tip
        )


def _own(account: Account, teller: Teller) -> Credentials:
    teller.notice("the function runs under your own AWS rights, not under its role.")
    return account.caller().credentials()


def _role_of(function: FunctionSpec) -> str:
    if isinstance(function.role, str):
        return function.role
    raise RoleNotKnownError(
        f"{function.location}: {function.logical_id}: its role is not known: "
        f"{function.role.expression}: {function.role.reason}.",
        function=function,
    )


def _of_role(settings: Settings, account: Account, function: FunctionSpec, role_arn: str) -> Credentials:
    try:
        return _assumed(settings, account, role_arn)
    except RoleDeniedError as error:
        raise RoleRefusedError(error.message, function=function, role_arn=role_arn) from error


def _assumed(settings: Settings, account: Account, role_arn: str, *, whose: str = "function") -> Credentials:
    from samlocal.deployed.rights.role import assume_role

    aws, kept = account.caller(), account.credential_cache(refresh=settings.refresh)
    return kept.of(role_arn, lambda: assume_role(aws, role_arn, whose=whose))


def _narrowed(
    environment: Environment,
    application: Callable[[], Application],
    function: FunctionSpec,
    options: RightsOptions,
    teller: Teller,
) -> Credentials:
    from samlocal.deployed.rights.session_policy import session_policy

    rights = _rights(environment, application, function, options)
    policy = session_policy(rights, read_managed=environment.managed_policy)
    teller.notice(f"the function runs under your own AWS rights, narrowed to those of {rights.source}.")
    if rights.boundary is not None:
        teller.warning(
            f"a session policy cannot hold the role's permissions boundary, {rights.boundary}: "
            "what that alone forbids is not forbidden here."
        )
    if options.via_role is None and any(service in (policy.text or "") for service in ('"iam:', '"sts:')):
        # STS API reference, GetFederationToken: what such a session can call.
        teller.warning(
            "the role may call IAM or STS, and a user's narrowed session can call neither; --via-role ARN can."
        )
    return environment.narrowed_credentials(policy, via_role=options.via_role)


def _rights(
    environment: Environment,
    application: Callable[[], Application],
    function: FunctionSpec,
    options: RightsOptions,
) -> Rights:
    if options.policies is Policies.DEPLOYED:
        return environment.role_rights(options.role_arn or _role_of(function))
    from samlocal.function.template_rights import template_rights

    owner, resource = next(
        (owner, resource)
        for owner, resource in application().functions()
        if owner.template.place(resource.line) == function.location
    )
    return template_rights(owner, resource)
