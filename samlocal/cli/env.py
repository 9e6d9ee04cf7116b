"""``samlocal env``: a function's variables, each with its value and where that came from."""

from __future__ import annotations

import json

import click

from samlocal.cli.application import keep, load_application
from samlocal.cli.function_id import function_options, wanted_function
from samlocal.cli.listing import MASK
from samlocal.cli.options import EnvironmentCommand, environment_options, settings, variable
from samlocal.cli.output import Output
from samlocal.errors import ExitStatus
from samlocal.function.environment import MissingVariable, Variable


@click.command("env", cls=EnvironmentCommand)
@function_options
@environment_options
@click.option(
    "--output",
    "output_form",
    type=click.Choice(["table", "json", "dotenv", "env-vars"]),
    default="table",
    show_default=True,
    envvar=variable("output"),
    help="env-vars is the file that `sam local invoke --env-vars` reads.",
)
@click.option("--show-secrets", is_flag=True, help="Do not mask secret values.")
@click.pass_context
def command(ctx: click.Context, /, output_form: str, *, show_secrets: bool, **_: object) -> int:
    """Show the variables of FUNCTION: each value, and where it came from.

    The exit status is 5 when one of them cannot be known.
    """
    output = Output(ctx.obj)
    application = load_application(settings(ctx), output)
    owner, resource = application.find(wanted_function(ctx))
    variables = sorted(owner.variables(resource), key=lambda entry: entry.name)
    keep(application, output)
    known = {
        entry.name: MASK if entry.secret and not show_secrets else entry.value
        for entry in variables
        if isinstance(entry, Variable)
    }
    match output_form:
        case "json":
            output.document([_as_json(entry, known) for entry in variables])
        case "dotenv":
            for name, value in known.items():
                output.payload_line(f"{name}={json.dumps(value, ensure_ascii=False)}")
        case "env-vars":
            output.document({resource.logical_id: known})
        case _:
            output.table(["Variable", "Value", "Origin"], [_row(entry, known) for entry in variables])
    missing = [entry for entry in variables if isinstance(entry, MissingVariable)]
    for entry in missing:
        place = owner.template.place(entry.line)
        output.warning(
            f"{place}: {resource.logical_id}: {entry.name} = {entry.unknown.expression}: {entry.unknown.reason}. "
            f"{entry.unknown.tip}"
        )
    return int(ExitStatus.UNRESOLVED if missing else ExitStatus.SUCCESS)


def _origin(entry: Variable) -> str:
    return ", ".join(
        f"placeholder for {origin.text}" if origin.placeholder else origin.text for origin in entry.origins
    )


def _row(entry: Variable | MissingVariable, known: dict[str, str]) -> list[str]:
    if isinstance(entry, Variable):
        return [entry.name, known[entry.name], _origin(entry)]
    return [entry.name, "?", entry.unknown.expression]


def _as_json(entry: Variable | MissingVariable, known: dict[str, str]) -> dict[str, object]:
    if isinstance(entry, MissingVariable):
        return {
            "name": entry.name,
            "value": None,
            "expression": entry.unknown.expression,
            "reason": entry.unknown.reason,
            "line": entry.line,
        }
    return {
        "name": entry.name,
        "value": known[entry.name],
        "secret": entry.secret,
        "placeholder": bool(entry.placeholders),
        "origin": [origin.text for origin in entry.origins],
        "line": entry.line,
    }
