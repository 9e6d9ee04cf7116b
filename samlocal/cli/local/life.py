"""``samlocal local``: start, stop and reset."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from samlocal.cli.local.local_command import LocalCommand, all_option, own_project, running
from samlocal.cli.options.environment import local_options, settings
from samlocal.cli.options.voice import output_of
from samlocal.cli.output import Output
from samlocal.project.local_stack import LocalStackInUse, local_project

if TYPE_CHECKING:
    from samlocal.local.project import LocalProject


@click.command("start", cls=LocalCommand)
@local_options
@click.pass_context
def start(ctx: click.Context, /, **_: object) -> None:
    """Start it and deploy the template, where that is not done yet."""
    output = output_of(ctx)
    with closing(LocalStackInUse(settings(ctx), output)) as stack:
        output.notice(f"the local environment is up at {stack.opened().server.url}.")


@click.command("stop", cls=LocalCommand)
@local_options
@all_option
@click.pass_context
def stop(ctx: click.Context, /, every: bool, **_: object) -> None:
    """End it. Its data goes with it."""
    output = output_of(ctx)
    projects = running(ctx) if every else [own_project(ctx)]
    stopped = [project for project in projects if _stopped(project, output)]
    if every:
        for project in stopped:
            output.notice(f"the local environment of {project.template} is stopped; its data is gone.")
        if not stopped:
            output.notice("no local environment is up.")
    else:
        output.notice(
            "the local environment is stopped; its data is gone." if stopped else "the local environment is not up."
        )


def _stopped(project: LocalProject, output: Output) -> bool:
    with project.locked():
        if project.residence.alive and project.residence.in_use:
            output.warning(f"a run of {project.template} that still uses the local environment loses it.")
        return project.stop()


@click.command("reset", cls=LocalCommand)
@local_options
@click.pass_context
def reset(ctx: click.Context, /, **_: object) -> None:
    """Start anew: empty, with the template deployed."""
    chosen = settings(ctx)
    project = local_project(chosen)
    with project.locked():
        project.stop()
    output = output_of(ctx)
    with closing(LocalStackInUse(chosen, output)) as stack:
        output.notice(f"the local environment is new, at {stack.opened().server.url}.")
