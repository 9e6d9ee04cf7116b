"""``samlocal start-api``: the template's APIs over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from samlocal.cli.options.debug import service_debugging
from samlocal.cli.options.environment import environment_options, variable
from samlocal.cli.options.listen import listen, listen_flags
from samlocal.cli.options.reload import reload_flag, rereading
from samlocal.cli.options.run import run_options
from samlocal.cli.options.served import FIXED, pool_options, served_flags, warmed
from samlocal.cli.options.stay import StayingCommand, chosen_output, requests_to, stay_flags
from samlocal.cli.output import Output
from samlocal.cli.sweeping import sweep
from samlocal.collector import held_off
from samlocal.config import nearest
from samlocal.errors import ConfigurationError
from samlocal.project.run_options import RunOptions

if TYPE_CHECKING:
    from samlocal.http_api.model import Api
    from samlocal.http_api.routes.apis import Apis
    from samlocal.http_api.web.certificate import Certificate
    from samlocal.http_api.websocket.reachable import Reachable
    from samlocal.project.project import Project

_DEFAULT_PORT = 3000
"""SAM CLI's."""

_FIXED = ("api_ids", "print_routes", "stage_variables", "static_dir", "disable_authorizer", "tls")


@click.command("start-api", cls=StayingCommand, short_help="Serve the template's HTTP APIs.")
@environment_options
@listen_flags(_DEFAULT_PORT, port_help="Port of the first API, the next ones have those after it; 0 takes free ones.")
@click.option("--api", "api_ids", multiple=True, metavar="ID", help="Serve this API alone; may be given again.")
@click.option("--print-routes", is_flag=True, help="Print the routes of every API, and end.")
@click.option(
    "--stage-variables",
    multiple=True,
    metavar="NAME=VALUE",
    envvar=variable("stage_variables"),
    help="A stage variable, over the template's.",
)
@click.option(
    "--static-dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar=variable("static_dir"),
    help="Files for the paths that no route takes.",
)
@click.option(
    "--disable-authorizer",
    is_flag=True,
    envvar=variable("disable_authorizer"),
    help="Ask no authorizer, and for no API key.",
)
@click.option(
    "--tls", is_flag=True, envvar=variable("tls"), help="Serve by https, with a certificate of samlocal's own."
)
@served_flags
@reload_flag
@stay_flags
@click.pass_context
def command(ctx: click.Context, /, **_: object) -> int:
    """Serve the template's REST, HTTP and WebSocket APIs, function URLs and load balancers, a port for each."""
    from samlocal.http_api.web.gateway import read_apis
    from samlocal.project.project import Project

    # Routes are a document, and no records.
    output = Output(ctx.obj) if ctx.params["print_routes"] else chosen_output(ctx)
    chosen, options = run_options(ctx)
    variables = dict(_pairs(ctx.params["stage_variables"]))
    project = ctx.with_resource(Project(chosen, output))
    found = read_apis(project, variables)
    for remark in found.remarks:
        output.warning(remark)
    served = _named(found, ctx.params["api_ids"], chosen.template)
    if ctx.params["print_routes"]:
        _print(served, output, as_json=ctx.params["output_form"] == "json")
        return 0
    _serve(ctx, project, options, found, served, variables, output)
    return 0


