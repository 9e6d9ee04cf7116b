"""``samlocal invoke``: runs a function once."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from samlocal.cli.application import keep, load_application
from samlocal.cli.event import read_event
from samlocal.cli.function_id import function_options, wanted_function
from samlocal.cli.options import EnvironmentCommand, Settings, environment_options, settings, variable
from samlocal.cli.output import Output
from samlocal.cli.sandbox_options import sandbox_flags, sandbox_options
from samlocal.errors import EngineError, ExitStatus, RoleDeniedError
from samlocal.sandbox.result import Success

if TYPE_CHECKING:
    from samlocal.aws import Credentials
    from samlocal.function.application import Application
    from samlocal.function.spec import FunctionSpec
    from samlocal.sandbox.session import Session


@click.command("invoke", cls=EnvironmentCommand, short_help="Run a function once.")
@function_options
@environment_options
@click.option("--event", metavar="FILE|-|JSON", help="The event.  [default: {}]")
@click.option(
    "--assume-role/--no-assume-role",
    default=True,
    envvar=variable("assume_role"),
    help="Run under the function's own role, or under your own rights.  [default: its role]",
)
@sandbox_flags
@click.option(
    "--output",
    "output_form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    envvar=variable("output"),
    help="The payload alone, or one JSON object with the figures.",
)
@click.pass_context
def command(ctx: click.Context, /, **values: object) -> int:
    """Run FUNCTION once: its payload goes to standard output, its log to standard error.

    FUNCTION is a logical id of the template or a function's name. With -e or -n the function gets the deployed
    stack's values and runs under its own role.
    """
    output = Output(ctx.obj)
    chosen = settings(ctx)
    wanted = wanted_function(ctx)
    options = sandbox_options(ctx)
    payload = read_event(values["event"] if isinstance(values["event"], str) else None, ctx.obj)

    from samlocal.artifact.cache import Cache
    from samlocal.engine import Engine
    from samlocal.sandbox.plan import sandbox_spec
    from samlocal.sandbox.sandbox import Request, Sandbox
    from samlocal.sandbox.session import session

    application = load_application(chosen, output)
    function = application.function(wanted)
    _announce(function, output)
    credentials = _credentials(ctx, chosen, application, function, output)
    keep(application, output)
    cache = Cache(ctx.obj.cache_folder)
    engine = Engine.connect(ctx.obj.environ)
    with output.pulling() as progress:
        spec = sandbox_spec(
            function, engine=engine, cache=cache, credentials=credentials, options=options, progress=progress
        )

    streamed = bytearray()
    as_json = values["output_form"] == "json"
    with session(ctx.obj.cache_folder / "sessions") as own:
        with Sandbox(engine, spec, session=own, log=output.log) as sandbox:
            sweeper = _sweep(own, ctx.obj.environ, output)
            invocation = sandbox.invoke(Request(payload=payload), chunk=streamed.extend if as_json else output.chunk)
            # The last of the log before the result.
            sandbox.stop()
            if as_json:
                output.invocation_as_json(invocation, bytes(streamed))
            else:
                output.invocation(invocation)
        sweeper.join()
    return int(ExitStatus.SUCCESS if isinstance(invocation.result, Success) else ExitStatus.FUNCTION_FAILED)


def _announce(function: FunctionSpec, output: Output) -> None:
    if function.placeholders:
        output.warning(
            "no environment, so these are placeholders: " + ", ".join(function.placeholders) + ". "
            "-e ENV gives the deployed values."
        )


def _credentials(
    ctx: click.Context, chosen: Settings, application: Application, function: FunctionSpec, output: Output
) -> Credentials | None:
    """The function's role's keys with an environment; without one none, unless the user's own are asked for."""
    from samlocal.aws import Aws

    environment = application.environment
    if environment is not None and ctx.params["assume_role"]:
        if function.role_arn is None:
            raise RoleDeniedError(
                f"The stack {environment.stack.name} has no function {function.logical_id}; its role is not known.",
                tip="Deploy it (`sam deploy`), or run under your own rights with --no-assume-role.",
            )
        return environment.role_credentials(function.role_arn)
    if not ctx.params["assume_role"] or chosen.profile:
        output.notice("the function runs under your own AWS rights, not under its role.")
        return Aws(profile=chosen.profile, region=chosen.region).credentials()
    return None


def _sweep(own: Session, environ: Mapping[str, str], output: Output) -> threading.Thread:
    """Clears up after runs that were killed, beside the function's own run."""

    def sweep() -> None:
        from samlocal.engine import Engine

        try:
            engine = Engine.connect(environ)
            removed = own.sweep(engine)
            engine.close()
        except EngineError:
            # The run itself meets the same engine and says what is wrong with it.
            return
        if removed:
            output.notice(f"removed {removed} containers of runs that were killed.")

    thread = threading.Thread(target=sweep, name="samlocal-sweep")
    thread.start()
    return thread
