"""``samlocal env``: a function's variables, each with its value and where that came from."""

from __future__ import annotations

import click

from samlocal.cli.listing import value_as_json
from samlocal.cli.options.environment import EnvironmentCommand, environment_options, settings
from samlocal.cli.options.function_id import function_options, wanted_function
from samlocal.cli.options.output_form import output_option
from samlocal.cli.output import Output
from samlocal.errors import ExitStatus
from samlocal.function.application import Application
from samlocal.function.overrides import dotenv_line
from samlocal.function.variables import MissingVariable, Variable, size_problem
from samlocal.project.project import Project
from samlocal.template.model import Resource

_MASK = "********"
_FILES = frozenset({"dotenv", "env-vars"})
"""Forms that samlocal and others read again."""


@click.command("env", cls=EnvironmentCommand)
@function_options
@environment_options
@output_option(
    "table", "json", "dotenv", "env-vars", tells="env-vars is the file that `sam local invoke --env-vars` reads."
)
@click.option("--show-secrets", is_flag=True, help="Do not mask or leave out secret values.")
@click.pass_context
def command(ctx: click.Context, /, output_form: str, *, show_secrets: bool, **_: object) -> int:
    """A function's variables, their values and origins.

    The exit status is 5 when one of them cannot be known, 3 when CloudFormation refuses one.

    \b
    Examples:
      samlocal env getEvent -e test
      samlocal env getEvent --output dotenv > .env
    """
    output = Output(ctx.obj)
    wanted = wanted_function(ctx)

    def evaluated(application: Application) -> tuple[Application, Resource, list[Variable | MissingVariable]]:
        owner, resource = application.find(wanted)
        owner.check_deployed(resource)
        return owner, resource, sorted(owner.variables(resource), key=lambda entry: entry.name)

    with Project(settings(ctx), output) as project:
        application, (owner, resource, variables) = project.with_current_values(
            evaluated, complete=lambda found: not any(isinstance(entry, MissingVariable) for entry in found[2])
        )
        project.keep(application)
    known = [entry for entry in variables if isinstance(entry, Variable)]
    shown = [entry for entry in known if show_secrets or not entry.secret]
    match output_form:
        case "json":
            output.document([_as_json(entry, show_secrets=show_secrets) for entry in variables])
        case "dotenv":
            for entry in shown:
                output.data_line(dotenv_line(entry.name, entry.value))
        case "env-vars":
            output.document({resource.logical_id: {entry.name: entry.value for entry in shown}})
        case _:
            output.table(
                ["Variable", "Value", "Origin"], [_row(entry, show_secrets=show_secrets) for entry in variables]
            )
    if output_form in _FILES and len(shown) < len(known):
        # A mask would be taken for the value by whoever reads the file.
        left_out = ", ".join(entry.name for entry in known if entry.secret)
        output.notice(f"left out, because they are secret: {left_out}. --show-secrets writes them too.")
    unknown = [entry for entry in variables if isinstance(entry, MissingVariable)]
    for missing in unknown:
        place = owner.template.place(missing.line)
        output.warning(
            f"{place}: {resource.logical_id}: {missing.name} = {missing.unknown.expression}: "
            f"{missing.unknown.reason}. {missing.unknown.tip}"
        )
    too_large = size_problem(known)
    if too_large is not None:
        output.warning(f"{owner.template.place(resource.line_of('Environment'))}: {resource.logical_id}: {too_large}")
    if any(missing.refused for missing in unknown):
        return int(ExitStatus.TEMPLATE)
    return int(ExitStatus.UNRESOLVED if unknown else ExitStatus.SUCCESS)


def _origin(entry: Variable) -> str:
    return ", ".join(
        f"placeholder for {origin.text}" if origin.placeholder else origin.text for origin in entry.origins
    )


def _row(entry: Variable | MissingVariable, *, show_secrets: bool) -> list[str]:
    if isinstance(entry, Variable):
        return [entry.name, entry.value if show_secrets or not entry.secret else _MASK, _origin(entry)]
    return [entry.name, "?", entry.unknown.expression]


def _as_json(entry: Variable | MissingVariable, *, show_secrets: bool) -> dict[str, object]:
    value = {"name": entry.name, **value_as_json(entry, show_secrets=show_secrets)}
    if isinstance(entry, MissingVariable):
        return {
            **value,
            "expression": entry.unknown.expression,
            "reason": entry.unknown.reason,
            "line": entry.line,
        }
    return {
        **value,
        "placeholder": bool(entry.placeholders),
        "origin": [origin.text for origin in entry.origins],
        "line": entry.line,
    }
