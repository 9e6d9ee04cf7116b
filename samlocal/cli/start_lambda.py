"""``samlocal start-lambda``: Lambda's Invoke API for the template's functions, for any SDK."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from samlocal.cli.build_flags import build_flag, build_options
from samlocal.cli.options import EnvironmentCommand, Seconds, environment_options, settings, variable
from samlocal.cli.output import Output
from samlocal.cli.rights_flags import rights_flags, rights_options
from samlocal.cli.sandbox_options import sandbox_flags, sandbox_options
from samlocal.cli.sweeping import sweep
from samlocal.collector import held_off
from samlocal.pool.options import PoolOptions
from samlocal.project.credentials import RunsUnder
from samlocal.project.run_options import Code, RunOptions

if TYPE_CHECKING:
    import socket

    from samlocal.aws import Aws
    from samlocal.endpoint.directory import Directory
    from samlocal.project.project import Project
    from samlocal.sandbox.layout import SandboxSpec
    from samlocal.sandbox.session import Session

_DEFAULT_PORT = 3001
"""SAM CLI's."""


@click.command("start-lambda", cls=EnvironmentCommand, short_help="Serve Lambda's Invoke API to any SDK.")
@environment_options
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    envvar=variable("host"),
    help="Address to listen on. Requests' signatures are not checked: whoever reaches it runs your functions.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=_DEFAULT_PORT,
    show_default=True,
    envvar=variable("port"),
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    default=PoolOptions().concurrency,
    show_default=True,
    envvar=variable("concurrency"),
    help="How many events run at once, of all functions; others wait.",
)
@click.option(
    "--idle",
    type=Seconds(),
    default=PoolOptions().idle,
    show_default=True,
    metavar="SECONDS|never",
    envvar=variable("idle"),
    help="How long a sandbox waits for an event before it ends.",
)
@click.option(
    "--warm",
    multiple=True,
    metavar="FUNCTION=N",
    envvar=variable("warm"),
    help="Start N sandboxes of a function ahead.",
)
@click.option(
    "--strict",
    is_flag=True,
    envvar=variable("strict"),
    help="Refuse placeholders, which stand in without an environment.",
)
@click.option(
    "--code",
    type=click.Choice(["local", "deployed"]),
    default="local",
    show_default=True,
    envvar=variable("code"),
    help="The working copy, or the package and layers that run in the environment now.",
)
@rights_flags
@build_flag
@sandbox_flags
@click.pass_context
def command(ctx: click.Context, /, **values: object) -> int:
    """Serve Lambda's Invoke API: SDKs and the AWS CLI run the template's functions with --endpoint-url."""
    from samlocal.endpoint.server import listening, url_of
    from samlocal.project.project import Project

    output = Output(ctx.obj)
    options = RunOptions(
        code=Code(values["code"]),
        strict=bool(values["strict"]),
        build=build_options(ctx),
        rights=rights_options(ctx),
        sandbox=sandbox_options(ctx),
    )
    chosen = settings(ctx)
    if options.rights.runs_under is RunsUnder.NARROWED and chosen.stack_name is None:
        raise click.UsageError("--scope-down and --policies need an environment: -e ENV, or -n STACK.")
    pool_options = PoolOptions(concurrency=ctx.params["concurrency"], idle=ctx.params["idle"])
    warm = dict(_warm(ctx.params["warm"]))
    project = ctx.with_resource(Project(chosen, output))
    listens = ctx.with_resource(contextlib.closing(listening(ctx.params["host"], ctx.params["port"])))
    with held_off():
        from samlocal.cli.running import run_to_its_end
        from samlocal.sandbox.layout import LAMBDA_ENDPOINT
        from samlocal.sandbox.network.endpoint import endpoint
        from samlocal.sandbox.session import session

    own_endpoint = endpoint(url_of(listens))

    def plan(function_id: str) -> SandboxSpec:
        spec = project.plan(function_id, options)
        for remark in spec.image.remarks:
            output.notice(remark)
        # Functions call each other here; one that names Lambda itself is left to that.
        return spec if LAMBDA_ENDPOINT in spec.variables else replace(spec, lambda_endpoint=own_endpoint)

    with session(ctx.obj.cache_folder / "sessions") as own:
        sweep(own, ctx.obj.environ, output)
        run_to_its_end(_serve(project, plan, own, listens, output, pool_options, warm))
    return 0


async def _serve(
    project: Project,
    plan: Callable[[str], SandboxSpec],
    own: Session,
    listens: socket.socket,
    output: Output,
    options: PoolOptions,
    warm: dict[str, int],
) -> None:
    from samlocal.cli.requests import Requests
    from samlocal.endpoint.application import web_application
    from samlocal.endpoint.delivery import Delivery, caller_of
    from samlocal.endpoint.directory import Callee, CurrentDirectory, Directory
    from samlocal.endpoint.event_queue import EventQueue
    from samlocal.endpoint.invoker import Invoker
    from samlocal.endpoint.listings import Listings
    from samlocal.endpoint.log_tail import LogTails
    from samlocal.endpoint.server import serving, url_of
    from samlocal.pool.plan import in_thread
    from samlocal.pool.pool import Pool
    from samlocal.sandbox.sandbox import Sandbox

    engine = await asyncio.to_thread(lambda: project.engine)
    requests = Requests(output)
    tails = LogTails(requests.log)
    functions = CurrentDirectory(lambda: project.with_current_values(Directory)[1])
    planned = in_thread(plan)

    async def caller(callee: Callee) -> Aws | None:
        return caller_of((await planned(callee.path)).spec)

    directory = await functions.get()
    try:
        async with Pool(
            planned,
            lambda spec: Sandbox(engine, spec, session=own, log=tails),
            options=options,
        ) as pool:
            queue = EventQueue(pool, Delivery(functions, caller, warn=output.warning), told=requests.told)
            invoker = Invoker(pool, functions, tails, queue=queue.put, told=requests.told)
            for name, count in warm.items():
                await pool.warm(_path(directory, name), count)
            try:
                application = web_application(
                    invoker, Listings(functions), refused=requests.refused, failed=requests.failed
                )
                async with serving(application, [listens]):
                    requests.banner(directory, url_of(listens))
                    await asyncio.Event().wait()
            finally:
                await invoker.close()
                given_up = await queue.close()
                if given_up:
                    output.warning(f"{given_up} asynchronous events are given up that would have been tried again.")
        await requests.log.drain()
    finally:
        requests.log.close()


def _warm(texts: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    for text in texts:
        name, found, count = text.partition("=")
        if not (name and found and count.isdecimal()):
            raise click.UsageError(f"--warm {text}: write FUNCTION=N.")
        yield name, int(count)


def _path(directory: Directory, name: str) -> str:
    from samlocal.endpoint.api_error import ApiError

    try:
        return directory.find(name, None)[0].path
    except ApiError as error:
        raise click.UsageError(f"--warm {name}: the template has no such function.") from error
