"""``samlocal event save``: keeps the last event of a function, and what it answered, with the project."""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from contextlib import suppress

import click

from samlocal.captured.saved import SavedEvents, is_name
from samlocal.cli.completing import completers
from samlocal.cli.options.command_line import EnvironmentCommand
from samlocal.cli.options.environment import project_options, settings
from samlocal.cli.options.voice import output_of
from samlocal.cli.output import Output
from samlocal.errors import EventError, FunctionNotFoundError
from samlocal.project.last_events import LastEvent, LastEvents
from samlocal.project.settings import Settings

_EPILOG = """\b
Examples:
  samlocal invoke Fn --event order.json && samlocal event save order
  samlocal event save upload Thumbnails
  samlocal invoke Fn --event order --compare
  samlocal invoke Fn --event events/ --compare

\b
Exit status: 2 for wrong usage, 10 where there is no such event or the name
is taken, 11 for no such function. `samlocal --help` lists all.
"""


@click.command(
    "save", cls=EnvironmentCommand, short_help="Keep the last event of a function, and its answer.", epilog=_EPILOG
)
@click.argument("name")
@click.argument("function", required=False, shell_complete=completers.functions)
@project_options
@click.option("--answer/--no-answer", default=True, help="Keep what the function answered, too.  [default: kept]")
@click.option("--replace", is_flag=True, help="Replace an event that has the name.")
@click.pass_context
def save(ctx: click.Context, /, name: str, function: str | None, *, answer: bool, replace: bool, **_: object) -> int:
    """Keep the last event that FUNCTION got as events/NAME.json, and beside it in NAME.answer what it answered.

    Without FUNCTION it is the function that ran last. The event may have come by any command: invoke, watch,
    start-lambda, start-api, up. `samlocal invoke FUNCTION --event NAME` runs it again.

    With -e ENV only events count that ran with that environment's values. The folder lies beside samconfig.toml, or
    beside the template where there is none. The last events are remembered in samlocal's cache, for you alone, for a
    month at most; with SAMLOCAL_LAST_EVENTS=off none are.
    """
    name = name.removesuffix(".json")
    check_name(name)
    output = output_of(ctx)
    chosen = settings(ctx)
    last = _last(chosen, output, function)
    kept = last.answer if answer else None
    saved = SavedEvents.of(chosen).save(name, last.event, kept, replaces=replace)

    from samlocal.captured.secrets import secrets

    def shown(path: str | os.PathLike[str]) -> str:
        return os.path.relpath(path, ctx.obj.cwd)

    beside = "" if saved.answer is None else f", and its {'error' if last.failed else 'answer'} {shown(saved.answer)}"
    output.notice(f"{shown(saved.file)} is the event that {_whose(last)} got {_ago(last.at)}{beside}.")
    if answer and kept is None:
        output.warning("its streamed answer is longer than 6 MB, and was not kept.")
    found = secrets(last.event)
    if found:
        output.warning(f"it holds {', '.join(found)}: take out what is secret before you commit it.")
    return 0


def check_name(name: str) -> None:
    """Raises click.UsageError for what no saved event can be called."""
    if not is_name(name):
        raise click.UsageError(
            f"{name!r} is no name of an event: that is up to 100 letters, digits, dots, hyphens and underscores, the "
            "first of them no dot and no hyphen."
        )


def _last(chosen: Settings, output: Output, function: str | None) -> LastEvent:
    last_events = LastEvents(chosen)
    names = None if function is None else _names(chosen, output, function)
    last = last_events.newest(names)
    if last is not None:
        return last
    if not last_events.is_on:
        raise EventError(
            "No event is remembered: SAMLOCAL_LAST_EVENTS is off.", tip="Unset it, and run the function."
        )
    of = "this template's functions" if function is None else function
    where = f" in {chosen.environment}" if chosen.environment else ""
    raise EventError(
        f"No event of {of} is remembered{where}.", tip="Run it first: `samlocal invoke`, `start-api`, `up` …"
    )


def _names(chosen: Settings, output: Output, function: str) -> Collection[str]:
    """What the function was called by whoever has run it. Raises FunctionNotFoundError."""
    from samlocal.project.project import Project

    with Project(chosen, output) as project:
        application = project.application(quietly=True)

        def path(name: str) -> str | None:
            with suppress(FunctionNotFoundError):
                owner, resource = application.find(name)
                return owner.path(resource)
            return None

        owner, resource = application.find(function)
        own = owner.path(resource)
        return {name for name in LastEvents(chosen).functions() if path(name) == own}


def _whose(last: LastEvent) -> str:
    return f"{last.function} in {last.environment}" if last.environment else last.function


def _ago(at: float) -> str:
    seconds = max(0.0, time.time() - at)
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"