def _serve(
    ctx: click.Context,
    project: Project,
    options: RunOptions,
    found: Apis,
    served: tuple[Api, ...],
    variables: Mapping[str, str],
    output: Output,
) -> None:
    debug = service_debugging(ctx)
    sockets = {api.id: listen(ctx, output, after=number) for number, api in enumerate(served)}
    warm = dict(warmed(ctx.params["warm"]))
    folder: Path | None = ctx.params["static_dir"]
    with held_off():
        from samlocal.cli.runs.running import run_to_its_end
        from samlocal.cli.shown.routes import place_of, served_api
        from samlocal.cli.shown.said import serving
        from samlocal.endpoint.directory import CurrentDirectory, Directory
        from samlocal.http_api.web.gateway import Gateway
        from samlocal.http_api.web.static_files import StaticFiles
        from samlocal.kept.door import Overheard, door
        from samlocal.sandbox.session import session
        from samlocal.service.news import News
        from samlocal.service.server import url_of
        from samlocal.service.service import Reloading, Service

    tls = None
    if ctx.params["tls"]:
        made = _certificate(ctx)
        tls = made.served
        output.notice(f"clients trust --tls by the certificate {made.public} (curl --cacert, NODE_EXTRA_CA_CERTS).")
    reachable = _reachable(ctx, project, options, served, output)
    urls = {name: url_of(listens, tls=tls is not None) for name, listens in sockets.items()}
    reread = rereading(ctx, run_options, output, fixed=(*_FIXED, *FIXED))

    async def serve() -> None:
        async with requests_to(output) as requests:
            overheard = Overheard(requests)
            async with Service(
                project,
                options,
                pool_options(ctx),
                session=own,
                log=overheard,
                shaped=(lambda spec: spec) if reachable is None else reachable.shaped,
                reload=Reloading(told=requests.reloaded, reread=reread) if ctx.params["reload"] else None,
                debug=debug,
            ) as service:
                for name, count in warm.items():
                    await service.pool.warm(await service.functions.id_of(name), count)
                gateway = Gateway(
                    service,
                    found,
                    served,
                    sockets,
                    requests,
                    stage_variables=variables,
                    authorizes=not ctx.params["disable_authorizer"],
                    static=None if folder is None else StaticFiles(folder),
                    tls=tls,
                    reachable=reachable,
                    failed=requests.failed,
                )
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
                            apis=tuple(served_api(api, place_of(api, urls[api.id])) for api in gateway.apis),
                            debugged=service.debugged,
                        )
                    )

                async with (
                    gateway.serving(),
                    door("start-api", service, overheard, told=requests),
                    News(tell) as news,
                ):
                    service.when_changed(news.come)
                    gateway.when_changed(news.come)
                    await tell()
                    try:
                        await requests.stand()
                    finally:
                        service.ends()

    with session(ctx.obj.cache_folder / "sessions") as own:
        sweep(own, ctx.obj.environ, output)
        run_to_its_end(serve())


def _named(found: Apis, wanted: tuple[str, ...], template: Path) -> tuple[Api, ...]:
    """Those that the user has named, by their ids or their names, else all. Raises ConfigurationError."""
    if not found.apis:
        raise ConfigurationError(
            f"{template}: the template has no API that samlocal can serve.",
            tip="Give a function an event of the type Api or HttpApi, or a FunctionUrlConfig.",
        )
    names = [name for api in found.apis for name in (api.id, api.name)]
    for each in wanted:
        if each not in names:
            raise ConfigurationError(
                f"--api {each}: there is no such API{nearest(each, names)}",
                tip=f"The template has {', '.join(api.id for api in found.apis)}.",
            )
    return tuple(api for api in found.apis if not wanted or api.id in wanted or api.name in wanted)


def _certificate(ctx: click.Context) -> Certificate:
    """Raises ConfigurationError."""
    from samlocal.http_api.web.certificate import certificate

    try:
        return certificate(ctx.obj.cache_folder / "tls", [ctx.params["host"]])
    except OSError as error:
        raise ConfigurationError(f"No certificate can be kept: {error}.") from error


def _reachable(
    ctx: click.Context, project: Project, options: RunOptions, served: tuple[Api, ...], output: Output
) -> Reachable | None:
    """How functions reach WebSocket clients, None without such an API. Raises ConfigurationError, EngineError."""
    from samlocal.http_api.model import ApiKind
    from samlocal.http_api.web.inside import Inside
    from samlocal.http_api.websocket.reachable import Reachable

    apis = tuple(api for api in served if api.kind is ApiKind.WEBSOCKET)
    if not apis:
        return None
    try:
        inside = Inside.open(
            project.engine,
            options.sandbox.network,
            certificate=_certificate(ctx),
            folder=ctx.obj.cache_folder / "tls" / "trust",
        )
    except OSError as error:
        raise ConfigurationError(f"No certificate can be kept: {error}.") from error
    ctx.with_resource(inside)
    for api in apis:
        output.notice(
            f"{api.id}: in its events it is called {inside.domain(api)}, where functions reach its clients."
        )
    return Reachable(inside, apis, told=output.notice)


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


def _pairs(texts: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for text in texts:
        name, found, value = text.partition("=")
        if not (name and found):
            raise click.UsageError(f"--stage-variables {text}: write NAME=VALUE.")
        yield name, value
