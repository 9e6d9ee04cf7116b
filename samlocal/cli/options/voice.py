"""How much is said beside the payload: ``--quiet`` and ``--verbose``, and the output that they choose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from samlocal.cli.output import Output

F = TypeVar("F", bound=Callable[..., Any])

_QUIET = click.option(
    "-q", "--quiet", is_flag=True, envvar="SAMLOCAL_QUIET", help="Say nothing but the payload and errors."
)
_VERBOSE = click.option(
    "-v",
    "--verbose",
    is_flag=True,
    envvar="SAMLOCAL_VERBOSE",
    help="Show each request to the engine and to AWS, with its duration.",
)

plain_flag = click.option(
    "--plain",
    is_flag=True,
    envvar="SAMLOCAL_PLAIN",
    help="At a terminal, too, show log and payload as they are, as programs get them.",
)


def voice_flags(command: F) -> F:
    return _QUIET(_VERBOSE(command))


def is_quiet(ctx: click.Context) -> bool:
    """Raises UsageError where both are asked for."""
    if ctx.params.get("quiet") and ctx.params.get("verbose"):
        raise click.UsageError("--quiet and --verbose cannot both be meant.")
    return bool(ctx.params.get("quiet"))


def output_of(ctx: click.Context, *, for_people: bool = False) -> Output:
    """The command's, to its end. Raises UsageError."""
    return hearing(ctx, Output(ctx.obj, for_people=for_people, quiet=is_quiet(ctx)))


def hearing(ctx: click.Context, output: Output) -> Output:
    """Has it tell of every request, where that is asked for, until the command ends."""
    if ctx.params.get("verbose"):
        ctx.with_resource(_told_of_requests(output))
    return output


@contextmanager
def _told_of_requests(output: Output) -> Iterator[None]:
    """The rooms that make requests log them; nobody else listens."""
    import logging

    class Shown(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            output.request(record.getMessage())

    requests, shown = logging.getLogger("samlocal"), Shown()
    before = requests.level
    requests.addHandler(shown)
    requests.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        requests.removeHandler(shown)
        requests.setLevel(before)
