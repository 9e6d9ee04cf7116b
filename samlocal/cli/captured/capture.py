"""``samlocal event capture``: what really arrives for a function, as the events that it gets."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from samlocal.captured.saved import put_file, readable
from samlocal.cli.completing import completers
from samlocal.cli.options.command_line import EnvironmentCommand
from samlocal.cli.options.environment import project_options, settings
from samlocal.cli.options.keep import Duration
from samlocal.cli.options.voice import output_of
from samlocal.cli.output import Output
from samlocal.cli.runs.json_text import json_line
from samlocal.errors import ConfigurationError, EventError
from samlocal.project.project import Project
from samlocal.project.settings import Settings

if TYPE_CHECKING:
    from samlocal.captured.arrivals import Arrivals
    from samlocal.captured.sources import ArrivalSources
    from samlocal.sources.mapping import Mapping

_LIMIT = 10
_MOST = 1_000

_EPILOG = """\b
Examples:
  samlocal event capture Fn -e dev > events/order.json
  samlocal event capture Fn -e dev --limit 100 -o events/orders.jsonl
  samlocal event capture Fn -e dev --source Orders --yes
  samlocal event capture Fn -e prod --source logs --since 15m
  samlocal event capture Fn -e local | samlocal invoke Fn -e local --event -

\b
Exit status: 2 for wrong usage, 4 for no such source, 6 where AWS refuses, 10
where nothing has arrived, 11 for no such function, 17 where the environment
is protected and the source is a queue. `samlocal --help` lists all.
"""


@click.command(
    "capture", cls=EnvironmentCommand, short_help="Take the events that really arrive for a function.", epilog=_EPILOG
)
@click.argument("function", shell_complete=completers.functions)
@project_options
@click.option("--source", metavar="NAME", help="A queue, a table or a stream of the function, or `logs`.")
@click.option(
    "--limit",
    type=click.IntRange(1, _MOST),
    default=_LIMIT,
    show_default=True,
    metavar="N",
    help="So many messages, records or logged events at most, of streams and logs the newest.",
)
@click.option(
    "--since",
    type=Duration(),
    default="1h",
    show_default=True,
    metavar="DURATION",
    help="How far back streams and logs are read: 90s, 15m, 1h, 1d.",
)
@click.option(
    "-o",
    "--output-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write them there: a .jsonl has a line for each, of any other name each gets a file.  "
    "[default: standard output, several as lines]",
)
@click.option("--all", "every", is_flag=True, help="Every JSON object that was logged, not only AWS's events.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask before a queue is read.")
@click.pass_context
def capture(ctx: click.Context, /, function: str, **_: object) -> int:
    """Take what arrives for FUNCTION in an environment (-e ENV), in the form of the events that the function gets.

    It is read from the queue or the stream that starts the function, with its batch size and its filters, and under
    your own rights. Nothing is removed: messages of a queue are given back at once. They are hidden from others for
    that moment, though, and each counts as received once more, so it is asked before.

    Of any other function it is what it logged: the JSON objects of the last hour that have the form of an event of
    AWS's, where its handler prints them.
    """
    output = output_of(ctx)
    chosen = settings(ctx)
    if chosen.stack_name is None:
        raise click.UsageError("Events arrive in an environment: name it with -e ENV, or its stack with -n STACK.")
    project = ctx.with_resource(Project(chosen, output))
    arrivals = _read(ctx, project, output, function)
    if arrivals is None:
        return 0
    if not arrivals.is_whole:
        output.warning("there is more than can be read at once: a smaller --limit or --since is read to its end.")
    filtered = f", {arrivals.filtered} of which its filters keep from it" if arrivals.filtered else ""
    if not arrivals.events:
        raise EventError(
            f"Nothing has arrived for {function}: {arrivals.read} were read{filtered}.",
            tip="Streams and logs are read from --since on. What others have just received of a queue is not seen.",
        )
    output.notice(f"{_counted(len(arrivals.events), 'event')} of {arrivals.read} that were read{filtered}.")
    _write(ctx, output, arrivals.events)
    return 0


def _read(ctx: click.Context, project: Project, output: Output, function: str) -> Arrivals | None:
    """None where the user says no."""
    from samlocal.captured.sources import arrival_sources

    application, sources = project.with_current_values(lambda joined: arrival_sources(joined, function))
    project.keep(application)
    mapping = sources.choose(ctx.params["source"])
    limit, since = ctx.params["limit"], time.time() - ctx.params["since"]
    if mapping is None and project.settings.is_local and ctx.params["source"] is None:
        raise EventError(
            f"{function} reads no queue and no stream, and what functions log in the environment on this machine is "
            "shown where they run.",
            tip=f"`samlocal event save NAME {function}` keeps the last event that it got there.",
        )
    if mapping is None:
        from samlocal.captured.log_arrivals import log_arrivals

        if ctx.params["source"] is None:
            output.notice(f"{function} reads no queue and no stream, so it is what it logged in {sources.log_group}.")
        for each in sources.not_read:
            output.warning(f"{each.id} is not read: {each.reason}.")
        return log_arrivals(
            project.account.caller(),
            sources.log_group,
            region=sources.region,
            since=since,
            limit=limit,
            every=ctx.params["every"],
        )
    if mapping.stream is None:
        return _of_queue(ctx, project, output, mapping)
    return _of_stream(project, sources, mapping, since=since, limit=limit)


def _of_queue(ctx: click.Context, project: Project, output: Output, mapping: Mapping) -> Arrivals | None:
    from samlocal.captured.queue_arrivals import QueueArrivals
    from samlocal.project.credentials import refuse_protected
    from samlocal.sources.queue import AwsQueue

    chosen: Settings = project.settings
    refuse_protected(chosen, tip="Reading its queues touches messages. What functions log is read: --source logs.")
    arrivals = QueueArrivals(AwsQueue(project.account.caller(), mapping), mapping)
    limit = ctx.params["limit"]
    what = f"up to {_counted(limit, 'message')} of {mapping.source_name} in {chosen.environment}"
    if not chosen.is_local:
        output.notice(f"this reads {what}. {arrivals.touches}")
        if not ctx.params["yes"] and not output.ask(f"Read {what}?"):
            return None
    return arrivals.read(limit)


def _of_stream(project: Project, sources: ArrivalSources, mapping: Mapping, *, since: float, limit: int) -> Arrivals:
    from samlocal.captured.stream_arrivals import StreamArrivals
    from samlocal.sources.aws_streams import KinesisStream, TableStream
    from samlocal.sources.mapping import SourceKind

    aws = project.account.caller()
    is_kinesis = mapping.kind is SourceKind.STREAM
    stream = KinesisStream(aws, mapping, role=sources.role) if is_kinesis else TableStream(aws, mapping)
    return StreamArrivals(stream, mapping).read(limit, since=since)


def _write(ctx: click.Context, output: Output, events: Sequence[bytes]) -> None:
    from samlocal.captured.secrets import secrets

    file: Path | None = ctx.params["output_file"]
    if file is None:
        if len(events) == 1:
            output.data_line(readable(events[0]).decode().rstrip("\n"))
        else:
            for event in events:
                output.data_line(json_line(event).decode())
        return
    path = ctx.obj.cwd / file
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".jsonl":
            put_file(path, b"".join(json_line(event) + b"\n" for event in events))
        elif len(events) == 1:
            put_file(path, readable(events[0]))
        else:
            for number, event in enumerate(events, 1):
                put_file(path.with_stem(f"{path.stem}-{number}"), readable(event))
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be written: {error.strerror}.", tip="Name another file with -o."
        ) from error
    found = dict.fromkeys(way for event in events for way in secrets(event))
    if found:
        shown = os.path.relpath(path, ctx.obj.cwd)
        output.warning(f"{shown} holds {', '.join(found)}: take out what is secret before you commit it.")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
