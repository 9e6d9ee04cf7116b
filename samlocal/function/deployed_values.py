"""The last step of a variable's ladder: what the deployed function itself has, where it means the same."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from samlocal.deployed.environment import Environment
from samlocal.errors import SamlocalError
from samlocal.function.environment import MissingVariable, Variable
from samlocal.template import model
from samlocal.template.model import Resource
from samlocal.template.reader import Map, Node, parse
from samlocal.template.values import Origin


def with_deployed_values(
    resource: Resource,
    variables: Iterable[Variable | MissingVariable],
    environment: Environment,
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
        before = _expressions(environment.template_text(), resource.logical_id)
        values = environment.variables(deployed.physical_id)
    except SamlocalError:
        # The variables say already why they are missing; this was only one more place to look.
        return variables
    now = _own(resource)
    return tuple(
        Variable(
            name=variable.name,
            value=values[variable.name],
            origins=(Origin(text=f"function {deployed.physical_id}", secret=True),),
            line=variable.line,
        )
        if isinstance(variable, MissingVariable)
        and variable.name in values
        and variable.name in now
        and before.get(variable.name) == now[variable.name]
        else variable
        for variable in variables
    )


def _expressions(text: str, logical_id: str) -> Map:
    understood = model.template(parse(text, path=Path("deployed template")))
    resource = understood.resources.get(logical_id)
    return _own(resource) if resource else Map()


def _own(resource: Resource) -> Map:
    environment: Node = resource.properties.get("Environment")
    variables = environment.get("Variables") if isinstance(environment, Map) else None
    return variables if isinstance(variables, Map) else Map()
