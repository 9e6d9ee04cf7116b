"""An event of a function's own sources: `samlocal event generate --for FUNCTION`."""

from __future__ import annotations

from collections.abc import Iterator

import click
import msgspec

from samlocal.cli.completing import completers
from samlocal.cli.generated.one_event import OneEvent, generate_context, print_event
from samlocal.cli.options.command_line import EnvironmentCommand
from samlocal.cli.options.environment import project_options, settings
from samlocal.cli.options.event_flags import given_flags
from samlocal.cli.options.voice import output_of
from samlocal.cli.output import Output
from samlocal.events.generation import Link
from samlocal.events.triggers.trigger import Trigger
from samlocal.events.values import with_flags

NAME = "of function"
"""The command's name, which nobody writes."""


class _OfFunction(EnvironmentCommand):
    """The flags of its event are known once the template is read."""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(generate_context(ctx).command_path, "--for FUNCTION [OPTIONS] [FLAGS] [in SERVICE]...")


@click.command(
    NAME,
    cls=_OfFunction,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
@click.option(
    "--for", "function", metavar="FUNCTION", required=True, shell_complete=completers.functions, help="The function."
)
@click.option(
    "--source", metavar="NAME", help="What starts it: an event of the function's, a resource, or a kind of event."
)
@project_options
@click.pass_context
def of_function(ctx: click.Context, /, function: str, source: str | None, **_: object) -> int:
    """Print an event as one of FUNCTION's own sources would send it, with its names and ARNs from the template, and
    those that are deployed where an environment is named.

    Flags of the event may follow, as `samlocal event generate SERVICE TYPE --help` has them.
    """
    from samlocal.events.triggers.triggers import chosen, triggers
    from samlocal.project.project import Project

    output = output_of(ctx)
    with Project(settings(ctx), output) as project:
        application, found = project.with_current_values(lambda joined: triggers(joined, function))
        project.keep(application)
    for remark in found.remarks:
        output.warning(remark)
    trigger = chosen(found.found, source, function)
    here = OneEvent(trigger.kind).make_context(trigger.kind.name, ctx.args, parent=generate_context(ctx))
    flags = given_flags(trigger.kind, here.params)
    if trigger.kind.shape.holds in flags:
        trigger = msgspec.structs.replace(trigger, held=None)
    for each in _with_held(trigger):
        if application.environment is None:
            _say_placeholders(each, output, region_known=application.region_known)
        for remark in each.remarks:
            output.warning(remark)
        if each.held is not None:
            output.notice(
                f"{each.behind} gets what {each.held.name} sends, which is inside. --{each.kind.shape.holds} puts "
                "something else there."
            )
    if trigger.constant is not None:
        output.document(trigger.constant, indent=2)
        return 0
    place = {"region": [application.place.region], "account-id": [application.place.account]}
    inner = [
        Link(kind=each.kind, given=with_flags(each.kind, {**place, **each.given}, {}), over=each.over)
        for each in reversed(list(_with_held(trigger))[1:])
    ]
    given = with_flags(trigger.kind, {**place, **trigger.given}, flags)
    return print_event(here, given, over=trigger.over, inner=inner)


def _with_held(trigger: Trigger) -> Iterator[Trigger]:
    each: Trigger | None = trigger
    while each is not None:
        yield each
        each = each.held


def _say_placeholders(trigger: Trigger, output: Output, *, region_known: bool) -> None:
    """Without an environment nobody knows them."""
    unknown = ("api-id", "url-id", "account-id", *(() if region_known else ("region",)))
    flags = [f"--{flag} ({expression})" for flag, expression in trigger.invented.items()]
    flags += [f"--{flag}" for flag in unknown if flag in trigger.kind.flags]
    if flags and trigger.constant is None:
        of = f"placeholders of {trigger.name}, as no environment is named"
        output.notice(f"{of}: {', '.join(flags)}. Give -e ENV, or the flags.")
