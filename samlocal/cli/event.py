"""``samlocal event``: events as AWS makes them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from random import Random
from typing import Any

import click

from samlocal.cli.options.environment import (
    EnvironmentCommand,
    OwnOptions,
    environment_options,
    settings,
    variable,
)
from samlocal.cli.options.event_flags import flag_options, given_flags
from samlocal.cli.output import Output
from samlocal.config import nearest
from samlocal.events import catalog
from samlocal.events.flags import FlagsError
from samlocal.events.generation import Link, generate
from samlocal.events.kind import Kind
from samlocal.events.triggers.trigger import Trigger
from samlocal.events.values import Given, with_flags

_IN = "in"
"""The word between an event and the one that holds it."""

_FOR = "--for"
_OF_FUNCTION = "of function"
"""What `--for` leads to; no service has such a name."""

_GENERATE = """\b
Examples:
  samlocal event generate s3 put --bucket photos --key cat.jpg
  samlocal event generate sqs receive-message --body one --body two
  samlocal event generate s3 put --key cat.jpg in sns in sqs
  samlocal event generate --for Fn --source Uploads -e dev
  samlocal event generate sns notification | samlocal invoke Fn --event -
"""


@click.group("event", short_help="Events as AWS makes them: generate, list.")
def command() -> None:
    """Events as AWS makes them."""


class _Types(OwnOptions):
    """The events of one service."""

    def __init__(self, service: str) -> None:
        super().__init__(service, help=f"Events of {service}.", subcommand_metavar="TYPE [FLAGS]", options_metavar="")
        self._kinds = catalog.kinds(service)

    def list_commands(self, _: click.Context) -> list[str]:
        return list(self._kinds)

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        kind = self._kinds.get(cmd_name)
        return None if kind is None else _OneEvent(kind)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self._kinds:
            raise _no_type(self.name or "", args[0], ctx)
        return super().resolve_command(ctx, args)


class _Services(OwnOptions):
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        asks_for = any(arg == _FOR or arg.startswith(f"{_FOR}=") for arg in args)
        return super().parse_args(ctx, [_OF_FUNCTION, *args] if asks_for else args)

    def list_commands(self, _: click.Context) -> list[str]:
        return list(catalog.services())

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == _OF_FUNCTION:
            return _of_function
        return _Types(cmd_name) if cmd_name in catalog.services() else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in (_OF_FUNCTION, *catalog.services()):
            raise _no_service(args[0], ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Services and types"):
            formatter.write_dl([(service, ", ".join(catalog.kinds(service))) for service in catalog.services()])


class _OneEvent(click.Command):
    """One event of a chain: its flags, and behind them what holds it."""

    def __init__(self, kind: Kind) -> None:
        options: list[click.Parameter] = list(flag_options(kind))
        if kind.repeats:
            options.append(
                click.Option(
                    ["--count", "--batch-size", "count"],
                    type=click.IntRange(min=1),
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
            epilog="\b\nSources:\n" + "\n".join(f"  {source}" for source in kind.shape.sources),
            context_settings={"allow_interspersed_args": False},
        )
        self.kind = kind


@command.group(
    "generate",
    cls=_Services,
    subcommand_metavar="SERVICE TYPE [FLAGS] [in SERVICE]...",
    options_metavar="",
    epilog=_GENERATE,
)
def generate_command() -> None:
    """Print an event, ready for `samlocal invoke FUNCTION --event -`.

    SERVICE TYPE --help shows an event's flags. A flag that is given several times makes as many records; a value
    that is file://NAME stands in that file. `in` puts an event into another one, as AWS does: the message of a topic
    or a queue, the data of a stream.

    --for FUNCTION makes an event of the function's own sources, with the names and ARNs of the template, or of an
    environment (-e); --source NAME chooses one of several. `… generate --for FUNCTION --help` shows more.
    """


@command.command("list")
@click.argument("service", required=False)
@click.option(
    "--output",
    "output_form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    envvar=variable("output"),
    help="A table to read, or JSON for other programs.",
)
@click.pass_context
def list_command(ctx: click.Context, /, service: str | None, output_form: str) -> int:
    """List the events that can be generated: all, or those of SERVICE."""
    output = Output(ctx.obj)
    if service is not None and service not in catalog.services():
        raise _no_service(service, ctx)
    services = catalog.services() if service is None else (service,)
    kinds = [kind for each in services for kind in catalog.kinds(each).values()]
    if output_form == "json":
        output.document([_as_json(kind) for kind in kinds])
    else:
        output.table(["Service", "Type", "Event"], [[kind.service, kind.type, kind.description] for kind in kinds])
    return 0


class _OfFunction(EnvironmentCommand):
    """The flags of its event are known once the template is read."""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(_top(ctx).command_path, "--for FUNCTION [OPTIONS] [FLAGS] [in SERVICE]...")


@click.command(
    _OF_FUNCTION,
    cls=_OfFunction,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
@click.option("--for", "function", metavar="FUNCTION", required=True, help="The function.")
@click.option(
    "--source", metavar="NAME", help="What starts it: an event of the function's, a resource, or a kind of event."
)
@environment_options
@click.pass_context
def _of_function(ctx: click.Context, /, function: str, source: str | None, **_: object) -> int:
    """Print an event as one of FUNCTION's own sources would send it, with its names and ARNs from the template, and
    those that are deployed where an environment is named.

    Flags of the event may follow, as `samlocal event generate SERVICE TYPE --help` has them.
    """
    from samlocal.events.triggers.triggers import chosen, triggers
    from samlocal.project.project import Project

    output = Output(ctx.obj)
    with Project(settings(ctx), output) as project:
        application, found = project.with_current_values(lambda joined: triggers(joined, function))
        project.keep(application)
    for remark in found.remarks:
        output.warning(remark)
    trigger = chosen(found.found, source, function)
    if application.environment is None:
        _say_placeholders(trigger, output, region_known=application.region_known)
    for remark in trigger.remarks:
        output.warning(remark)
    here = _OneEvent(trigger.kind).make_context(trigger.kind.name, ctx.args, parent=_top(ctx))
    own = {"region": [application.place.region], "account-id": [application.place.account], **trigger.given}
    given = with_flags(trigger.kind, own, given_flags(trigger.kind, here.params))
    if trigger.constant is not None:
        output.document(trigger.constant, indent=2)
        return 0
    return _print(here, given, over=trigger.over)


def _say_placeholders(trigger: Trigger, output: Output, *, region_known: bool) -> None:
    """Without an environment nobody knows them."""
    unknown = ("api-id", "url-id", "account-id", *(() if region_known else ("region",)))
    flags = [f"--{flag} ({expression})" for flag, expression in trigger.invented.items()]
    flags += [f"--{flag}" for flag in unknown if flag in trigger.kind.flags]
    if flags and trigger.constant is None:
        output.notice(f"placeholders, as no environment is named: {', '.join(flags)}. Give -e ENV, or the flags.")


@click.pass_context
def _generate(ctx: click.Context, /, **_: Any) -> int:
    return _print(ctx, given_flags(_kind(ctx), ctx.params))


def _print(ctx: click.Context, given: Given, *, over: Any = None) -> int:
    """Goes along the chain; each link reads its own flags and leaves the rest to the next."""
    now = {"at": [time.time()]} if "at" in _kind(ctx).flags else {}
    links = [Link(kind=_kind(ctx), given={**now, **given}, count=ctx.params.get("count"), over=over)]
    seed = ctx.params["seed"]
    here = ctx
    while here.params["rest"]:
        here = _next(here, here.params["rest"])
        kind = _kind(here)
        links.append(Link(kind=kind, given=given_flags(kind, here.params), count=here.params.get("count")))
        seed = here.params["seed"] if seed is None else seed
    try:
        event = generate(links, Random(seed))  # noqa: S311 - ids, no secrets
    except FlagsError as error:
        raise click.UsageError(str(error), ctx=here) from error
    Output(ctx.obj).document(event, indent=2)
    return 0


def _kind(ctx: click.Context) -> Kind:
    command = ctx.command
    assert isinstance(command, _OneEvent)  # noqa: S101
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
        raise _no_service(service, ctx)
    kinds = catalog.kinds(service)
    if args and not args[0].startswith("-") and args[0] != _IN:
        type_, *args = args
        if type_ not in kinds:
            raise _no_type(service, type_, ctx)
        kind: Kind | None = kinds[type_]
    else:
        kind = catalog.holder(service)
    if kind is None or kind.shape.holds is None:
        raise click.UsageError(
            f"No event goes into {kind.name if kind else service}. One goes into {_holders()}.", ctx=ctx
        )
    # Parsed under the group, so that its errors and help are called by their own name.
    return _OneEvent(kind).make_context(f"{service} {kind.type}", args, parent=_top(ctx))


def _top(ctx: click.Context) -> click.Context:
    while not isinstance(ctx.command, _Services) and ctx.parent is not None:
        ctx = ctx.parent
    return ctx


def _holders() -> str:
    return ", ".join(service for service in catalog.services() if catalog.holder(service))


def _no_service(name: str, ctx: click.Context) -> click.UsageError:
    return click.UsageError(
        f"There is no service {name}{nearest(name, catalog.services())} `samlocal event list` shows all.", ctx=ctx
    )


def _no_type(service: str, name: str, ctx: click.Context) -> click.UsageError:
    kinds = catalog.kinds(service)
    return click.UsageError(
        f"{service} has no event {name}{nearest(name, kinds)} It has {', '.join(kinds)}.", ctx=ctx
    )


def _as_json(kind: Kind) -> dict[str, object]:
    return {
        "service": kind.service,
        "type": kind.type,
        "description": kind.description,
        "flags": [
            {"name": name, "type": flag.type, "help": flag.help, "default": flag.default}
            for name, flag in kind.flags.items()
            if flag.help is not None
        ],
        "batch": kind.repeats,
        "holds_events": kind.shape.holds is not None,
        "sources": list(kind.shape.sources),
    }
