"""The last step of a variable's ladder: what the deployed function itself has, where it means the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from samlocal.deployed.environment import Environment
from samlocal.errors import SamlocalError
from samlocal.function.variables import MissingVariable, Variable
from samlocal.template import model
from samlocal.template.document import Map, Node
from samlocal.template.expand import expand, needs_expanding
from samlocal.template.model import Resource, Template
from samlocal.template.reader import parse
from samlocal.template.uses import uses
from samlocal.template.values import Origin, ParameterValue


def with_deployed_values(
    template: Template,
    resource: Resource,
    variables: Iterable[Variable | MissingVariable],
    environment: Environment,
    given: Mapping[str, ParameterValue],
) -> tuple[Variable | MissingVariable, ...]:
    """Fills what is missing from the deployed function's configuration.

    Only where the deployed template has the same expression for the variable: then its value is what the expression
    stands for. Another expression may mean another value, so it stays missing.
    """
    variables = tuple(variables)
    deployed = environment.stack.resources.get(resource.logical_id)
    if deployed is None or not any(isinstance(variable, MissingVariable) for variable in variables):
        return variables
    try:
        values = environment.variables(deployed.physical_id)
    except SamlocalError:
        # The variables say already why they are missing; this was only one more place to look.
        return variables

    def same(name: str) -> bool:
        return name in values and unchanged(
            template, environment, given, resource.logical_id, lambda resource: _own(resource).get(name)
        )

    return tuple(
        Variable(
            name=variable.name,
            value=values[variable.name],
            origins=(Origin(text=f"function {deployed.physical_id}", secret=True),),
            line=variable.line,
        )
        if isinstance(variable, MissingVariable) and same(variable.name)
        else variable
        for variable in variables
    )


def unchanged(
    template: Template,
    environment: Environment,
    given: Mapping[str, ParameterValue],
    logical_id: str,
    read: Callable[[Resource], Node],
) -> bool:
    """Whether an expression of a resource stands for what it stood for when the stack was deployed.

    It does when it is the same, with the mappings and conditions that it uses, and the parameters have the values
    that the stack has.
    """
    try:
        before = _deployed_template(environment.template_text())
    except SamlocalError:
        return False
    was, is_now = before.resources.get(logical_id), template.resources[logical_id]
    node = read(is_now)
    if was is None or node is None or read(was) != node:
        return False
    now, then = uses(template, node), uses(before, node)
    return (
        now == then
        and all(template.mappings.get(name) == before.mappings.get(name) for name in now.mappings)
        and all(template.conditions.get(name) == before.conditions.get(name) for name in now.conditions)
        and all(_is_the_stacks(name, given.get(name), environment) for name in now.parameters)
    )


def _is_the_stacks(name: str, given: ParameterValue | None, environment: Environment) -> bool:
    there = environment.stack.parameters.get(name)
    if there is None or given is None:
        return False
    if given.unknown is not None:
        return given.as_deployed
    return given.hidden or given.text == there.value


@lru_cache(maxsize=8)
def _deployed_template(text: str) -> Template:
    document = parse(text, path=Path("deployed template"))
    return model.template(expand(document, {}) if needs_expanding(document.root) else document)


def _own(resource: Resource) -> Map:
    environment: Node = resource.properties.get("Environment")
    variables = environment.get("Variables") if isinstance(environment, Map) else None
    return variables if isinstance(variables, Map) else Map()
