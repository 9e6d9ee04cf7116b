"""``samlocal event share``: Lambda's shareable test events of an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from samlocal.captured.saved import SavedEvents, readable
from samlocal.cli.captured.save import check_name
from samlocal.cli.command_group import CommandGroup
from samlocal.cli.completing import completers
from samlocal.cli.options.command_line import EnvironmentCommand
from samlocal.cli.options.environment import project_options, settings
from samlocal.cli.options.voice import output_of
from samlocal.cli.output import Output
from samlocal.cli.runs.event import read_event
from samlocal.cli.runs.named import saved_file
from samlocal.project.project import Project
from samlocal.project.settings import Settings

if TYPE_CHECKING:
    from samlocal.captured.shared import SharedEvents

_EPILOG = """\b
Examples:
  samlocal event share list Fn -e dev
  samlocal event share get Fn order -e dev > events/order.json
  samlocal event share put Fn order -e dev
  samlocal event share put Fn empty --event '{}' -e dev
  samlocal invoke Fn --event order -e dev

\b
Exit status: 2 for wrong usage, 6 where AWS refuses, 10 where there is no such
event or the name is taken, 11 for no such function, 17 where the environment
is protected. `samlocal --help` lists all.
"""

_PROTECTED = "What is shared there is changed in the console. Take `protected` out to do it here."


@click.group(
    "share", cls=CommandGroup, short_help="Lambda's shareable test events of an environment.", epilog=_EPILOG
)
def share() -> None:
    """Lambda's shareable test events of a function that is deployed (-e ENV), as its console shows them.

    They are in EventBridge's schema registry, in the registry lambda-testevent-schemas, for everybody of the account
    who may read there: nothing secret belongs into them.
    """


@share.command("list", cls=EnvironmentCommand)
@click.argument("function", shell_complete=completers.functions)
@project_options
@click.pass_context
def list_command(ctx: click.Context, /, function: str, **_: object) -> int:
    """List the names of the test events that FUNCTION shares, each on a line."""
    output = output_of(ctx)
    for name in _shared(ctx, _chosen(ctx), output, function).names():
        output.payload_line(name)
    return 0


@share.command("get", cls=EnvironmentCommand)
@click.argument("function", shell_complete=completers.functions)
@click.argument("name")
@project_options
@click.pass_context
def get(ctx: click.Context, /, function: str, name: str, **_: object) -> int:
    """Print the test event NAME of FUNCTION."""
    output = output_of(ctx)
    event = readable(_shared(ctx, _chosen(ctx), output, function).event(name))
    output.data_line(event.decode().rstrip("\n"))
    return 0


@share.command("put", cls=EnvironmentCommand)
@click.argument("function", shell_complete=completers.functions)
@click.argument("name")
@project_options
@click.option(
    "--event",
    "given",
    metavar="FILE|-|JSON|NAME",
    help="The event.  [default: the one that is saved as NAME]",
)
@click.option("--replace", is_flag=True, help="Replace an event that has the name.")
@click.pass_context
def put(ctx: click.Context, /, function: str, name: str, given: str | None, *, replace: bool, **_: object) -> int:
    """Share an event as the test event NAME of FUNCTION."""
    check_name(name)
    output = output_of(ctx)
    chosen = _changeable(ctx)
    event = read_event(saved_file(name if given is None else given, ctx.obj, SavedEvents.of(chosen)), ctx.obj)

    from samlocal.captured.secrets import secrets

    found = secrets(event.payload)
    if found:
        output.warning(f"{event.name} holds {', '.join(found)}, and everybody of the account may read it.")
    _shared(ctx, chosen, output, function).put(name, event.payload, replaces=replace)
    output.notice(f"{event.name} is the test event {name} of {function} in {chosen.environment}.")
    return 0


@share.command("delete", cls=EnvironmentCommand)
@click.argument("function", shell_complete=completers.functions)
@click.argument("name")
@project_options
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def delete(ctx: click.Context, /, function: str, name: str, *, yes: bool, **_: object) -> int:
    """Delete the test event NAME of FUNCTION, for everybody."""
    output = output_of(ctx)
    chosen = _changeable(ctx)
    shared = _shared(ctx, chosen, output, function)
    shared.event(name)
    if yes or output.ask(f"Delete the test event {name} of {function} in {chosen.environment} for everybody?"):
        shared.delete(name)
        output.notice(f"{name} is deleted.")
    return 0


def _changeable(ctx: click.Context) -> Settings:
    from samlocal.project.credentials import refuse_protected

    chosen = _chosen(ctx)
    refuse_protected(chosen, tip=_PROTECTED)
    return chosen


def _chosen(ctx: click.Context) -> Settings:
    """Raises click.UsageError where no deployed environment is named."""
    chosen = settings(ctx)
    if chosen.is_local:
        raise click.UsageError(
            "The environment on this machine has no EventBridge schema registry: name a deployed one with -e ENV. "
            "`samlocal event save` keeps events in files."
        )
    if chosen.stack_name is None:
        raise click.UsageError("They are an environment's: name it with -e ENV, or its stack with -n STACK.")
    return chosen


def _shared(ctx: click.Context, chosen: Settings, output: Output, function: str) -> SharedEvents:
    from samlocal.captured.shared import SharedEvents

    return SharedEvents.of(ctx.with_resource(Project(chosen, output)), function)
