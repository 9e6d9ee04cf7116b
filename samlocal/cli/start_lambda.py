"""``samlocal start-lambda``: Lambda's Invoke API for the template's functions, for any SDK."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import click

from samlocal.cli.build_flags import build_flag, build_options
from samlocal.cli.options import EnvironmentCommand, Seconds, environment_options, settings, variable
from samlocal.cli.reload_flag import reload_flag, rereading
from samlocal.cli.rights_flags import rights_flags, rights_options
from samlocal.cli.sandbox_options import sandbox_flags, sandbox_options
from samlocal.cli.stay_flags import chosen_output, requests_to, stay_flags
from samlocal.cli.sweeping import sweep
from samlocal.collector import held_off
from samlocal.pool.options import PoolOptions
from samlocal.project.credentials import RunsUnder
from samlocal.project.run_options import Code, RunOptions
from samlocal.project.settings import Settings

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
@reload_flag
@stay_flags
@click.pass_context
def command(ctx: click.Context, /, **_: object) -> int:
    """Serve Lambda's Invoke API: SDKs and the AWS CLI run the template's functions with --endpoint-url."""
    from samlocal.project.project import Project
    from samlocal.service.server import is_open, listening

    output = chosen_output(ctx)
    chosen, options = _chosen(ctx)
    pool_options = PoolOptions(concurrency=ctx.params["concurrency"], idle=ctx.params["idle"])
    warm = dict(_warm(ctx.params["warm"]))
    project = ctx.with_resource(Project(chosen, output))
    listens = ctx.with_resource(contextlib.closing(listening(ctx.params["host"], ctx.params["port"])))
    if is_open(listens):
        output.warning(
            f"--host {ctx.params['host']}: every machine that reaches this one can run your functions, under their "
            "rights: nobody's signature is checked."
        )
    with held_off():
        from samlocal.cli.running import run_to_its_end
        from samlocal.cli.said import serving
        from samlocal.endpoint.lambda_endpoint import LambdaEndpoint
        from samlocal.kept.door import Overheard, door
        from samlocal.sandbox.session import session

    fixed = ("host", "port", "concurrency", "idle", "warm", "reload", "output_form")
    reread = rereading(ctx, _chosen, output, fixed=fixed)

    async def serve() -> None:
        async with requests_to(output) as requests:
            overheard = Overheard(requests)
            async with LambdaEndpoint(
                project,
                listens,
                options,
                pool_options,
                session=own,
                log=overheard,
                hears=requests,
                reload=ctx.params["reload"],
                reread=reread,
            ) as endpoint:
                for name, count in warm.items():
                    await endpoint.warm(name, count)
                async with endpoint.serving(), door("start-lambda", endpoint.service, overheard, told=requests.ran):
                    directory, reloads = await endpoint.functions.get(), ctx.params["reload"]
                    requests.serves(serving(chosen, directory, url=endpoint.url, reloads=reloads))
                    await requests.stand()

    with session(ctx.obj.cache_folder / "sessions") as own:
        sweep(own, ctx.obj.environ, output)
        run_to_its_end(serve())
    return 0


def _chosen(ctx: click.Context) -> tuple[Settings, RunOptions]:
    options = RunOptions(
        code=Code(ctx.params["code"]),
        strict=ctx.params["strict"],
        build=build_options(ctx),
        rights=rights_options(ctx),
        sandbox=sandbox_options(ctx),
    )
    chosen = settings(ctx)
    if options.rights.runs_under is RunsUnder.NARROWED and chosen.stack_name is None:
        raise click.UsageError("--scope-down and --policies need an environment: -e ENV, or -n STACK.")
    return chosen, options


def _warm(texts: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    for text in texts:
        name, found, count = text.partition("=")
        if not (name and found and count.isdecimal()):
            raise click.UsageError(f"--warm {text}: write FUNCTION=N.")
        yield name, int(count)
