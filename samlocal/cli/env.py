"""``samlocal env``: functions' variables, each with its value and where that came from."""

from __future__ import annotations

import click

from samlocal.cli.completing import completers
from samlocal.cli.options.command_line import EnvironmentCommand, in_environment
from samlocal.cli.options.environment import environment_options
from samlocal.cli.options.function_id import function_options, named_function
from samlocal.cli.options.output_form import output_option
from samlocal.cli.options.voice import output_of
from samlocal.cli.output import Output
from samlocal.cli.variables.evaluated import told, variables_of
from samlocal.cli.variables.forms import show_all, show_one
from samlocal.errors import ExitStatus, FunctionNotFoundError


@click.command("env", cls=EnvironmentCommand)
@function_options
@environment_options
@output_option(
    "table", "json", "dotenv", "env-vars", tells="env-vars is the file that `sam local invoke --env-vars` reads."
)
@click.option(
    "--diff",
    "compared",
    nargs=2,
    metavar="ENV ENV",
    shell_complete=completers.environments,
    help="What differs from the first environment to the second: + added, - removed, ~ changed, ? not known.",
)
@click.option("--show-secrets", is_flag=True, help="Do not mask or leave out secret values.")
@click.pass_context
def command(
    ctx: click.Context, /, output_form: str, *, compared: tuple[str, str] | None, show_secrets: bool, **_: object
) -> int:
    """Functions' variables, their values and origins.

    Without FUNCTION those of all functions: what they have alike is shown once. The exit status is 5 when one of them
    cannot be known, 3 when CloudFormation refuses one. With --diff it is 1 when something differs, as diff's; of
    secrets it is told whether they do.

    \b
    Examples:
      samlocal env -e test
      samlocal env getEvent --output dotenv > .env
      samlocal env --diff dev prod
    """
    output = output_of(ctx)
    wanted = named_function(ctx)
    if compared is not None:
        return _compare(ctx, wanted, compared, output_form, output, show_secrets=show_secrets)
    functions = variables_of(ctx, wanted, output)
    if not functions:
        raise FunctionNotFoundError("The template has no functions.")
    if wanted is not None or len(functions) == 1:
        show_one(functions[0], output_form, output, show_secrets=show_secrets)
    else:
        show_all(functions, output_form, output, show_secrets=show_secrets)
    return told(functions, output)


def _compare(
    ctx: click.Context,
    wanted: str | None,
    environments: tuple[str, str],
    form: str,
    output: Output,
    *,
    show_secrets: bool,
) -> int:
    from samlocal.cli.variables.difference import Kind, differences, show

    if form not in ("table", "json"):
        raise click.UsageError(f"--diff has no --output {form}: it is a table, or json.")
    before, after = (variables_of(in_environment(ctx, name), wanted, output) for name in environments)
    found = differences(before, after)
    show(found, environments, form, output, show_secrets=show_secrets)
    status = told([*before, *after], output)
    if any(each.kind is not Kind.UNKNOWN for each in found):
        # As of `diff`: that something differs is known, whatever else is not.
        return 1
    return status or int(ExitStatus.SUCCESS)
