"""How a command names its function: by position, or by the option that Stackery's and SAM CLI's users know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from samlocal.cli.choice import choose
from samlocal.cli.completing import completers
from samlocal.cli.options.configured import variable
from samlocal.cli.options.environment import settings
from samlocal.cli.output import Output
from samlocal.errors import FunctionNotFoundError

F = TypeVar("F", bound=Callable[..., Any])

_CHOSEN = "samlocal.function"

# So many stand in a sentence; more have a line each.
_IN_A_SENTENCE = 6


def function_options(command: F, *, or_route: bool = False) -> F:
    offers = completers.functions_and_routes if or_route else completers.functions
    option = click.option(
        "-f",
        "--function-id",
        metavar="ID",
        envvar=variable("function_id"),
        shell_complete=completers.functions,
        help="The same as FUNCTION.",
    )
    return click.argument("function", required=False, shell_complete=offers)(option(command))


def named_function(ctx: click.Context) -> str | None:
    """The one that is named, if one is. Raises click.UsageError where two are."""
    by_position, by_option = ctx.params["function"], ctx.params["function_id"]
    if by_position and by_option and by_position != by_option:
        raise click.UsageError(f"Two functions are named: {by_position} and {by_option}.{_habit(by_position)}")
    return by_position or by_option or None


def _habit(word: str) -> str:
    """What the Serverless Framework and the AWS CLI have in the place of a function."""
    if word == "local":
        return " Leave `local` out."
    return f" An answer goes to standard output: write `> {word}`." if word.endswith((".json", ".txt")) else ""


def wanted_function(ctx: click.Context) -> str:
    """The one that is named; the template's only one need not be, and at a terminal one is asked for.

    Raises click.UsageError when none is named of several, or two; where none is named FunctionNotFoundError for a
    template without any, and what reading it raises.
    """
    named = named_function(ctx) or ctx.meta.get(_CHOSEN)
    if named:
        return str(named)
    ways_in = _functions(ctx)
    if not ways_in:
        raise FunctionNotFoundError(f"{settings(ctx).template}: the template has no functions.")
    names = {name: name for name in ways_in}
    chosen = next(iter(names)) if len(names) == 1 else None
    if chosen is None:
        chosen = choose(Output(ctx.obj), "Which function?", names, about=ways_in)
    if chosen is None:
        raise click.UsageError(f"Name the function: {ctx.command_path} FUNCTION.{_there(ways_in)}")
    ctx.meta[_CHOSEN] = chosen
    return chosen


def _there(ways_in: dict[str, str]) -> str:
    if len(ways_in) <= _IN_A_SENTENCE:
        return f" The template has {', '.join(ways_in)}."
    width = max(map(len, ways_in))
    return " The template has:\n" + "\n".join(f"  {name:<{width}}  {way}".rstrip() for name, way in ways_in.items())


def _functions(ctx: click.Context) -> dict[str, str]:
    """Those of the template, as far as it says so itself, each with what starts it."""
    from samlocal.function.summary import event_sources
    from samlocal.project.application import files_of, joined

    chosen = settings(ctx)
    application = joined(chosen, None, Output(ctx.obj), files_of(chosen), quietly=True, given=())
    return {
        owner.path(resource): ", ".join(
            f"{source.method} {source.path}" if source.method else source.type
            for source in event_sources(owner, resource)
        )
        for owner, resource in application.functions()
    }
