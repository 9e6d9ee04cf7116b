"""``samlocal invoke``: runs a function with its events."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct
from msgspec.structs import replace

from samlocal.captured.saved import SavedEvents
from samlocal.cli.log_file import log_file, log_file_option
from samlocal.cli.options.debug import debug_flags, debug_options
from samlocal.cli.options.environment import environment_options
from samlocal.cli.options.function_id import function_options, wanted_function
from samlocal.cli.options.keep import Keep, keep_flags, keep_options
from samlocal.cli.options.output_form import output_option
from samlocal.cli.options.route import InvokingCommand, is_route, refuse_without_route, route_options
from samlocal.cli.options.run import code_flag, run_flags, run_options, strict_flag, tenant_flag
from samlocal.cli.options.voice import output_of, plain_flag
from samlocal.cli.output import Output
from samlocal.cli.runs.events import event_options, events_to_run
from samlocal.cli.runs.keyless import telling_why
from samlocal.cli.runs.named import Shared, named
from samlocal.cli.sweeping import sweep
from samlocal.cli.ways_on import ways_on
from samlocal.collector import held_off

if TYPE_CHECKING:
    from samlocal.artifact.image.runtime_image import Image
    from samlocal.cli.runs.compared import KeptAnswers
    from samlocal.cli.runs.events import Events
    from samlocal.cli.runs.runs import Runs
    from samlocal.function.spec import FunctionSpec
    from samlocal.project.project import Project
    from samlocal.project.run_options import RunOptions
    from samlocal.project.settings import Settings
    from samlocal.sandbox.result import Result


@click.command("invoke", cls=InvokingCommand)
@partial(function_options, or_route=True)
@environment_options
@event_options
@route_options
@tenant_flag
@strict_flag
@code_flag
@run_flags
@debug_flags
@keep_flags
@click.option(
    "--compare",
    is_flag=True,
    help="Compare answers with those that `event save` has kept beside their events: what differs goes to standard "
    "error, and the exit status is 1 where something does, else 0.",
)
@output_option("text", "json", tells="The payload alone, or one JSON object with the figures.")
@log_file_option
@plain_flag
@click.pass_context
def command(ctx: click.Context, /, **values: object) -> int:
    """Run a function once.

    FUNCTION is a logical id of the template or a function's name, or the beginning of one. Its payload goes to
    standard output, its log to standard error. With -e or -n the function gets the deployed stack's values and runs
    under its own role.

    'METHOD /path' in place of FUNCTION is a request to one of the template's APIs: the function behind it gets the
    API's event, and at a terminal its answer is shown as the API's.

    \b
    Examples:
      samlocal invoke getEvent --event event.json
      samlocal invoke getEvent --event '{"id": 7}' -e test
      samlocal invoke 'PUT /events/talk' -d '{"name": "A talk"}'
      samlocal invoke getEvent --keep       leave it warm for the next call
      samlocal invoke getEvent -d 5858      wait for a debugger
      samlocal event generate s3 put | samlocal invoke resize --event -
    """
    from samlocal.project.project import Project

    output = output_of(ctx, for_people=not values["plain"])
    output.log_file = log_file(ctx, failed=output.warning)
    chosen, options = run_options(ctx)
    output.hears = telling_why(chosen, options, output.notice)
    wanted = wanted_function(ctx)
    debug = debug_options(ctx)
    project = Project(chosen, output)
    wanted, events = _to_run(ctx, project, wanted, output)
    if events.repeat > 1 and debug is not None:
        raise click.UsageError("--repeat measures, and a debugger stops what is measured: leave --debug-port out.")
    asked = _Asked(
        project=project,
        options=replace(options, sandbox=replace(options.sandbox, debug=debug)),
        function=wanted,
        events=events,
        tenant_id=values["tenant_id"] if isinstance(values["tenant_id"], str) else None,
        output=output,
        as_json=values["output_form"] == "json",
        compared=_compared(events, output, ctx.obj.cwd) if values["compare"] else None,
    )
    keep = keep_options(ctx)
    status = None
    if debug is None:
        status = _kept(ctx, asked, keep)
    elif keep.seconds is not None:
        output.notice("a function that is debugged is not kept: it ends with its debugger.")
    return _once(ctx, asked) if status is None else status


def _to_run(ctx: click.Context, project: Project, wanted: str, output: Output) -> tuple[str, Events]:
    """The function and its events, by its name or by a route that leads to it."""
    if not is_route(wanted):
        refuse_without_route(ctx)
        saved = SavedEvents.of(project.settings)
        return wanted, events_to_run(ctx, named(ctx.obj, saved, _shared(project, wanted)))

    from samlocal.cli.runs.routed import routed

    function, events = routed(ctx, project, wanted, output)
    # What the user is told to call next goes by the function.
    ctx.params["function"] = function
    return function, events


class _Asked(Struct, frozen=True, kw_only=True):
    """What is to be run, and what is shown of it."""

    project: Project
    options: RunOptions
    function: str
    events: Events
    tenant_id: str | None
    output: Output
    as_json: bool
    compared: KeptAnswers | None

    def runs(self, image: Image) -> Runs:
        from samlocal.cli.runs.runs import Runs
        from samlocal.project.last_events import LastEvents

        last_events = LastEvents(self.project.settings)

        def remember(event: bytes, result: Result, streamed: bytes) -> None:
            last_events.put(last_events.made(self.function, event, result, streamed))

        return Runs(
            self.events,
            self.output,
            image=image,
            as_json=self.as_json,
            remember=remember,
            compared=self.compared,
        )


def _kept(ctx: click.Context, asked: _Asked, keep: Keep) -> int | None:
    """The exit status of a run in a sandbox that stays, None where there is none and none is to be kept."""
    chosen = asked.project.settings
    if keep.seconds is not None:
        from samlocal.kept.start import start_first_keeper

        start_first_keeper(chosen)
    elif keep.cold or not _is_served(chosen):
        return None
    from samlocal.cli.runs.kept import run_kept
    from samlocal.kept.opening import Opening

    opening = Opening(
        chosen,
        asked.options,
        asked.function,
        tenant_id=asked.tenant_id,
        keep=keep.seconds,
        teller=asked.output,
        said=asked.output.said,
        requested=asked.output.request if ctx.params["verbose"] else None,
    )
    with ways_on(ctx, chosen):
        ran = run_kept(opening, asked.events, asked.output, made=asked.runs)
    return None if ran is None else int(ran.status)


def _once(ctx: click.Context, asked: _Asked) -> int:
    """The exit status of a run in a sandbox of its own, which ends with it."""
    project, output = asked.project, asked.output

    def accept(function: FunctionSpec) -> None:
        from samlocal.function.tenancy import check_tenant

        check_tenant(asked.tenant_id, isolated=function.isolates_tenants)

    ctx.with_resource(project)
    with ways_on(ctx, project.settings), held_off():
        spec = project.plan(asked.function, asked.options, accept=accept)

        from samlocal.cli.runs.running import run_events, run_to_its_end
        from samlocal.project.announced import tell_of_image
        from samlocal.sandbox.session import SWEEP_SECONDS, session

    tell_of_image(spec.image, output)

    function = spec.function
    output.is_of(timeout_at=function.timeout_at, memory_at=function.memory_at)
    runs = asked.runs(spec.image)
    sweepers: list[threading.Thread] = []
    with session(ctx.obj.cache_folder / "sessions") as own:
        try:
            run_to_its_end(
                run_events(
                    project.engines.at(spec.engine_at),
                    spec,
                    asked.events,
                    tenant_id=asked.tenant_id,
                    session=own,
                    output=output,
                    runs=runs,
                    started=lambda: sweepers.append(sweep(own, ctx.obj.environ, output, spec.engine_at)),
                )
            )
            # An engine that is too busy for that leaves it to the next run.
            for sweeper in sweepers:
                sweeper.join(SWEEP_SECONDS)
        finally:
            runs.finish()
    return int(runs.status)


def _shared(project: Project, function: str) -> Shared | None:
    """The test events that are shared in the environment, where one of a real account is named."""
    if project.settings.stack_name is None or project.settings.is_local:
        return None

    def event(name: str) -> bytes:
        from samlocal.captured.shared import SharedEvents

        return SharedEvents.of(project, function).event(name)

    return event


def _compared(events: Events, output: Output, cwd: Path) -> KeptAnswers:
    from samlocal.cli.runs.compared import KeptAnswers

    return KeptAnswers(events, cwd, output)


def _is_served(chosen: Settings) -> bool:
    """Whether another command runs the template's functions now."""
    from samlocal.kept.folder import is_served

    return is_served(chosen)
