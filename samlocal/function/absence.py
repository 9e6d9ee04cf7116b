"""Why a function is in the template but in no stack: a condition that is false."""

from __future__ import annotations

from msgspec import Struct

from samlocal.errors import FunctionNotFoundError, UnresolvedError
from samlocal.template.document import Map
from samlocal.template.intrinsics import Evaluator
from samlocal.template.model import Resource, Template
from samlocal.template.uses import uses
from samlocal.template.values import Known, Unknown, text
from samlocal.template.written import written


class Absence(Struct, frozen=True, kw_only=True):
    """A false condition. ``holder`` is the resource that it stands at: the function, or a nested stack round it.

    ``parameters`` are those that the condition depends on, with their values; None for what is secret or not known.
    """

    holder: str
    place: str
    condition: str
    expression: str
    parameters: dict[str, str | None]

    @property
    def reason(self) -> str:
        """``its condition IsProd is false: !Equals [!Ref Stage, prod], Stage is dev``."""
        values = [f"{name} is {value!r}" for name, value in self.parameters.items() if value is not None]
        return ", ".join([f"the condition {self.condition} of {self.holder} is false: {self.expression}", *values])

    def refusal(self) -> FunctionNotFoundError:
        """What stops a run of the function."""
        change = " or ".join(f"--parameter-overrides {name}=VALUE" for name in self.parameters)
        return FunctionNotFoundError(
            f"{self.place}: {self.reason}; so no such function is deployed.",
            tip=f"Change it: {change}." if change else "Change the condition in the template.",
        )


def absence(template: Template, resource: Resource, evaluator: Evaluator) -> Absence | None:
    """Why a resource is not deployed, None where it is, or where that cannot be known."""
    condition = resource.condition
    if condition is None or evaluator.holds(condition) is not False:
        return None
    declared = template.conditions.get(condition)
    parameters: dict[str, str | None] = {}
    for name in sorted(uses(template, Map({"Condition": condition})).parameters):
        answer = evaluator.evaluate(Map({"Ref": name}))
        shown = isinstance(answer, Known) and not answer.secret
        parameters[name] = text(answer.value) if shown and isinstance(answer, Known) else None
    return Absence(
        holder=resource.logical_id,
        place=template.place(resource.line),
        condition=condition,
        expression=written(declared),
        parameters=parameters,
    )


def check_condition(template: Template, resource: Resource, evaluator: Evaluator) -> None:
    """Raises UnresolvedError where it cannot be known whether a function, which the stack does not have, would be."""
    decided = evaluator.holds(resource.condition)
    if isinstance(decided, Unknown):
        raise UnresolvedError(
            f"{template.place(resource.line)}: whether {resource.logical_id} would be deployed cannot be known: its "
            f"condition {resource.condition} needs {decided.expression}: {decided.reason}.",
            tip=decided.tip,
        )
