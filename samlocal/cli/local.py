"""``samlocal local``: the environment on this machine, by hand."""

from __future__ import annotations

from pathlib import Path

import click

from samlocal.cli.local_environment import local_project, open_local
from samlocal.cli.options import EnvironmentCommand, environment_options, settings, variable
from samlocal.cli.output import Output
from samlocal.config import LOCAL_ENVIRONMENT
from samlocal.errors import ExitStatus

# Of the shared options, those that mean nothing here.
_HIDDEN = frozenset({"env_name", "aws_profile", "refresh", "snapshot_age", "env_vars", "set_variables", "dotenv"})


class _LocalCommand(EnvironmentCommand):
    """A command about ``-e local``, which need not be said."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        for option in self.params:
            if isinstance(option, click.Option) and option.name in _HIDDEN:
                option.hidden = True
        return super().parse_args(ctx, ["--env-name", LOCAL_ENVIRONMENT, *args])


@click.group("local", short_help="The environment on this machine: start, stop, status, reset, seed.")
def command() -> None:
    """The environment on this machine, which needs no AWS account.

    `-e local` starts it by itself, and it ends by itself half an hour after its last use. Its data lasts that long.
    """


@command.command("start", cls=_LocalCommand)
@environment_options
@click.pass_context
def start(ctx: click.Context, /, **_: object) -> None:
    """Start it and deploy the template, where that is not done yet."""
    chosen = settings(ctx)
    opened = open_local(chosen)
    Output(ctx.obj).notice(f"the local environment is up at {opened.server.url}.")


@command.command("stop", cls=_LocalCommand)
@environment_options
@click.pass_context
def stop(ctx: click.Context, /, **_: object) -> None:
    """End it. Its data goes with it."""
    project = local_project(settings(ctx))
    with project.locked():
        stopped = project.stop()
    Output(ctx.obj).notice(
        "the local environment is stopped; its data is gone." if stopped else "the local environment is not up."
    )


@command.command("reset", cls=_LocalCommand)
@environment_options
@click.pass_context
def reset(ctx: click.Context, /, **_: object) -> None:
    """Start anew: empty, with the template deployed."""
    chosen = settings(ctx)
    project = local_project(chosen)
    with project.locked():
        project.stop()
    opened = open_local(chosen)
    Output(ctx.obj).notice(f"the local environment is new, at {opened.server.url}.")


@command.command("status", cls=_LocalCommand)
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
@click.pass_context
def status(ctx: click.Context, /, output_form: str, **_: object) -> int:
    """Show where it is and what is deployed there. The exit status is 1 when it is not up."""
    from samlocal.local.environment import deployed_stacks

    output = Output(ctx.obj)
    project = local_project(settings(ctx))
    server = project.running()
    stacks = deployed_stacks(project, server) if server else []
    if output_form == "json":
        output.document(
            {
                "running": server is not None,
                "url": server.url if server else None,
                "pid": server.pid if server else None,
                "stacks": stacks,
                "template": str(project.template),
            }
        )
    elif server is None:
        output.payload_line("not running")
    else:
        output.payload_line(f"running at {server.url} (process {server.pid})")
        for stack in stacks:
            output.payload_line(f"stack {stack}")
    return int(ExitStatus.SUCCESS if server else ExitStatus.FUNCTION_FAILED)


@command.command("seed", cls=_LocalCommand)
@click.argument("file", type=click.Path(path_type=Path))
@environment_options
@click.pass_context
def seed(ctx: click.Context, /, file: Path, **_: object) -> None:
    """Put data from FILE (JSON or YAML) into it, started and deployed where needed.

    \b
    tables:      {EventsTable: [{id: a1, seats: 80}]}
    buckets:     {Uploads: {notes.txt: text, a.json: {any: JSON}, p.png: {file: p.png}}}
    queues:      {Orders: [text, {any: JSON}]}
    parameters:  {/app/flag: "on", /app/key: {value: s3cret, type: SecureString}}
    secrets:     {DbPassword: text, Login: {user: me, password: any JSON}}

    Names are logical ids or real names. What is there under the same key is replaced; messages are added.
    """
    from samlocal.local.environment import forget_answers
    from samlocal.local.seed import read_seed, sow

    output = Output(ctx.obj)
    chosen = settings(ctx)
    content = read_seed(chosen.world.cwd / file)
    opened = open_local(chosen, told=False)
    try:
        for seeded in sow(content, opened.server.aws(opened.wanted.region), stack_name=opened.wanted.stack_name):
            output.notice(f"{seeded.where}: {seeded.count} put into {seeded.what}.")
    finally:
        # What was read of a parameter before may have another value now.
        forget_answers(local_project(chosen))
    # A stack looks a parameter of SSM up when it is deployed.
    open_local(chosen, anew="parameters" in content.sections)
