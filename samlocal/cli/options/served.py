"""Options of every command that serves functions over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click

from samlocal.cli.options.build import build_options
from samlocal.cli.options.debug import DEBUG_NAMES, service_debug_flags
from samlocal.cli.options.environment import Seconds, settings, variable
from samlocal.cli.options.rights import rights_options
from samlocal.cli.options.sandbox import sandbox_options
from samlocal.pool.options import PoolOptions
from samlocal.project.credentials import RunsUnder
from samlocal.project.run_options import Code, RunOptions
from samlocal.project.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

_FLAGS = (
    click.option(
        "--concurrency",
        type=click.IntRange(min=1),
        default=PoolOptions().concurrency,
        show_default=True,
        envvar=variable("concurrency"),
        help="How many events run at once, of all functions; others wait.",
    ),
    click.option(
        "--idle",
        type=Seconds(),
        default=PoolOptions().idle,
        show_default=True,
        metavar="SECONDS|never",
        envvar=variable("idle"),
        help="How long a sandbox waits for an event before it ends.",
    ),
    click.option(
        "--warm",
        multiple=True,
        metavar="FUNCTION=N",
        envvar=variable("warm"),
        help="Start N sandboxes of a function ahead.",
    ),
    click.option(
        "--strict",
        is_flag=True,
        envvar=variable("strict"),
        help="Refuse placeholders, which stand in without an environment.",
    ),
    click.option(
        "--code",
        type=click.Choice(["local", "deployed"]),
        default="local",
        show_default=True,
        envvar=variable("code"),
        help="The working copy, or the package and layers that run in the environment now.",
    ),
)


FIXED = ("concurrency", "idle", "warm", "reload", "output_form", *DEBUG_NAMES)
"""Options that cannot change while such a command stays."""


def served_flags(command: F) -> F:
    for flag in reversed(_FLAGS):
        command = flag(command)
    return service_debug_flags(command)


def run_options(ctx: click.Context) -> tuple[Settings, RunOptions]:
    """What the command line says of the project, and of how its functions run. Raises UsageError."""
    options = RunOptions(
        code=Code(ctx.params["code"]),
        strict=ctx.params["strict"],
        build=build_options(ctx, debug=ctx.params["debug_port"] is not None),
        rights=rights_options(ctx),
        sandbox=sandbox_options(ctx),
    )
    chosen = settings(ctx)
    if options.rights.runs_under is RunsUnder.NARROWED and chosen.stack_name is None:
        raise click.UsageError("--scope-down and --policies need an environment: -e ENV, or -n STACK.")
    return chosen, options


def pool_options(ctx: click.Context) -> PoolOptions:
    return PoolOptions(concurrency=ctx.params["concurrency"], idle=ctx.params["idle"])


def warmed(texts: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """Functions and how many of their sandboxes are started ahead. Raises UsageError."""
    for text in texts:
        name, found, count = text.partition("=")
        if not (name and found and count.isdecimal()):
            raise click.UsageError(f"--warm {text}: write FUNCTION=N.")
        yield name, int(count)
