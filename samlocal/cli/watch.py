"""``samlocal watch``: runs a function again whenever something is saved, and shows what has changed in its answer."""

from __future__ import annotations

import click

from samlocal.captured.saved import SavedEvents
from samlocal.cli.completing import completers
from samlocal.cli.log_file import log_file, log_file_option
from samlocal.cli.options.command_line import EnvironmentCommand
from samlocal.cli.options.configured import variable
from samlocal.cli.options.debug import DEBUG_NAMES, debug_flags, debug_options
from samlocal.cli.options.environment import environment_options
from samlocal.cli.options.function_id import function_options, wanted_function
from samlocal.cli.options.reload import rereading
from samlocal.cli.options.run import run_flags, run_options, strict_flag, tenant_flag
from samlocal.cli.options.voice import output_of, plain_flag
from samlocal.cli.runs.event import is_there, read_event
from samlocal.cli.runs.keyless import telling_why
from samlocal.cli.runs.named import saved_file
from samlocal.cli.sweeping import sweep_all
from samlocal.cli.ways_on import ways_on
from samlocal.collector import held_off


@click.command("watch", cls=EnvironmentCommand)
@function_options
@environment_options
@click.option(
    "--event",
    default="{}",
    metavar="FILE|-|JSON|NAME",
    shell_complete=completers.events,
    envvar=variable("event"),
    help="The event; NAME is one that `event save` keeps. When its file is saved, too, the function runs again.  "
    "[default: {}]",
)
@tenant_flag
@strict_flag
@run_flags
@debug_flags
@log_file_option
@plain_flag
@click.pass_context
def command(ctx: click.Context, /, **_: object) -> int:
    """Run a function again on each save.

    FUNCTION runs at once, and again whenever its code, layers, template, variables or event are saved. Its first
    answer goes to standard output, and of each further one the lines that have changed since the last that was no
    error; its log goes to standard error. Ctrl-C ends it.

    \b
    Examples:
      samlocal watch getEvent --event event.json
      samlocal watch getEvent -e local
    """
    from samlocal.project.project import Project
    from samlocal.service.debugged import Debugging

    output = output_of(ctx, for_people=not ctx.params["plain"])
    output.log_file = log_file(ctx, failed=output.warning)
    chosen, options = run_options(ctx)
    output.hears = telling_why(chosen, options, output.notice)
    wanted, tenant_id = wanted_function(ctx), ctx.params["tenant_id"]
    given = saved_file(ctx.params["event"], ctx.obj, SavedEvents.of(chosen))
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

    reread = rereading(
        ctx, run_options, output, fixed=("event", "tenant_id", "function_id", "log_file", *DEBUG_NAMES)
    )
    with ways_on(ctx, chosen), session(ctx.obj.cache_folder / "sessions") as own:
        sweep_all(own, ctx.obj.environ, output, options.sandbox.engines)
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
