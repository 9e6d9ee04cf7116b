"""The options of every command that serves APIs, and what is served by them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from msgspec import Struct

from samlocal.cli.completing import completers
from samlocal.cli.options.configured import variable
from samlocal.cli.options.listen import bound, listen
from samlocal.cli.output import Output
from samlocal.config import nearest
from samlocal.errors import ConfigurationError, SamlocalError, system_reason

if TYPE_CHECKING:
    # What serves HTTP is for who serves.
    from samlocal.cli.shown.requests import Requests
    from samlocal.cli.shown.served import ServedApi
    from samlocal.http_api.model import Api, Apis
    from samlocal.http_api.web.certificate import Certificate
    from samlocal.http_api.web.gateway import Gateway
    from samlocal.http_api.websocket.reachable import Reachable
    from samlocal.project.project import Project
    from samlocal.project.run_options import RunOptions
    from samlocal.project.settings import Settings
    from samlocal.sandbox.layout import SandboxSpec
    from samlocal.service.service import Service

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_PORT = 3000
"""SAM CLI's."""

# More APIs than a template has that somebody serves by hand.
_LOOKED_AT = 8

FIXED_OF_APIS = ("api_ids", "stage_variables", "static_dir", "disable_authorizer", "tls")
"""Options that cannot change while such a command stays."""

_FLAGS = (
    click.option(
        "--api",
        "api_ids",
        multiple=True,
        metavar="ID",
        shell_complete=completers.apis,
        help="Serve this API alone; may be given again.",
    ),
    click.option(
        "--stage-variables",
        multiple=True,
        metavar="NAME=VALUE",
        envvar=variable("stage_variables"),
        help="A stage variable, over the template's.",
    ),
    click.option(
        "-s",
        "--static-dir",
        metavar="FOLDER",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        envvar=variable("static_dir"),
        help="Files for the paths that no route takes.",
    ),
    click.option(
        "--disable-authorizer",
        is_flag=True,
        envvar=variable("disable_authorizer"),
        help="Ask no authorizer, and for no API key.",
    ),
    click.option(
        "--tls", is_flag=True, envvar=variable("tls"), help="Serve by https, with a certificate of samlocal's own."
    ),
)


def api_flags(command: F) -> F:
    for flag in reversed(_FLAGS):
        command = flag(command)
    return command


class ChosenApis(Struct, frozen=True, kw_only=True):
    """Those that are ``served`` of those that are ``found``."""

    found: Apis
    served: tuple[Api, ...]
    variables: Mapping[str, str]


def chosen_apis(ctx: click.Context, project: Project, output: Output, *, may_be_none: bool = False) -> ChosenApis:
    """What the template has, and the user names. Raises ConfigurationError, and what reading the template raises."""
    from samlocal.http_api.web.gateway import read_apis

    variables = dict(_pairs(ctx.params["stage_variables"]))
    found = read_apis(project, variables)
    for remark in found.remarks:
        output.warning(remark)
    if not found.apis and not may_be_none:
        raise ConfigurationError(
            f"{project.settings.template}: the template has no API that samlocal can serve.",
            tip="Give a function an event of the type Api or HttpApi, or a FunctionUrlConfig.",
        )
    wanted: tuple[str, ...] = ctx.params["api_ids"]
    names = [name for api in found.apis for name in (api.id, api.name)]
    for each in wanted:
        if each not in names:
            raise ConfigurationError(
                f"--api {each}: there is no such API{nearest(each, names)}",
                tip=f"The template has {', '.join(api.id for api in found.apis) or 'none'}.",
            )
    served = tuple(api for api in found.apis if not wanted or api.id in wanted or api.name in wanted)
    return ChosenApis(found=found, served=served, variables=variables)


