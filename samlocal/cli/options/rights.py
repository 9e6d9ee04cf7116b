"""The options that say under whose rights a function runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from samlocal.cli.options.configured import variable
from samlocal.cli.options.param_type import Choice
from samlocal.project.credentials import Policies, RightsOptions, RunsUnder

F = TypeVar("F", bound=Callable[..., Any])

_FLAGS = [
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
        type=Choice(["deployed", "template"]),
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


def rights_flags(command: F) -> F:
    for flag in reversed(_FLAGS):
        command = flag(command)
    return command


def rights_options(ctx: click.Context) -> RightsOptions:
    """The flags' values. Raises click.UsageError for those that do not go together."""
    values = ctx.params
    policies = Policies(values["policies"])
    narrowed = bool(values["scope_down"]) or policies is Policies.TEMPLATE
    if narrowed and not values["assume_role"]:
        raise click.UsageError("--no-assume-role and --scope-down exclude each other.")
    if values["via_role"] and not narrowed:
        raise click.UsageError("--via-role goes with --scope-down.")
    if values["role_arn"] and policies is Policies.TEMPLATE:
        raise click.UsageError("--role-arn and --policies template exclude each other.")
    return RightsOptions(
        runs_under=RunsUnder.NARROWED if narrowed else RunsUnder.ROLE if values["assume_role"] else RunsUnder.CALLER,
        role_arn=values["role_arn"],
        policies=policies,
        via_role=values["via_role"],
        allow_protected=values["allow_protected"],
    )
