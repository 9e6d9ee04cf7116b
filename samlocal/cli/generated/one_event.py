"""One event of a chain as a command: its flags, and behind them what holds it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from random import Random
from typing import Any

import click

from samlocal.cli.command import Command
from samlocal.cli.options.event_flags import flag_options, given_flags
from samlocal.cli.options.voice import output_of
from samlocal.config import nearest
from samlocal.events import catalog
from samlocal.events.flags import FlagsError
from samlocal.events.generation import Link, generate
from samlocal.events.kind import Kind
from samlocal.events.values import Given

_IN = "in"
"""The word between an event and the one that holds it."""


_MOST_RECORDS = 10_000
"""Of a batch (Lambda API reference, CreateEventSourceMapping, ``BatchSize``)."""


class OneEvent(Command):
    """One event of a chain: its flags, and behind them what holds it."""

    def __init__(self, kind: Kind) -> None:
        options: list[click.Parameter] = list(flag_options(kind))
        if kind.repeats:
            options.append(
                click.Option(
                    ["--count", "--batch-size", "count"],
                    type=click.IntRange(min=1, max=_MOST_RECORDS),
                    metavar="N",
                    help="How many records.  [default: 1, or as many as a flag is given]",
                )
            )
        options.append(
            click.Option(["--seed"], type=click.INT, metavar="N", help="Make the same ids each time for the same N.")
        )
        options.append(click.Argument(["rest"], nargs=-1, type=click.UNPROCESSED, metavar="[in SERVICE]..."))
        super().__init__(
            kind.type,
            params=options,
            callback=_generate,
            help=kind.description,
            options_metavar="[FLAGS]",
            epilog="\b\nSources:\n" + "\n".join(map(_source, kind.shape.sources)),
            context_settings={"allow_interspersed_args": False},
        )
        self.kind = kind


def _source(source: str) -> str:
    """A file's repository above it: together they would be wider than a terminal."""
    return "  " + source.replace(" ", "\n    ")


@click.pass_context
def _generate(ctx: click.Context, /, **_: Any) -> int:
    return print_event(ctx, given_flags(_kind(ctx), ctx.params))


def print_event(ctx: click.Context, given: Given, *, over: Any = None, inner: Sequence[Link] = ()) -> int:
    """Goes along the chain; each link reads its own flags and leaves the rest to the next. ``inner`` is inside."""
    links = [*inner, Link(kind=_kind(ctx), given=given, count=ctx.params.get("count"), over=over)]
    seed = ctx.params["seed"]
    here = ctx
    while here.params["rest"]:
        here = _next(here, here.params["rest"])
        kind = _kind(here)
        links.append(Link(kind=kind, given=given_flags(kind, here.params), count=here.params.get("count")))
        seed = here.params["seed"] if seed is None else seed
    try:
        event = generate(links, Random(seed), now=time.time())  # noqa: S311 - ids, no secrets
    except FlagsError as error:
        raise click.UsageError(str(error), ctx=here) from error
    output_of(ctx).document(event, indent=2)
    return 0


def _kind(ctx: click.Context) -> Kind:
    command = ctx.command
    assert isinstance(command, OneEvent)  # noqa: S101
    return command.kind


def _next(ctx: click.Context, rest: Sequence[str]) -> click.Context:
    """What holds an event: ``in sqs --queue-name Orders``."""
    word, *args = rest
    if word != _IN:
        raise click.UsageError(
            f"{word} is neither a flag nor `in`. Write: {ctx.command_path} [FLAGS] in SERVICE [TYPE] [FLAGS]", ctx=ctx
        )
    if not args or args[0].startswith("-"):
        raise click.UsageError(f"`in` what? Write `in` and one of {_holders()}.", ctx=ctx)
    service, *args = args
    if service not in catalog.services():
        raise no_service(service, ctx)
    kinds = catalog.kinds(service)
    if args and not args[0].startswith("-") and args[0] != _IN:
        type_, *args = args
        if type_ not in kinds:
            raise no_type(service, type_, ctx)
        kind: Kind | None = kinds[type_]
    else:
        kind = catalog.holder(service)
    if kind is None or kind.shape.holds is None:
        raise click.UsageError(
            f"No event goes into {kind.name if kind else service}. One goes into {_holders()}.", ctx=ctx
        )
    # Parsed under the group, so that its errors and help are called by their own name.
    return OneEvent(kind).make_context(f"{service} {kind.type}", args, parent=generate_context(ctx))


def generate_context(ctx: click.Context) -> click.Context:
    """That of `samlocal event generate` itself."""
    while ctx.info_name != "generate" and ctx.parent is not None:
        ctx = ctx.parent
    return ctx


def _holders() -> str:
    return ", ".join(service for service in catalog.services() if catalog.holder(service))


def no_service(name: str, ctx: click.Context) -> click.UsageError:
    return click.UsageError(
        f"There is no service {name}{nearest(name, catalog.services())} `samlocal event list` shows all.", ctx=ctx
    )


def no_type(service: str, name: str, ctx: click.Context) -> click.UsageError:
    kinds = catalog.kinds(service)
    return click.UsageError(
        f"{service} has no event {name}{nearest(name, kinds)} It has {', '.join(kinds)}.", ctx=ctx
    )
