"""Under whose rights a function runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from samlocal.cli.options import Settings, variable
from samlocal.cli.output import Output
from samlocal.errors import RoleDeniedError

if TYPE_CHECKING:
    from samlocal.aws import Credentials
    from samlocal.function.application import Application
    from samlocal.function.spec import FunctionSpec

F = TypeVar("F", bound=Callable[..., Any])


def credential_options(command: F) -> F:
    return click.option(
        "--assume-role/--no-assume-role",
        default=True,
        envvar=variable("assume_role"),
        help="Run under the function's own role, or under your own rights.  [default: its role]",
    )(command)


def function_credentials(
    ctx: click.Context, chosen: Settings, application: Application, function: FunctionSpec, output: Output
) -> Credentials | None:
    """The function's role's keys with an environment; without one none, unless the user's own are asked for."""
    from samlocal.aws import Aws

    environment = application.environment
    if environment is not None and ctx.params["assume_role"]:
        if function.role_arn is None:
            raise RoleDeniedError(
                f"The stack {environment.stack.name} has no function {function.logical_id}; its role is not known.",
                tip="Deploy it (`sam deploy`), or run under your own rights with --no-assume-role.",
            )
        return environment.role_credentials(function.role_arn)
    if not ctx.params["assume_role"] or chosen.profile:
        output.notice("the function runs under your own AWS rights, not under its role.")
        return Aws(profile=chosen.profile, region=chosen.region).credentials()
    return None
