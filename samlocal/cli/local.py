"""``samlocal local``: the environment on this machine, by hand."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from samlocal.cli.options.environment import EnvironmentCommand, environment_options, settings, variable
from samlocal.cli.output import Output
from samlocal.config import LOCAL_ENVIRONMENT
from samlocal.errors import AwsError, ConfigurationError, ExitStatus
from samlocal.project.local_stack import LocalStackInUse, local_project

if TYPE_CHECKING:
    from samlocal.local.project import LocalProject
    from samlocal.local.server import LocalServer

# Of the shared options, those that mean nothing here.
_HIDDEN = frozenset({"env_name", "aws_profile", "refresh", "snapshot_age", "env_vars", "set_variables", "dotenv"})


_all_option = click.option("--all", "every", is_flag=True, help="Those of all templates; needs no template here.")


class _LocalCommand(EnvironmentCommand):
    """A command about ``-e local``, which need not be said."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        for option in self.params:
            if isinstance(option, click.Option) and option.name in _HIDDEN:
                option.hidden = True
        return super().parse_args(ctx, ["--env-name", LOCAL_ENVIRONMENT, *args])


@click.group("local", short_help="The environment on this machine: start, stop, status, reset, seed, fire.")
def command() -> None:
    """The environment on this machine, which needs no AWS account.

    `-e local` starts it by itself, and it ends by itself half an hour after its last use. Its data lasts that long.
    """


@command.command("start", cls=_LocalCommand)
@environment_options
@click.pass_context
def start(ctx: click.Context, /, **_: object) -> None:
    """Start it and deploy the template, where that is not done yet."""
    output = Output(ctx.obj)
    with closing(LocalStackInUse(settings(ctx), output)) as stack:
        output.notice(f"the local environment is up at {stack.opened().server.url}.")


@command.command("stop", cls=_LocalCommand)
@environment_options
@_all_option
@click.pass_context
def stop(ctx: click.Context, /, every: bool, **_: object) -> None:
    """End it. Its data goes with it."""
    output = Output(ctx.obj)
    projects = _running(ctx) if every else [local_project(settings(ctx))]
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


@command.command("reset", cls=_LocalCommand)
@environment_options
@click.pass_context
def reset(ctx: click.Context, /, **_: object) -> None:
    """Start anew: empty, with the template deployed."""
    chosen = settings(ctx)
    project = local_project(chosen)
    with project.locked():
        project.stop()
    output = Output(ctx.obj)
    with closing(LocalStackInUse(chosen, output)) as stack:
        output.notice(f"the local environment is new, at {stack.opened().server.url}.")


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
@_all_option
@click.pass_context
def status(ctx: click.Context, /, output_form: str, every: bool, **_: object) -> int:
    """Show where it is and what is deployed there. The exit status is 1 when it is not up."""
    output = Output(ctx.obj)
    projects = _running(ctx) if every else [local_project(settings(ctx))]
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
            output.payload_line(f"waiting {one['waiting_events']} events for functions: `samlocal up` runs them")
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


def _running(ctx: click.Context) -> list[LocalProject]:
    from samlocal.local.project import running_projects

    return running_projects(ctx.obj.cache_folder, environ=ctx.obj.environ)


@command.command("fire", cls=_LocalCommand)
@click.argument("rule")
@environment_options
@click.pass_context
def fire(ctx: click.Context, /, rule: str, **_: object) -> None:
    """Have a schedule be due now: a rule of EventBridge, or a schedule of EventBridge Scheduler.

    RULE is its logical id, its name or its ARN; of a function's event it is Function/Event. Its functions run where
    `samlocal up` is.
    """
    from samlocal.local.runner import Runner

    output = Output(ctx.obj)
    with closing(LocalStackInUse(settings(ctx), output)) as stack:
        runner = Runner(stack.opened(told=False).server)
        fired = runner.fire(rule)
        if fired.arn is None:
            others = ", ".join(fired.others)
            raise ConfigurationError(
                f"The local environment has no schedule {rule}.",
                tip=f"There are: {others}." if others else "The template has none.",
            )
        targets = ", ".join(target.rsplit(":", 1)[-1] for target in fired.targets) or "no target"
        output.notice(f"{rule} is due: told to {targets}.")
        waiting = runner.waiting()
        if waiting.events and not waiting.is_run:
            events = "event waits" if waiting.events == 1 else "events wait"
            output.notice(f"{waiting.events} {events} for functions: `samlocal up` runs them.")


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
    from samlocal.local.local_environment import forget_answers
    from samlocal.local.seed import read_seed, sow

    output = Output(ctx.obj)
    chosen = settings(ctx)
    content = read_seed(chosen.world.cwd / file)
    with closing(LocalStackInUse(chosen, output)) as stack:
        opened = stack.opened(told=False)
        try:
            for seeded in sow(content, opened.server.aws(opened.wanted.region), stack_name=opened.wanted.stack_name):
                output.notice(f"{seeded.where}: {seeded.count} put into {seeded.what}.")
        finally:
            # What was read of a parameter before may have another value now.
            forget_answers(local_project(chosen))
        # A stack looks a parameter of SSM up when it is deployed.
        stack.brought_up(anew="parameters" in content.sections)
