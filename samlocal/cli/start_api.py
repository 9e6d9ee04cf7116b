"""``samlocal start-api``: the template's APIs over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from samlocal.cli.options.apis import (
    DEFAULT_PORT,
    FIXED_OF_APIS,
    ChosenApis,
    ListeningApis,
    api_flags,
    chosen_apis,
    refuse_taken_ports,
)
from samlocal.cli.options.debug import service_debugging
from samlocal.cli.options.environment import environment_options
from samlocal.cli.options.listen import listen_flags
from samlocal.cli.options.reload import reload_flag, rereading
from samlocal.cli.options.run import run_options
from samlocal.cli.options.served import FIXED, pool_options, served_flags, warmed
from samlocal.cli.options.stay import StayingCommand, chosen_output, requests_to, stay_flags
from samlocal.cli.options.voice import output_of
from samlocal.cli.output import Output
from samlocal.cli.runs.keyless import telling_why
from samlocal.collector import held_off
from samlocal.project.run_options import RunOptions

if TYPE_CHECKING:
    from samlocal.http_api.model import Api
    from samlocal.project.project import Project

_FIXED = ("print_routes", *FIXED_OF_APIS)


@click.command("start-api", cls=StayingCommand)
@environment_options
@listen_flags(DEFAULT_PORT, port_help="Port of the first API, the next ones have those after it; 0 takes free ones.")
@api_flags
@click.option("--print-routes", is_flag=True, help="Print the routes of every API, and end.")
@served_flags
@reload_flag
@stay_flags
@click.pass_context
def command(ctx: click.Context, /, **_: object) -> int:
    """Serve the template's HTTP APIs.

    REST, HTTP and WebSocket APIs, function URLs and load balancers: each has a port of its own.

    \b
    Examples:
      samlocal start-api -p 8080 -e test
      samlocal start-api --print-routes
      samlocal start-api --api Shop --tls
    """
    from samlocal.project.project import Project

    # Routes are a document, and no records.
    output = output_of(ctx) if ctx.params["print_routes"] else chosen_output(ctx)
    chosen, options = run_options(ctx)
    output.hears = telling_why(chosen, options, output.notice)
    project = ctx.with_resource(Project(chosen, output))
    if not ctx.params["print_routes"]:
        refuse_taken_ports(ctx, chosen, output)
    apis = chosen_apis(ctx, project, output)
    if ctx.params["print_routes"]:
        _print(apis.served, output, as_json=ctx.params["output_form"] == "json")
        return 0
    _serve(ctx, project, options, apis, output)
    return 0


def _serve(ctx: click.Context, project: Project, options: RunOptions, chosen: ChosenApis, output: Output) -> None:
    debug = service_debugging(ctx)
    apis = ListeningApis(ctx, project, options, chosen, output)
    warm = dict(warmed(ctx.params["warm"]))
    with held_off():
        from samlocal.cli.runs.standing import run_in_session, stand, warm_up
        from samlocal.cli.shown.said import serving
        from samlocal.endpoint.directory import CurrentDirectory, Directory
        from samlocal.kept.door import Overheard, door
        from samlocal.sandbox.session import Session
        from samlocal.service.news import News
        from samlocal.service.service import Reloading, Service

    reread = rereading(ctx, run_options, output, fixed=(*_FIXED, *FIXED))

    async def serve(own: Session) -> None:
        async with requests_to(output) as requests:
            overheard = Overheard(requests)
            async with Service(
                project,
                options,
                pool_options(ctx),
                session=own,
                log=overheard,
                shaped=apis.shaped,
                reload=Reloading(told=requests.reloaded, reread=reread) if ctx.params["reload"] else None,
                debug=debug,
            ) as service:
                await warm_up(service, warm)
                gateway = apis.gateway(service, requests)
                gateway.watch()
                functions = CurrentDirectory(
                    lambda: project.with_current_values(Directory)[1], changes=lambda: service.functions.changes
                )

                async def tell() -> None:
                    requests.serves(
                        serving(
                            project.settings,
                            await functions.get(),
                            url=None,
                            reloads=ctx.params["reload"],
                            apis=apis.shown(gateway),
                            debugged=service.debugged,
                        )
                    )

                async with (
                    gateway.serving(),
                    door("start-api", service, overheard, told=requests),
                    News(tell) as news,
                ):
                    await stand(requests, news, tell, service, gateway, ends=service.ends)

    run_in_session(ctx, options, output, serve)


def _print(served: tuple[Api, ...], output: Output, *, as_json: bool) -> None:
    from msgspec import to_builtins

    from samlocal.cli.shown.routes import HEADS, named, rows, served_api

    apis = [served_api(each, None) for each in served]
    if as_json:
        output.document({"apis": to_builtins(apis)})
        return
    for api in apis:
        output.payload_line("", head=named(api), fg="cyan")
        output.table(HEADS, rows(api))
