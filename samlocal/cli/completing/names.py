"""What a project's own files name: functions, routes, layers, environments. No environment is asked."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from samlocal import __version__
from samlocal.cli.output import Output
from samlocal.cli.world import World
from samlocal.config import LOCAL_ENVIRONMENT, FileSettings, environments, file_settings, find_config
from samlocal.errors import SamlocalError
from samlocal.project.settings import LOCAL_REGION, project_settings
from samlocal.project.template_file import config_folder, find_template
from samlocal.records import read_record, write_record
from samlocal.template.files import Files

if TYPE_CHECKING:
    from samlocal.function.application import Application

_ROUTE_TYPE = "AWS::ApiGatewayV2::Route"
_API_TYPES = (
    "AWS::Serverless::Api",
    "AWS::Serverless::HttpApi",
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGatewayV2::Api",
)
# SAM specification, "Generated CloudFormation resources", by the type of an event.
_IMPLICIT = {"Api": "ServerlessRestApi", "HttpApi": "ServerlessHttpApi"}


class Names(Struct, frozen=True, kw_only=True):
    """``functions`` are ways from the top template, each with all that the function is called.

    ``files`` is what they were read from.
    """

    functions: dict[str, tuple[str, ...]]
    routes: tuple[str, ...]
    layers: tuple[str, ...]
    apis: tuple[str, ...]
    files: dict[str, str]


def project_names(ctx: click.Context) -> Names:
    """Those of the template that the command line so far is about. Raises SamlocalError."""
    world: World = ctx.obj
    file = _file(ctx)
    given = ctx.params.get("template") or file.values.get("template")
    template = find_template(world, Path(str(given)) if given else None)
    record, files = _record(world, template), Files()
    known = read_record(record, Names)
    if known is not None and files.hold(known.files):
        return known

    from samlocal.project.application import joined

    # Without its environment's name none is looked for, and with a region no profile is.
    chosen = project_settings(
        world, file=FileSettings(path=file.path, values=file.values), template=template, region=LOCAL_REGION
    )
    application = joined(chosen, None, Output(world), files, quietly=True, given=())
    names = _names(application)
    write_record(record, names)
    return names


def environment_names(ctx: click.Context) -> list[str]:
    """Those of the configuration file, and the one on this machine. Raises SamlocalError."""
    path = _config(ctx)
    there = environments(path) if path is not None else ()
    return list(dict.fromkeys((*there, LOCAL_ENVIRONMENT)))


def events_folder(ctx: click.Context) -> Path:
    """Where events are saved: beside the configuration file, or beside the template. Raises SamlocalError."""
    from samlocal.captured.saved import SavedEvents

    world: World = ctx.obj
    file = _file(ctx)
    given = ctx.params.get("template") or file.values.get("template")
    template = find_template(world, Path(str(given)) if given else None)
    chosen = project_settings(world, file=file, template=template, region=LOCAL_REGION)
    return world.cwd / SavedEvents.of(chosen).folder


def _config(ctx: click.Context) -> Path | None:
    world: World = ctx.obj
    config_file, template = ctx.params.get("config_file"), ctx.params.get("template")
    return find_config(
        cwd=world.cwd,
        config_file=Path(config_file) if config_file else None,
        template=Path(template) if template else None,
        project=config_folder(world),
    )


def _file(ctx: click.Context) -> FileSettings:
    """What the configuration file says; whether a name in it is an option's is for who runs the command."""
    path = _config(ctx)
    env_name = ctx.params.get("env_name")
    if path is None:
        return FileSettings()
    known = env_name if env_name in environments(path) else None
    found = file_settings(path, env_name=known, known=(), stack_given=True, elsewhere=None)
    return FileSettings(path=found.path, values=found.values)


def _record(world: World, template: Path) -> Path:
    whose = f"{__version__} {os.path.realpath(world.cwd)} {template}"
    return world.cache_folder / "names" / f"{hashlib.sha256(os.fsencode(whose)).hexdigest()[:32]}.json"


def _names(application: Application) -> Names:
    from samlocal.template.model import LAYER_TYPES

    functions = {owner.path(resource): owner.names(resource).all for owner, resource in application.functions()}
    resources = application.template.resources
    return Names(
        functions=functions,
        routes=tuple(dict.fromkeys(_routes(application))),
        layers=tuple(name for name, each in resources.items() if each.type in LAYER_TYPES),
        apis=tuple(dict.fromkeys(_apis(application))),
        files=application.files.states,
    )


def _routes(application: Application) -> Iterator[str]:
    """As the templates write them; what an OpenAPI document has is known to who translates it alone."""
    from samlocal.function.summary import event_sources

    for owner, resource in application.functions():
        for source in event_sources(owner, resource):
            if source.method and source.path and source.path.startswith("/"):
                yield f"{'GET' if source.method == 'ANY' else source.method} {source.path}"
    for each in application.template.resources.values():
        key = each.properties.get("RouteKey")
        if each.type == _ROUTE_TYPE and isinstance(key, str) and " /" in key:
            yield key


def _apis(application: Application) -> Iterator[str]:
    """Those that have a name of their own, and the two that SAM makes of events which name none."""
    from samlocal.function.summary import event_sources

    for name, each in application.template.resources.items():
        if each.type in _API_TYPES:
            yield name
    for owner, resource in application.functions():
        for source in event_sources(owner, resource):
            if source.type in _IMPLICIT:
                yield _IMPLICIT[source.type]


def offered(ctx: click.Context) -> Names | None:
    """None where a file is broken or absent: whoever runs the command is told."""
    try:
        return project_names(ctx)
    except SamlocalError:
        return None
