"""``samlocal up``: the whole application on this machine, by one command."""

from __future__ import annotations

import asyncio

import click

from samlocal.cli.completing import completers
from samlocal.cli.options.apis import (
    DEFAULT_PORT,
    FIXED_OF_APIS,
    ListeningApis,
    api_flags,
    chosen_apis,
    refuse_taken_ports,
)
from samlocal.cli.options.command_line import names_environment
from samlocal.cli.options.configured import variable
from samlocal.cli.options.debug import service_debugging
from samlocal.cli.options.environment import environment_options
from samlocal.cli.options.listen import listen, listen_flags
from samlocal.cli.options.reload import reload_flag, rereading
from samlocal.cli.options.run import run_options
from samlocal.cli.options.served import FIXED, pool_options, served_flags, warmed
from samlocal.cli.options.stay import StayingCommand, chosen_output, requests_to, stay_flags
from samlocal.cli.runs.keyless import telling_why
from samlocal.collector import held_off
from samlocal.config import LOCAL_ENVIRONMENT

_LAMBDA_PORT = 3001
"""``start-lambda``'s."""

_FIXED = ("lambda_port", "sources", *FIXED_OF_APIS, *FIXED)


class _UpCommand(StayingCommand):
    """In the environment on this machine, unless another one is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = [] if names_environment(ctx, self, args) else ["--env-name", LOCAL_ENVIRONMENT]
        return super().parse_args(ctx, [*own, *args])


@click.command("up", cls=_UpCommand)
@environment_options
@listen_flags(DEFAULT_PORT, port_help="Port of the first API, the next ones have those after it; 0 takes free ones.")
@click.option(
    "--lambda-port",
    type=click.IntRange(0, 65535),
    default=_LAMBDA_PORT,
    show_default=True,
    envvar=variable("lambda_port"),
    help="Port of Lambda's Invoke API; 0 takes a free one.",
)
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="FUNCTION",
    shell_complete=completers.functions,
    envvar=variable("source"),
    help="Read the queues and streams of this function; may be given again.  [default: all in -e local, none in a "
    "deployed environment, where that takes messages from others]",
)
@api_flags
@served_flags
@reload_flag
@stay_flags
@click.pass_context
def command(ctx: click.Context, /, **_: object) -> int:
    """Run the whole application: APIs, Lambda, event sources.

    That is its APIs, Lambda's Invoke API, what reads its queues and streams, and on this machine what topics,
    buckets, rules and schedules send to functions. It runs in the environment on this machine, which is started and
    deployed where needed, or with -e ENV in a deployed one.

    \b
    Examples:
      samlocal up
      samlocal up -e test --source worker   read worker's queue there, too
      samlocal up --output json | jq -c .
    """
    from samlocal.project.project import Project

    output = chosen_output(ctx)
    debug = service_debugging(ctx)
    chosen, options = run_options(ctx)
    output.hears = telling_why(chosen, options, output.notice)
    warm = dict(warmed(ctx.params["warm"]))
    project = ctx.with_resource(Project(chosen, output))
    listens = listen(ctx, output, port="lambda_port")
    refuse_taken_ports(ctx, chosen, output, taken=ctx.params["lambda_port"] or None)
    found = chosen_apis(ctx, project, output, may_be_none=True)
    apis = ListeningApis(ctx, project, options, found, output, taken=ctx.params["lambda_port"] or None)
    with held_off():
        from samlocal.cli.runs.standing import run_in_session, stand, warm_up
        from samlocal.cli.shown.said import serving
        from samlocal.cli.shown.sources import ReadSources
        from samlocal.endpoint.lambda_endpoint import LambdaEndpoint
        from samlocal.kept.door import Overheard, door
        from samlocal.local.server import LocalServer
        from samlocal.sandbox.session import Session
        from samlocal.service.news import News
        from samlocal.sources.event_sources import EventSources
        from samlocal.sources.function_logs import FunctionLogs
        from samlocal.sources.happening import Happening, Interrupted
        from samlocal.sources.pushed import PushedEvents
        from samlocal.sources.schedules import Schedules
        from samlocal.sources.service_readers import ServiceReaders
        from samlocal.sources.threads import Threads

    reread = rereading(ctx, run_options, output, fixed=_FIXED)
    limits = pool_options(ctx)

    def server() -> LocalServer:
        """The environment on this machine, as it is now."""
        return project.account.local.opened().server

    async def serve(own: Session) -> None:
        async with requests_to(output) as requests:
            logs = FunctionLogs(requests, server, failed=requests.failed)
            overheard = Overheard(logs if chosen.is_local else requests)
            async with (
                logs,
                LambdaEndpoint(
                    project,
                    listens,
                    options,
                    limits,
                    session=own,
                    log=overheard,
                    hears=requests,
                    reload=ctx.params["reload"],
                    reread=reread,
                    debug=debug,
                    shaped=apis.shaped,
                ) as endpoint,
            ):
                service = endpoint.service
                await warm_up(service, warm)
                named = frozenset([await service.functions.id_of(name) for name in ctx.params["sources"]])
                gateway = apis.gateway(service, requests)
                gateway.watch()

                def look_again() -> None:
                    """In a local environment that is another now, all have other names and another address."""
                    endpoint.functions.forget()
                    service.pool.change()
                    news.come()

                def told_of_source(happening: Happening) -> None:
                    requests.of_source(happening)
                    if isinstance(happening, Interrupted):
                        look_again()

                async def tell() -> None:
                    directory = await endpoint.functions.get()
                    idle = project.account.local.opened().idle if chosen.is_local else None
                    # Evaluating may ask AWS.
                    read = await asyncio.to_thread(ReadSources.of, directory, named=named, idle=idle)
                    # What is said to be read no longer is not, then.
                    sources.use(read.mappings)
                    requests.serves(
                        serving(
                            project.settings,
                            directory,
                            url=endpoint.url,
                            reloads=ctx.params["reload"],
                            apis=apis.shown(gateway),
                            sources=read.shown,
                            debugged=service.debugged,
                        )
                    )

                with Threads() as threads:
                    readers = ServiceReaders(
                        service, endpoint.functions, limits, threads, events=requests.told, told=told_of_source
                    )
                    sources = EventSources(readers, told=told_of_source, failed=requests.failed)
                    pushes = PushedEvents(endpoint, server, threads, hears=requests, interrupted=look_again)
                    schedules = Schedules(server, threads, hears=requests, passes_over=lambda: pushes.is_replaced)
                    news = News(tell)

                    def begins() -> None:
                        if chosen.is_local:
                            pushes.begin()
                            schedules.begin()

                    def ends() -> None:
                        for each in (sources, pushes, schedules):
                            each.stop()
                        endpoint.ends()

                    async with (
                        pushes,
                        schedules,
                        endpoint.serving(),
                        gateway.serving(),
                        door("up", service, overheard, told=requests),
                        sources,
                        news,
                    ):
                        await stand(requests, news, tell, service, gateway, begins=begins, ends=ends)

    run_in_session(ctx, options, output, serve)
    return 0