class ListeningApis:
    """They listen already, each on a socket of its own, until the end of the command."""

    def __init__(
        self,
        ctx: click.Context,
        project: Project,
        options: RunOptions,
        chosen: ChosenApis,
        output: Output,
        *,
        taken: int | None = None,
    ) -> None:
        """``taken`` is a port that is for something else. Raises ConfigurationError, EngineError."""
        self._ctx = ctx
        self._chosen = chosen
        places = _places(ctx.params["port"], len(chosen.served), taken)
        self._sockets = {
            api.id: listen(ctx, output, after=after) for api, after in zip(chosen.served, places, strict=True)
        }
        self._tls: Path | None = None
        if ctx.params["tls"] and chosen.served:
            made = _certificate(ctx)
            self._tls = made.served
            output.notice(
                f"clients trust --tls by the certificate {made.public} (curl --cacert, NODE_EXTRA_CA_CERTS)."
            )
        self._reachable = _reachable(ctx, project, options, chosen.served, output)

    def shaped(self, spec: SandboxSpec) -> SandboxSpec:
        """Functions find the clients of WebSocket APIs."""
        return spec if self._reachable is None else self._reachable.shaped(spec)

    def gateway(self, service: Service, requests: Requests) -> Gateway:
        """What answers there."""
        from samlocal.http_api.web.gateway import Gateway
        from samlocal.http_api.web.static_files import StaticFiles

        folder: Path | None = self._ctx.params["static_dir"]
        return Gateway(
            service,
            self._chosen.found,
            self._chosen.served,
            self._sockets,
            requests,
            stage_variables=self._chosen.variables,
            authorizes=not self._ctx.params["disable_authorizer"],
            static=None if folder is None else StaticFiles(folder),
            tls=self._tls,
            reachable=self._reachable,
            failed=requests.failed,
        )

    def shown(self, gateway: Gateway) -> tuple[ServedApi, ...]:
        """As they are now."""
        from samlocal.cli.shown.routes import place_of, served_api
        from samlocal.service.server import url_of

        def url(api: Api) -> str:
            return url_of(self._sockets[api.id], tls=self._tls is not None)

        return tuple(served_api(api, place_of(api, url(api))) for api in gateway.apis)


def refuse_taken_ports(ctx: click.Context, settings: Settings, output: Output, *, taken: int | None = None) -> None:
    """Raises ConfigurationError where an API could not listen, before anything is started or deployed for it.

    How many APIs there are is asked of the template alone, and only where a port is not free. ``taken`` is a port
    that is for something else.
    """
    first = ctx.params["port"]
    refused: dict[int, ConfigurationError] = {}
    for number, after in enumerate(_places(first, _LOOKED_AT, taken) if first else ()):
        try:
            bound(ctx, after=after).close()
        except ConfigurationError as error:
            refused[number] = error
    if not refused:
        return

    from samlocal.http_api.routes.apis import apis
    from samlocal.project.application import files_of, joined

    try:
        found = apis(joined(settings, None, output, files_of(settings), quietly=True)).apis
    except SamlocalError:
        # Whoever reads the template next says what is wrong with it.
        return
    wanted: tuple[str, ...] = ctx.params["api_ids"]
    count = sum(not wanted or api.id in wanted or api.name in wanted for api in found)
    for number, refusal in refused.items():
        if number < count:
            raise refusal


def _places(first: int, count: int, taken: int | None) -> list[int]:
    """How far behind the first port each API's is; the one that is ``taken`` is passed over."""
    passed = range(first, first + count)
    return [number + (taken in passed and first + number >= (taken or 0)) for number in range(count)]


def _pairs(texts: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for text in texts:
        name, found, value = text.partition("=")
        if not (name and found):
            raise click.UsageError(f"--stage-variables {text}: write NAME=VALUE.")
        yield name, value


def _certificate(ctx: click.Context) -> Certificate:
    """Raises ConfigurationError."""
    from samlocal.http_api.web.certificate import certificate

    try:
        return certificate(ctx.obj.cache_folder / "tls", [ctx.params["host"]])
    except OSError as error:
        raise ConfigurationError(f"No certificate can be kept: {system_reason(error)}.") from error


def _reachable(
    ctx: click.Context, project: Project, options: RunOptions, served: tuple[Api, ...], output: Output
) -> Reachable | None:
    """How functions reach WebSocket clients, None without such an API. Raises ConfigurationError, EngineError."""
    from samlocal.artifact.cache import Cache
    from samlocal.artifact.engine_disk.standpoint import standpoint
    from samlocal.http_api.model import ApiKind
    from samlocal.http_api.web.inside import Inside
    from samlocal.http_api.websocket.reachable import Reachable

    apis = tuple(api for api in served if api.kind is ApiKind.WEBSOCKET)
    if not apis:
        return None
    engine = project.engines.at(options.sandbox.engines.places[0])
    try:
        inside = Inside.open(
            engine,
            options.sandbox.network,
            standpoint(engine, None, Cache(ctx.obj.cache_folder)),
            certificate=_certificate(ctx),
            folder=ctx.obj.cache_folder / "tls" / "trust",
        )
    except OSError as error:
        raise ConfigurationError(f"No certificate can be kept: {system_reason(error)}.") from error
    ctx.with_resource(inside)
    for api in apis:
        output.notice(
            f"{api.id}: in its events it is called {inside.domain(api)}, where functions reach its clients."
        )
    return Reachable(inside, apis, told=output.notice)
