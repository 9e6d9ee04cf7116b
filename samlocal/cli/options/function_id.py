"""How a command names its function: by position, or by the option that Stackery's and SAM CLI's users know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from samlocal.cli.options.environment import settings, variable
from samlocal.cli.output import Output
from samlocal.errors import SamlocalError

F = TypeVar("F", bound=Callable[..., Any])


def function_options(command: F) -> F:
    option = click.option(
        "-f", "--function-id", metavar="ID", envvar=variable("function_id"), help="The same as FUNCTION."
    )
    return click.argument("function", required=False)(option(command))


def wanted_function(ctx: click.Context) -> str:
    """The one that is named; the template's only one need not be.

    Raises click.UsageError when none is named, or two.
    """
    by_position, by_option = ctx.params["function"], ctx.params["function_id"]
    if by_position and by_option and by_position != by_option:
        raise click.UsageError(f"Two functions are named: {by_position} and {by_option}.")
    wanted = by_position or by_option
    if wanted:
        return str(wanted)
    there = _functions(ctx)
    if len(there) == 1:
        return there[0]
    has = f" The template has {', '.join(there)}." if there else ""
    raise click.UsageError(f"Name the function: {ctx.command_path} FUNCTION.{has}")


def _functions(ctx: click.Context) -> list[str]:
    """Those of the template, as far as it says so itself."""
    from samlocal.project.application import joined
    from samlocal.template.files import Files

    try:
        application = joined(settings(ctx), None, Output(ctx.obj), Files(), quietly=True)
        return [owner.path(resource) for owner, resource in application.functions()]
    except SamlocalError:
        # Whoever reads the template next says what is wrong with it.
        return []
