"""Options of every command that serves functions over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click

from samlocal.cli.options.configured import variable
from samlocal.cli.options.debug import DEBUG_NAMES, service_debug_flags
from samlocal.cli.options.environment import Seconds
from samlocal.cli.options.listen import LISTEN_NAMES
from samlocal.cli.options.run import code_flag, run_flags, strict_flag
from samlocal.pool.options import PoolOptions

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
    strict_flag,
    code_flag,
)


FIXED = (*LISTEN_NAMES, "concurrency", "idle", "warm", "reload", "output_form", "log_file", *DEBUG_NAMES)
"""Options that cannot change while such a command stays."""


def served_flags(command: F) -> F:
    command = run_flags(command)
    for flag in reversed(_FLAGS):
        command = flag(command)
    return service_debug_flags(command)


def pool_options(ctx: click.Context) -> PoolOptions:
    return PoolOptions(concurrency=ctx.params["concurrency"], idle=ctx.params["idle"])


def warmed(texts: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """Functions and how many of their sandboxes are started ahead. Raises UsageError."""
    for text in texts:
        name, found, count = text.partition("=")
        if not (name and found and count.isdecimal()):
            raise click.UsageError(f"--warm {text}: write FUNCTION=N.")
        yield name, int(count)
