"""The role that a function runs under in its environment."""

from __future__ import annotations

from samlocal.deployed.environment import Environment
from samlocal.template.intrinsics import Evaluator
from samlocal.template.model import Resource
from samlocal.template.values import Known, Unknown
from samlocal.template.written import written

_DEPLOY = "Deploy it (`sam deploy`)"


def execution_role(resource: Resource, evaluator: Evaluator, environment: Environment | None) -> str | Unknown:
    """The ARN of the deployed function's role; that of the template's ``Role`` where the stack has no such function.

    Raises AwsError when Lambda cannot be asked.
    """
    if environment is None:
        return Unknown(
            expression="Role", reason="there is no environment", tip="Name one with -e, or a stack with -n."
        )
    stack = environment.stack
    deployed = stack.resources.get(resource.logical_id)
    if deployed is not None:
        return environment.function(deployed.physical_id).role_arn
    declared = resource.properties.get("Role")
    if declared is None:
        return Unknown(
            expression="Role",
            reason=f"the stack {stack.name} has no function {resource.logical_id} yet, and so no role "
            f"{resource.logical_id}Role, which SAM makes with it",
            tip=_DEPLOY,
        )
    match evaluator.evaluate(declared):
        case Known(value=str(role_arn)) if role_arn.startswith("arn:"):
            return role_arn
        case Unknown() as unknown:
            return unknown
    return Unknown(expression=written(declared), reason="it is not the ARN of a role", tip="Mend the property Role")
