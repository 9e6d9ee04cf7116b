"""``samlocal list``: functions, layers and endpoints of the template."""

from __future__ import annotations

import click
from msgspec.structs import replace

from samlocal.cli.options.command_line import EnvironmentCommand
from samlocal.cli.options.environment import environment_options, settings
from samlocal.cli.options.output_form import output_option
from samlocal.cli.options.voice import output_of
from samlocal.cli.output import Output
from samlocal.cli.shown.endpoints import Endpoint, endpoints
from samlocal.cli.tables import Spare
from samlocal.errors import TemplateError
from samlocal.function.application import Application
from samlocal.function.summary import FunctionSummary, summarize
from samlocal.function.variables import MissingVariable, Variable
from samlocal.project.project import Project

_HEADS = (
    "Function",
    Spare(head="Name", weight=4),
    "Runtime",
    Spare(head="Handler", weight=5),
    Spare(head="Timeout", weight=7),
    Spare(head="Memory", weight=6),
    Spare(head="Arch", weight=1),
    Spare(head="Code", weight=2),
    Spare(head="Layers", weight=3),
    "Events",
)
_TYPE = Spare(head="Type", weight=1)
_API = Spare(head="API", weight=2)


def value_as_json(entry: Variable | MissingVariable, *, show_secrets: bool) -> dict[str, object]:
    """A value for other programs: null where it is not known, or secret and not to be shown."""
    if isinstance(entry, MissingVariable):
        return {"value": None, "secret": False}
    return {"value": entry.value if show_secrets or not entry.secret else None, "secret": entry.secret}


@click.command("list", cls=EnvironmentCommand)
@environment_options
@output_option("table", "json", tells="A table to read, or JSON for other programs.")
@click.option("--show-secrets", is_flag=True, help="Show secret values in JSON.")
@click.pass_context
def command(ctx: click.Context, /, output_form: str, *, show_secrets: bool, **_: object) -> int:
    """Functions, layers and endpoints of the template.

    A function that cannot run is listed, too, with the reason.

    \b
    Examples:
      samlocal list
      samlocal list -e test --output json | jq .endpoints
    """
    output = output_of(ctx)
    with Project(settings(ctx), output) as project:
        application, functions = project.with_current_values(
            lambda joined: [summarize(owner, resource) for owner, resource in joined.functions(absent=True)],
            complete=lambda found: (
                not any(isinstance(entry, MissingVariable) for function in found for entry in function.variables)
            ),
        )
        ways_in = _endpoints(application, output, local=project.settings.is_local)
        project.keep(application)
    if output_form == "json":
        output.document(
            {
                "functions": [_as_json(function, show_secrets=show_secrets) for function in functions],
                "layers": [
                    {"logical_id": layer.logical_id, "path": str(layer.path)} for layer in application.all_layers()
                ],
                "endpoints": [
                    {
                        "method": way.method,
                        "path": way.path,
                        "function": way.function,
                        "type": way.type,
                        "api": way.api,
                        "url": way.url,
                    }
                    for way in ways_in
                ],
            }
        )
        return 0
    output.table(
        _HEADS,
        [_row(function) for function in functions],
    )
    layers = list(application.all_layers())
    if layers:
        output.table(["Layer", "Path"], [[layer.logical_id, str(layer.path)] for layer in layers])
    if ways_in:
        output.table(
            ["Endpoint", "Function", _TYPE, _API, *(["URL"] if any(way.url for way in ways_in) else [])],
            [
                [
                    f"{way.method} {way.path}".strip(),
                    way.function or "",
                    way.type,
                    way.api,
                    *([way.url or ""] if any(each.url for each in ways_in) else []),
                ]
                for way in ways_in
            ],
        )
    for function in functions:
        if function.absent is not None:
            output.notice(f"{function.path} is not deployed: {function.absent.reason}.")
            continue
        for problem in function.problems:
            output.warning(f"{function.path} cannot run: {problem}")
    return 0


def _endpoints(application: Application, output: Output, *, local: bool) -> list[Endpoint]:
    """Nobody serves the URLs of the environment on this machine; ``start-api`` does."""
    try:
        found = endpoints(application)
    except TemplateError as error:
        output.warning(error.message)
        return []
    return [replace(way, url=None) for way in found] if local else found


def _row(function: FunctionSummary) -> list[str]:
    return [
        f"{function.path} (not deployed)" if function.absent else function.path,
        function.function_name,
        function.runtime or ("image" if function.package_type == "Image" else "?"),
        function.handler or "",
        f"{function.timeout} s" if function.timeout else "?",
        f"{function.memory} MB" if function.memory else "?",
        ", ".join(function.architectures),
        function.code or "?",
        ", ".join(function.layers),
        ", ".join(f"{event.method} {event.path}" if event.method else event.type for event in function.events),
    ]


def _as_json(function: FunctionSummary, *, show_secrets: bool) -> dict[str, object]:
    return {
        "logical_id": function.logical_id,
        "path": function.path,
        "function_name": function.function_name,
        "runtime": function.runtime,
        "handler": function.handler,
        "timeout": function.timeout,
        "memory": function.memory,
        "architectures": list(function.architectures),
        "package_type": function.package_type,
        "code": function.code,
        "layers": list(function.layers),
        "events": [
            {"name": event.name, "type": event.type, "method": event.method, "path": event.path}
            for event in function.events
        ],
        "environment": {entry.name: value_as_json(entry, show_secrets=show_secrets) for entry in function.variables},
        "problems": list(function.problems),
        "deployed": function.absent is None,
        "absent": None
        if function.absent is None
        else {
            "resource": function.absent.holder,
            "condition": function.absent.condition,
            "expression": function.absent.expression,
            "parameters": function.absent.parameters,
        },
    }
