"""``samlocal event``: events as AWS makes them."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator, Sequence

import click

from samlocal.captured.saved import SavedEvent, SavedEvents
from samlocal.cli.captured.capture import capture
from samlocal.cli.captured.save import save
from samlocal.cli.captured.share import share
from samlocal.cli.command_group import CommandGroup
from samlocal.cli.generated import of_function
from samlocal.cli.generated.one_event import OneEvent, no_service, no_type
from samlocal.cli.options.command_line import EnvironmentCommand, OwnOptions
from samlocal.cli.options.environment import name_options, settings
from samlocal.cli.options.output_form import output_option
from samlocal.cli.options.voice import output_of
from samlocal.cli.tables import Spare
from samlocal.errors import ConfigurationError, TemplateError
from samlocal.events import catalog
from samlocal.events.kind import Kind

_FOR = "--for"

_GENERATE = """\b
Examples:
  samlocal event generate s3 put --bucket photos --key cat.jpg
  samlocal event generate sqs receive-message --body one --body two
  samlocal event generate s3 put --key cat.jpg in sns in sqs
  samlocal event generate --for Fn --source Uploads -e dev
  samlocal event generate sns notification | samlocal invoke Fn --event -
"""


@click.group("event", cls=CommandGroup)
def command() -> None:
    """Events: generate, save, share, capture, list.

    They are events as AWS makes them, as functions got them, and as a team shares them.

    \b
    Examples:
      samlocal event generate s3 put --bucket photos --key cat.jpg
      samlocal event generate --for resize
      samlocal event save big-order getEvent
    """


for each in (save, share, capture):
    command.add_command(each)


class _Types(OwnOptions):
    """The events of one service."""

    def __init__(self, service: str) -> None:
        super().__init__(service, help=f"Events of {service}.", subcommand_metavar="TYPE [FLAGS]", options_metavar="")
        self._kinds = catalog.kinds(service)

    def list_commands(self, _: click.Context) -> list[str]:
        return list(self._kinds)

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        kind = self._kinds.get(cmd_name)
        return None if kind is None else OneEvent(kind)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self._kinds:
            raise no_type(self.name or "", args[0], ctx)
        return super().resolve_command(ctx, args)


class _Services(OwnOptions):
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        asks_for = any(arg == _FOR or arg.startswith(f"{_FOR}=") for arg in args)
        return super().parse_args(ctx, [of_function.NAME, *args] if asks_for else args)

    def list_commands(self, _: click.Context) -> list[str]:
        return list(catalog.services())

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == of_function.NAME:
            return of_function.of_function
        return _Types(cmd_name) if cmd_name in catalog.services() else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in (of_function.NAME, *catalog.services()):
            raise no_service(args[0], ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        # click would break a name at its hyphens.
        first = max(map(len, catalog.services())) + 4
        with formatter.section("Services and types"):
            for service in catalog.services():
                types = ", ".join(catalog.kinds(service))
                lines = textwrap.wrap(types, formatter.width - first, break_on_hyphens=False)
                head = f"  {service}".ljust(first)
                formatter.write("".join(f"{head if line is lines[0] else ' ' * first}{line}\n" for line in lines))


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


@command.command("list", cls=EnvironmentCommand)
@click.argument("service", required=False)
@name_options
@click.option("--saved", "only_saved", is_flag=True, help="Only those that `event save` keeps.")
@output_option("table", "json", tells="A list to read, or JSON for other programs.")
@click.pass_context
def list_command(
    ctx: click.Context, /, service: str | None, output_form: str, *, only_saved: bool, **_: object
) -> int:
    """List the events that are saved with the project, and those that can be generated: all, or those of SERVICE.

    `samlocal event share list FUNCTION -e ENV` lists those that are shared. JSON has those that can be generated, or
    with --saved those that are saved.
    """
    output = output_of(ctx)
    if service is not None and service not in catalog.services():
        raise no_service(service, ctx)
    if service is not None and only_saved:
        raise click.UsageError(f"Those that are saved are not {service}'s: leave out SERVICE, or --saved.")
    services = () if only_saved else catalog.services() if service is None else (service,)
    saved = _saved(ctx, needed=only_saved) if service is None else []
    if output_form == "json":
        documents = map(_saved_as_json, saved) if only_saved else _generated_as_json(services)
        output.document(list(documents))
        return 0
    if saved:
        output.table(
            ["Saved", "File", Spare(head="Answer", weight=1)],
            [[each.name, os.path.relpath(each.file, ctx.obj.cwd), _answer(each)] for each in saved],
        )
    if services:
        kinds = [kind for each in services for kind in catalog.kinds(each).values()]
        output.table(
            ["Service", "Event", "Description"], [[kind.service, kind.type, kind.description] for kind in kinds]
        )
    return 0


def _saved(ctx: click.Context, *, needed: bool) -> list[SavedEvent]:
    """A folder without a template has none, unless they are asked for."""
    try:
        return list(SavedEvents.of(settings(ctx)))
    except (TemplateError, ConfigurationError):
        if needed:
            raise
        return []


def _answer(saved: SavedEvent) -> str:
    return saved.answer.name if saved.answer else ""


def _saved_as_json(saved: SavedEvent) -> dict[str, object]:
    return {
        "name": saved.name,
        "file": str(saved.file),
        "answer": None if saved.answer is None else str(saved.answer),
    }


def _generated_as_json(services: Sequence[str]) -> Iterator[dict[str, object]]:
    return (_as_json(kind) for each in services for kind in catalog.kinds(each).values())


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
