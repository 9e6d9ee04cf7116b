"""``samlocal local status``: where it is, what is deployed there, and what waits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from samlocal.cli.local.local_command import LocalCommand, all_option, counted, own_project, running
from samlocal.cli.options.environment import local_options
from samlocal.cli.options.output_form import output_option
from samlocal.cli.options.voice import output_of
from samlocal.errors import AwsError, ExitStatus

if TYPE_CHECKING:
    from samlocal.local.project import LocalProject
    from samlocal.local.server import LocalServer
    from samlocal.sources.waiting import Due, QueueDepth, StreamLag


@click.command("status", cls=LocalCommand)
@local_options
@output_option("text", "json", tells="Lines to read, or JSON for other programs.")
@all_option
@click.pass_context
def status(ctx: click.Context, /, output_form: str, every: bool, **_: object) -> int:
    """Show where it is, what is deployed there, and what waits: messages in its queues, records that streams' readers
    have yet to reach, and when schedules are due.

    The exit status is 1 when it is not up.
    """
    output = output_of(ctx)
    told = [_Told(project) for project in (running(ctx) if every else [own_project(ctx)])]
    if output_form == "json":
        documents = [one.document() for one in told]
        output.document(documents if every else documents[0])
    else:
        for one in told:
            output.answer(one.lines(with_template=every), hanging=2)
        if not told:
            output.payload_line("not running")
    up = any(one.server is not None for one in told)
    return int(ExitStatus.SUCCESS if up else ExitStatus.FUNCTION_FAILED)


class _Told:
    """What is known of one project's; where it is there and does not answer now, nothing waits."""

    def __init__(self, project: LocalProject) -> None:
        self.server = project.running()
        self._project = project
        self._stacks: list[tuple[str, str]] = []
        self._events = 0
        self._is_run = False
        self._queues: list[QueueDepth] = []
        self._streams: list[StreamLag] = []
        self._schedules: list[Due] = []
        if self.server is not None:
            self._look(self.server)

    def _look(self, server: LocalServer) -> None:
        from samlocal.local.local_environment import deployed_stacks
        from samlocal.local.runner import Runner
        from samlocal.local.stack_resources import resources
        from samlocal.sources.waiting import queue_depths, schedule_times, stream_lags

        self._stacks = deployed_stacks(self._project, server)
        try:
            runner = Runner(server)
            waiting = runner.waiting()
            self._events, self._is_run = waiting.events, waiting.is_run
            found = []
            for stack, region in self._stacks:
                aws = server.aws(region)
                own = list(resources(aws, stack))
                self._queues += queue_depths(aws, own)
                self._streams += stream_lags(aws, own, self._project.memory(server))
                found += own
            self._streams.sort(key=lambda each: (each.function, each.source))
            self._schedules = list(schedule_times(runner.schedules(), found, now=time.time()))
        except AwsError:
            return

    def document(self) -> dict[str, Any]:
        from msgspec import to_builtins

        return {
            "running": self.server is not None,
            "url": self.server.url if self.server else None,
            "pid": self.server.pid if self.server else None,
            "stacks": [f"{stack} in {region}" for stack, region in self._stacks],
            "functions_run": self._is_run,
            "waiting_events": self._events,
            "queues": to_builtins(self._queues),
            "streams": to_builtins(self._streams),
            "schedules": [{**to_builtins(each), "next": _iso(each)} for each in self._schedules],
            "template": str(self._project.template),
            "log": str(self._project.log) if self._project.log.exists() else None,
        }

    def lines(self, *, with_template: bool) -> Iterator[str]:
        if self.server is None:
            yield "not running"
        else:
            yield f"running at {self.server.url} (process {self.server.pid})"
        if with_template:
            yield f"template {self._project.template}"
        yield from (f"stack {stack} in {region}" for stack, region in self._stacks)
        yield from map(_queue, self._queues)
        yield from map(_stream, self._streams)
        yield from map(_schedule, self._schedules)
        if self._events:
            yield f"waiting {counted(self._events)} for functions"
        if self.server is not None and not self._is_run:
            yield "nobody runs its functions: `samlocal up` does, and has its schedules be due"
        if self._project.log.exists():
            yield f"log {self._project.log}"


def _queue(each: QueueDepth) -> str:
    line = f"queue {each.queue}: {each.visible} visible, {each.in_flight} in flight, {each.delayed} delayed"
    if each.dead_letters_of:
        line += f"; the dead letters of {', '.join(each.dead_letters_of)}"
    return line if each.dead_letters_to is None else f"{line}; dead letters go to {each.dead_letters_to}"


def _stream(each: StreamLag) -> str:
    line = f"stream of {each.source} for {each.function}"
    if each.behind is None:
        return f"{line}: not read yet"
    if not each.behind:
        return f"{line}: read to its end"
    records = "1 record" if each.behind == 1 else f"{'more than ' if each.more else ''}{each.behind} records"
    return f"{line}: {records} behind, the oldest {each.oldest:g} s old"


def _schedule(each: Due) -> str:
    line = f"schedule {each.schedule}, {each.expression}"
    if each.next is None:
        return f"{line}: {each.why}"
    return f"{line}: due {datetime.fromtimestamp(each.next, ZoneInfo(each.timezone)):%Y-%m-%d %H:%M} {each.timezone}"


def _iso(each: Due) -> str | None:
    return None if each.next is None else datetime.fromtimestamp(each.next, ZoneInfo(each.timezone)).isoformat()
