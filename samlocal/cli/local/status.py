"""``samlocal local status``: where it is, what is deployed there, and what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from samlocal.cli.local.local_command import LocalCommand, all_option, counted, own_project, running
from samlocal.cli.options.environment import environment_options, variable
from samlocal.cli.output import Output
from samlocal.errors import AwsError, ExitStatus

if TYPE_CHECKING:
    from samlocal.local.project import LocalProject
    from samlocal.local.server import LocalServer


@click.command("status", cls=LocalCommand)
@environment_options
@click.option(
    "--output",
    "output_form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    envvar=variable("output"),
    help="Lines to read, or JSON for other programs.",
)
@all_option
@click.pass_context
def status(ctx: click.Context, /, output_form: str, every: bool, **_: object) -> int:
    """Show where it is and what is deployed there. The exit status is 1 when it is not up."""
    output = Output(ctx.obj)
    projects = running(ctx) if every else [own_project(ctx)]
    told = [_told(project) for project in projects]
    if output_form == "json":
        output.document(told if every else told[0])
    for one in told if output_form == "text" else ():
        output.payload_line(
            f"running at {one['url']} (process {one['pid']})" if one["running"] else "not running",
        )
        if every:
            output.payload_line(f"template {one['template']}")
        for stack in one["stacks"]:
            output.payload_line(f"stack {stack}")
        if one["waiting_events"]:
            output.payload_line(f"waiting {counted(one['waiting_events'])} for functions: run by `samlocal up`")
        if one["log"]:
            output.payload_line(f"log {one['log']}")
    if output_form == "text" and not told:
        output.payload_line("not running")
    up = any(one["running"] for one in told)
    return int(ExitStatus.SUCCESS if up else ExitStatus.FUNCTION_FAILED)


def _told(project: LocalProject) -> dict[str, Any]:
    from samlocal.local.local_environment import deployed_stacks

    server = project.running()
    return {
        "running": server is not None,
        "url": server.url if server else None,
        "pid": server.pid if server else None,
        "stacks": deployed_stacks(project, server) if server else [],
        "waiting_events": _waiting(server) if server else 0,
        "template": str(project.template),
        "log": str(project.log) if project.log.exists() else None,
    }


def _waiting(server: LocalServer) -> int:
    """Events of topics, buckets, rules and the like that have not been run."""
    from samlocal.local.runner import Runner

    try:
        return Runner(server).waiting().events
    except AwsError:
        # It is there, and does not answer now.
        return 0
