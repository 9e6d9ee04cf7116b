"""The environment variables that a template declares for a function."""

from __future__ import annotations

from collections.abc import Container

from samlocal.function.variables import MissingVariable, Variable
from samlocal.template.document import Map, Node
from samlocal.template.intrinsics import Decided, Evaluator
from samlocal.template.intrinsics.computed import kind
from samlocal.template.model import Resource, Template
from samlocal.template.values import Known, Origin, Unknown, text
from samlocal.template.written import written


def declared_variables(
    template: Template, resource: Resource, evaluator: Evaluator
) -> tuple[Variable | MissingVariable, ...]:
    """The variables of ``Environment.Variables``, Globals merged; one that is ``AWS::NoValue`` is left out."""
    environment = _mapping(resource.properties.get("Environment"), evaluator)
    variables = _mapping(environment.get("Variables"), evaluator) if isinstance(environment, Map) else environment
    if isinstance(variables, Unknown):
        return (MissingVariable(name="Environment", unknown=variables, line=resource.line_of("Environment")),)
    found: list[Variable | MissingVariable] = []
    for name, node in variables.items():
        line = variables.line_of(name)
        match evaluator.evaluate(node):
            case Known(value=None | list() | dict() as value):
                unknown = Unknown(
                    expression=written(node),
                    reason=f"a variable's value is text, this is {kind(value)}",
                    tip='CloudFormation refuses it. Write text, such as !Join [",", …] of a list.',
                )
                found.append(MissingVariable(name=name, unknown=unknown, line=line, refused=True))
            case Known() as known:
                origins = known.origins or (Origin(text=template.place(line)),)
                found.append(Variable(name=name, value=text(known.value), origins=origins, line=line))
            case Unknown() as unknown:
                found.append(MissingVariable(name=name, unknown=unknown, line=line))
    return tuple(found)


def deciding_placeholders(resource: Resource, evaluator: Evaluator, present: Container[str]) -> tuple[str, ...]:
    """The placeholders that decide which variables there are, and whether the function itself is there.

    ``present`` are the variables that the function gets: what they are made of is known by themselves.
    """
    origins: list[Origin] = []
    decisions = [evaluator.decision(resource.condition), evaluator.decided(resource.properties.get("Environment"))]
    environment = decisions[-1].node if isinstance(decisions[-1], Decided) else None
    if isinstance(environment, Map):
        decisions.append(evaluator.decided(environment.get("Variables")))
        variables = decisions[-1].node if isinstance(decisions[-1], Decided) else None
        left_out = (
            {name: node for name, node in variables.items() if name not in present}
            if isinstance(variables, Map)
            else {}
        )
        answer = evaluator.evaluate(Map(dict(left_out)))
        origins += answer.origins if isinstance(answer, Known) else ()
    for decided in decisions:
        origins += decided.origins if isinstance(decided, Decided) else ()
    return tuple(dict.fromkeys(origin.text for origin in origins if origin.placeholder))


def _mapping(node: Node, evaluator: Evaluator) -> Map | Unknown:
    """A mapping whose values are still expressions; the mapping itself may stand behind an Fn::If."""
    if node is None:
        return Map()
    if isinstance(node, Map):
        chosen = evaluator.branch(node)
        if isinstance(chosen, Unknown):
            return chosen
        if chosen is None:
            return Map()
        if isinstance(chosen, Map):
            return chosen
    return Unknown(
        expression=written(node), reason="variables are a mapping of names to values", tip="Mend the template."
    )
