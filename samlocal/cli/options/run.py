"""The options that say what of a project runs and how, on the commands that run functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from samlocal.cli.options.build import build_flag, build_options
from samlocal.cli.options.configured import variable
from samlocal.cli.options.environment import settings
from samlocal.cli.options.param_type import Choice
from samlocal.cli.options.rights import rights_flags, rights_options
from samlocal.cli.options.sandbox import sandbox_flags, sandbox_options
from samlocal.project.credentials import RunsUnder
from samlocal.project.run_options import Code, RunOptions
from samlocal.project.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

tenant_flag = click.option(
    "--tenant-id",
    metavar="TENANT",
    envvar=variable("tenant_id"),
    help="Tenant, for a function that keeps tenants apart.",
)

strict_flag = click.option(
    "--strict",
    is_flag=True,
    envvar=variable("strict"),
    help="Refuse placeholders, which stand in without an environment.",
)

code_flag = click.option(
    "--code",
    type=Choice([code.value for code in Code]),
    default=Code.LOCAL.value,
    show_default=True,
    envvar=variable("code"),
    help="The working copy, or the package and layers that run in the environment now.",
)


def run_flags(command: F) -> F:
    """The rights, builds and sandboxes of what runs."""
    return rights_flags(build_flag(sandbox_flags(command)))


def run_options(ctx: click.Context) -> tuple[Settings, RunOptions]:
    """What the command line says of the project, and of how its functions run; a debugger is the command's own.

    Raises UsageError, TemplateError and ConfigurationError.
    """
    options = RunOptions(
        code=Code(ctx.params.get("code", Code.LOCAL)),
        strict=ctx.params["strict"],
        build=build_options(ctx, debug=ctx.params["debug_port"] is not None),
        rights=rights_options(ctx),
        sandbox=sandbox_options(ctx),
    )
    chosen = settings(ctx)
    if options.rights.runs_under is RunsUnder.NARROWED and chosen.stack_name is None:
        raise click.UsageError("--scope-down and --policies need an environment: -e ENV, or -n STACK.")
    return chosen, options
