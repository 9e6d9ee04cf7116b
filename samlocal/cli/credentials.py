"""Under whose rights a function runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from samlocal.cli.application import caller, credential_cache
from samlocal.cli.options import Settings, variable
from samlocal.cli.output import Output
from samlocal.cli.ways_on import without_role, without_trust
from samlocal.errors import ProtectedError, RoleDeniedError

if TYPE_CHECKING:
    from samlocal.aws import Credentials
    from samlocal.deployed.environment import Environment
    from samlocal.deployed.rights.session_policy import Rights
    from samlocal.function.application import Application
    from samlocal.function.spec import FunctionSpec

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = [
    click.option(
        "--assume-role/--no-assume-role",
        default=True,
        envvar=variable("assume_role"),
        help="Run under the function's own role, or under your own rights.  [default: its role]",
    ),
    click.option("--role-arn", metavar="ARN", envvar=variable("role_arn"), help="Run under this role instead."),
    click.option(
        "--scope-down",
        is_flag=True,
        envvar=variable("scope_down"),
        help="Run under your own rights, narrowed to the role's: needs no trust.",
    ),
    click.option(
        "--policies",
        type=click.Choice(["deployed", "template"]),
        default="deployed",
        show_default=True,
        envvar=variable("policies"),
        help="Narrow to the deployed role's policies, or to the local template's before they are deployed.",
    ),
    click.option(
        "--via-role",
        metavar="ARN",
        envvar=variable("via_role"),
        help="Role whose session is narrowed, for callers that are a role's session themselves.",
    ),
    click.option(
        "--allow-protected", is_flag=True, help="Run although samconfig.toml says that the environment is protected."
    ),
]


def credential_options(command: F) -> F:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def function_credentials(
    ctx: click.Context, chosen: Settings, application: Application, function: FunctionSpec, output: Output
) -> Credentials | None:
    """The function's role's keys with an environment; without one none, unless the user's own are asked for.

    Raises ProtectedError, RoleDeniedError with the ways on, click.UsageError, AwsError, CredentialsError.
    """
    if not ctx.params["allow_protected"]:
        refuse_protected(
            chosen, tip="--allow-protected runs the function all the same: on the environment's own data."
        )
    narrowed = _narrowed(ctx)
    environment = application.environment
    role_arn: str | None = ctx.params["role_arn"]
    if narrowed and environment is None:
        raise click.UsageError("--scope-down and --policies need an environment: -e ENV, or -n STACK.")
    if not ctx.params["assume_role"]:
        return _own(chosen, output)
    if narrowed and environment is not None:
        return _scoped_down(ctx, environment, application, function, output)
    if environment is None and role_arn is None:
        return _own(chosen, output) if chosen.profile else None
    return _of_role(ctx, chosen, role_arn or _role_of(ctx, function), function)


def refuse_protected(chosen: Settings, *, tip: str) -> None:
    """Raises ProtectedError in an environment of which samconfig.toml says ``protected = true``."""
    if chosen.protected:
        raise ProtectedError(f"The environment {chosen.environment} is protected ({chosen.file.origin}).", tip=tip)


def _narrowed(ctx: click.Context) -> bool:
    values = ctx.params
    narrowed = bool(values["scope_down"]) or values["policies"] == "template"
    if narrowed and not values["assume_role"]:
        raise click.UsageError("--no-assume-role and --scope-down exclude each other.")
    if values["via_role"] and not narrowed:
        raise click.UsageError("--via-role goes with --scope-down.")
    if values["role_arn"] and values["policies"] == "template":
        raise click.UsageError("--role-arn and --policies template exclude each other.")
    return narrowed


def _own(chosen: Settings, output: Output) -> Credentials:
    output.notice("the function runs under your own AWS rights, not under its role.")
    return caller(chosen).credentials()


def _role_of(ctx: click.Context, function: FunctionSpec) -> str:
    if isinstance(function.role, str):
        return function.role
    raise RoleDeniedError(
        f"{function.location}: {function.logical_id}: its role is not known: "
        f"{function.role.expression}: {function.role.reason}.",
        tip=without_role(ctx, function),
    )


def _of_role(ctx: click.Context, chosen: Settings, role_arn: str, function: FunctionSpec) -> Credentials:
    from samlocal.deployed.rights.role import assume_role

    aws = caller(chosen)
    try:
        return credential_cache(chosen).of(role_arn, lambda: assume_role(aws, role_arn))
    except RoleDeniedError as error:
        raise RoleDeniedError(error.message, tip=without_trust(ctx, chosen, function, role_arn)) from error


def _scoped_down(
    ctx: click.Context, environment: Environment, application: Application, function: FunctionSpec, output: Output
) -> Credentials:
    from samlocal.deployed.rights.session_policy import session_policy

    rights = _rights(ctx, environment, application, function)
    policy = session_policy(rights, read_managed=environment.managed_policy)
    output.notice(f"the function runs under your own AWS rights, narrowed to those of {rights.source}.")
    if rights.boundary is not None:
        output.warning(
            f"a session policy cannot hold the role's permissions boundary, {rights.boundary}: "
            "what that alone forbids is not forbidden here."
        )
    via_role: str | None = ctx.params["via_role"]
    if via_role is None and any(service in (policy.text or "") for service in ('"iam:', '"sts:')):
        # STS API reference, GetFederationToken: what such a session can call.
        output.warning(
            "the role may call IAM or STS, and a user's narrowed session can call neither; --via-role ARN can."
        )
    return environment.narrowed_credentials(policy, via_role=via_role)


def _rights(ctx: click.Context, environment: Environment, application: Application, function: FunctionSpec) -> Rights:
    if ctx.params["policies"] == "deployed":
        return environment.role_rights(ctx.params["role_arn"] or _role_of(ctx, function))
    from samlocal.function.template_rights import template_rights

    owner, resource = next(
        (owner, resource)
        for owner, resource in application.functions()
        if owner.template.place(resource.line) == function.location
    )
    return template_rights(owner, resource, cache=ctx.obj.cache_folder / "translated")
