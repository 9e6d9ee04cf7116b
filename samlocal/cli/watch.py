"""``samlocal watch``: runs a function again whenever something is saved, and shows what has changed in its answer."""

from __future__ import annotations

import click

from samlocal.cli.options.build import build_flag, build_options
from samlocal.cli.options.debug import DEBUG_NAMES, debug_flags, debug_options
from samlocal.cli.options.environment import EnvironmentCommand, environment_options, settings, variable
from samlocal.cli.options.function_id import function_options, wanted_function
from samlocal.cli.options.reload import rereading
from samlocal.cli.options.rights import rights_flags, rights_options
from samlocal.cli.options.sandbox import sandbox_flags, sandbox_options
from samlocal.cli.output import Output
from samlocal.cli.runs.event import is_there, read_event
from samlocal.cli.sweeping import sweep
from samlocal.cli.ways_on import ways_on
from samlocal.collector import held_off
from samlocal.project.credentials import RunsUnder
from samlocal.project.run_options import RunOptions
from samlocal.project.settings import Settings


@click.command("watch", cls=EnvironmentCommand, short_help="Run a function again on each save.")
@function_options
@environment_options
@click.option(
    "--event",
    default="{}",
    metavar="FILE|-|JSON",
    envvar=variable("event"),
    help="The event. When its file is saved, too, the function runs again.  [default: {}]",
)
@click.option(
    "--tenant-id",
    metavar="TENANT",
    envvar=variable("tenant_id"),
    help="Tenant, for a function that keeps tenants apart.",
)
@click.option(
    "--strict",
    is_flag=True,
    envvar=variable("strict"),
    help="Refuse placeholders, which stand in without an environment.",
)
@rights_flags
@build_flag
@sandbox_flags
@debug_flags
@click.pass_context
def command(ctx: click.Context, /, **_: object) -> int:
    """Run FUNCTION, and again whenever its code, layers, template, variables or event are saved.

    Its first answer goes to standard output, and of each further one the lines that have changed since the last that
    was no error; its log goes to standard error. Ctrl-C ends it.
    """
    from samlocal.project.project import Project
    from samlocal.service.debugged import Debugging

    output = Output(ctx.obj)
    chosen, options = _chosen(ctx)
    wanted, given, tenant_id = wanted_function(ctx), ctx.params["event"], ctx.params["tenant_id"]
    debugger = debug_options(ctx)
    debug = None if debugger is None else Debugging(function=wanted, options=debugger)
    first = read_event(given, ctx.obj)
    path = ctx.obj.cwd / given
    file = path if given != "-" and is_there(path, given) else None
    project = ctx.with_resource(Project(chosen, output))
    with held_off():
        from samlocal.cli.runs.running import run_to_its_end
        from samlocal.cli.runs.watching import Watching
        from samlocal.sandbox.session import session

    reread = rereading(ctx, _chosen, output, fixed=("event", "tenant_id", "function_id", *DEBUG_NAMES))
    with ways_on(ctx, chosen), session(ctx.obj.cache_folder / "sessions") as own:
        sweep(own, ctx.obj.environ, output)
        watching = Watching(
            wanted,
            first.payload,
            output,
            tenant_id=tenant_id,
            file=file,
            read=lambda: read_event(given, ctx.obj).payload,
        )
        run_to_its_end(watching.run(project, options, session=own, reread=reread, debug=debug))
    return 0


def _chosen(ctx: click.Context) -> tuple[Settings, RunOptions]:
    options = RunOptions(
        strict=ctx.params["strict"],
        build=build_options(ctx, debug=ctx.params["debug_port"] is not None),
        rights=rights_options(ctx),
        sandbox=sandbox_options(ctx),
    )
    chosen = settings(ctx)
    if options.rights.runs_under is RunsUnder.NARROWED and chosen.stack_name is None:
        raise click.UsageError("--scope-down and --policies need an environment: -e ENV, or -n STACK.")
    return chosen, options
