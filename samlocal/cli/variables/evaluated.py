"""The variables of a project's functions, as they are in an environment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click
from msgspec import Struct

from samlocal.cli.options.environment import settings
from samlocal.cli.output import Output
from samlocal.errors import ExitStatus, UnresolvedError
from samlocal.function.application import Application
from samlocal.function.variables import MissingVariable, Variable, size_problem
from samlocal.project.project import Project
from samlocal.template.model import Resource


class FunctionVariables(Struct, frozen=True, kw_only=True):
    """Of one function, in order of their names. ``path`` is its way from the top template.

    ``unsure`` is why nobody knows whether the function is deployed, None where it is; ``problems`` are what else
    there is to say, a line each.
    """

    path: str
    logical_id: str
    variables: tuple[Variable | MissingVariable, ...] = ()
    problems: tuple[str, ...] = ()
    unsure: UnresolvedError | None = None

    @property
    def known(self) -> list[Variable]:
        return [entry for entry in self.variables if isinstance(entry, Variable)]

    @property
    def unknown(self) -> list[MissingVariable]:
        return [entry for entry in self.variables if isinstance(entry, MissingVariable)]


def variables_of(ctx: click.Context, wanted: str | None, output: Output) -> list[FunctionVariables]:
    """Of one function, or of all that the environment has. Raises FunctionNotFoundError, and what reading raises."""

    def evaluated(application: Application) -> list[FunctionVariables]:
        return [_of_one(application, wanted)] if wanted is not None else list(_of_all(application))

    with Project(settings(ctx), output) as project:
        application, found = project.with_current_values(
            evaluated, complete=lambda made: not any(each.unknown or each.unsure for each in made)
        )
        project.keep(application)
    return found


def told(functions: Sequence[FunctionVariables], output: Output) -> int:
    """Says what cannot be known or is wrong, and gives the exit status for that."""
    for function in functions:
        for problem in function.problems:
            output.warning(problem)
        if function.unsure is not None:
            output.warning(function.unsure.in_a_line)
    if any(entry.refused for function in functions for entry in function.unknown):
        return int(ExitStatus.TEMPLATE)
    is_unknown = any(function.unknown or function.unsure for function in functions)
    return int(ExitStatus.UNRESOLVED if is_unknown else ExitStatus.SUCCESS)


def _of_one(application: Application, wanted: str) -> FunctionVariables:
    owner, resource = application.find(wanted)
    owner.check_deployed(resource)
    return _of(owner, resource)


def _of_all(application: Application) -> Iterator[FunctionVariables]:
    for owner, resource in application.functions():
        try:
            owner.check_deployed(resource)
        except UnresolvedError as error:
            yield FunctionVariables(path=owner.path(resource), logical_id=resource.logical_id, unsure=error)
            continue
        yield _of(owner, resource)


def _of(owner: Application, resource: Resource) -> FunctionVariables:
    variables = tuple(sorted(owner.variables(resource), key=lambda entry: entry.name))
    problems = [
        f"{owner.template.place(missing.line)}: {resource.logical_id}: {missing.name} = "
        f"{missing.unknown.expression}: {missing.unknown.reason}. {missing.unknown.tip}"
        for missing in variables
        if isinstance(missing, MissingVariable)
    ]
    too_large = size_problem(entry for entry in variables if isinstance(entry, Variable))
    if too_large is not None:
        place = owner.template.place(resource.line_of("Environment"))
        problems.append(f"{place}: {resource.logical_id}: {too_large}")
    return FunctionVariables(
        path=owner.path(resource),
        logical_id=resource.logical_id,
        variables=variables,
        problems=tuple(problems),
    )
