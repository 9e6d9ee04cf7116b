"""Values of a template's parameters that its surroundings give: the deployed stack, and the stack that nests it."""

from __future__ import annotations

from collections.abc import Mapping

from samlocal.deployed.environment import Environment
from samlocal.function.deployed_values import unchanged
from samlocal.template.document import Node
from samlocal.template.intrinsics import Evaluator
from samlocal.template.model import Resource, Template
from samlocal.template.nested import child_parameters
from samlocal.template.values import ParameterValue, Unknown, text


def environment_parameters(environment: Environment) -> dict[str, ParameterValue]:
    """What the deployed stack's parameters are, and what stands in for those that nobody could know."""
    stack = environment.stack
    deployed = {
        name: ParameterValue(
            text=value.value or "",
            resolved=value.resolved,
            origin=f"stack {stack.name}: parameter {name}",
            hidden=value.value is None,
        )
        for name, value in stack.parameters.items()
    }
    made_up = {
        name: ParameterValue(text=value.value or "", resolved=value.resolved, origin=f"!Ref {name}", placeholder=True)
        for name, value in environment.made_up.items()
    }
    return deployed | made_up


def passed_parameters(
    template: Template,
    resource: Resource,
    evaluator: Evaluator,
    *,
    environment: Environment | None,
    given: Mapping[str, ParameterValue],
    prefix: str,
) -> dict[str, ParameterValue]:
    """What a template gives to the nested stack that ``resource`` is; nothing for what is AWS::NoValue.

    ``given`` are the template's own parameters, ``prefix`` is the way to it.
    """

    def passed(name: str, node: Node) -> ParameterValue | None:
        answer = evaluator.evaluate(node)
        match answer:
            case None:
                return None
            case Unknown() as unknown:
                same = environment is not None and unchanged(
                    template,
                    environment,
                    given,
                    resource.logical_id,
                    lambda resource: child_parameters(resource).get(name),
                )
                origin = f"{prefix}{resource.logical_id}: {name}"
                return ParameterValue(text="", origin=origin, unknown=unknown, as_deployed=same)
        value = ",".join(map(text, answer.value)) if isinstance(answer.value, list) else text(answer.value)
        origins = ", ".join(origin.text for origin in answer.origins) or name
        return ParameterValue(
            text=value,
            origin=f"{resource.logical_id}: {origins}",
            placeholder=answer.placeholder,
            secret=answer.secret,
        )

    values = {name: passed(name, node) for name, node in child_parameters(resource).items()}
    return {name: value for name, value in values.items() if value is not None}
