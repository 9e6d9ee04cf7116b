"""How a command names its function: by position, or by the option that Stackery's and SAM CLI's users know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from samlocal.cli.options.environment import variable

F = TypeVar("F", bound=Callable[..., Any])


def function_options(command: F) -> F:
    option = click.option(
        "-f", "--function-id", metavar="ID", envvar=variable("function_id"), help="The same as FUNCTION."
    )
    return click.argument("function", required=False)(option(command))


def wanted_function(ctx: click.Context) -> str:
    """Raises click.UsageError when none is named, or two."""
    by_position, by_option = ctx.params["function"], ctx.params["function_id"]
    if by_position and by_option and by_position != by_option:
        raise click.UsageError(f"Two functions are named: {by_position} and {by_option}.")
    wanted = by_position or by_option
    if not wanted:
        raise click.UsageError(f"Name the function: {ctx.command_path} FUNCTION.")
    return str(wanted)
