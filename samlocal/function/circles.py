"""Resources that need one another, which CloudFormation refuses: "Circular dependency between resources"."""

from __future__ import annotations

from collections.abc import Iterator

from samlocal.template.circle import circles as ways_round
from samlocal.template.document import Map, Node, Problem, Seq
from samlocal.template.intrinsics import Evaluator
from samlocal.template.model import Resource, Template, is_intrinsic
from samlocal.template.uses import uses
from samlocal.template.values import Unknown

# Properties of SAM's types from which it makes other resources, which depend on the function, not it on them
# (SAM specification, "Generated CloudFormation resources").
_OF_OTHERS = {
    "AWS::Serverless::Function": frozenset(
        {
            "DeploymentPreference",
            "EventInvokeConfig",
            "Events",
            "FunctionUrlConfig",
            "ProvisionedConcurrencyConfig",
        }
    ),
    "AWS::Serverless::StateMachine": frozenset({"DeploymentPreference", "Events"}),
    "AWS::Serverless::Api": frozenset({"Domain"}),
    "AWS::Serverless::HttpApi": frozenset({"Domain"}),
}


def circles(template: Template, evaluator: Evaluator) -> Iterator[Problem]:
    """Each circle once, at the line of the first of its resources, and conditions that depend on themselves."""
    for name in template.conditions:
        match evaluator.decision(name):
            case Unknown(circular=True, reason=reason):
                line = template.conditions.line_of(name)
                yield Problem(path=template.path, line=line, message=f"the condition {name}: {reason}.")
    needs = {
        logical_id: _needs(template, resource, evaluator)
        for logical_id, resource in template.resources.items()
        if evaluator.holds(resource.condition) is not False
    }
    for way in ways_round(needs):
        yield Problem(
            path=template.path,
            line=template.resources[way[0]].line,
            message=f"these resources need one another, which CloudFormation refuses: {' → '.join(way)}.",
        )


def _needs(template: Template, resource: Resource, evaluator: Evaluator) -> list[str]:
    left_out = _OF_OTHERS.get(resource.type, frozenset())
    properties = [_taken(node, evaluator) for name, node in resource.properties.items() if name not in left_out]
    on = resource.body.get("DependsOn")
    names = (
        [on] if isinstance(on, str) else [name for name in on if isinstance(name, str)] if isinstance(on, Seq) else []
    )
    # Resources are named by their ids; a nested `Fn.Alias` is the resource Fn's.
    return [*names, *sorted(uses(template, *properties).references)]


def _taken(node: Node, evaluator: Evaluator) -> Node:
    """The node without the branches that a condition leaves out."""
    match node:
        case Map() if "Fn::If" in node and is_intrinsic(node):
            chosen = evaluator.branch(node)
            return _taken(chosen, evaluator) if isinstance(chosen, (Map, Seq)) else None
        case Map():
            if not _has_choice(node):
                return node
            return Map({key: _taken(value, evaluator) for key, value in node.items()})
        case Seq():
            if not _has_choice(node):
                return node
            return Seq([_taken(item, evaluator) for item in node])
    return node


def _has_choice(node: Node) -> bool:
    match node:
        case Map():
            return "Fn::If" in node or any(map(_has_choice, node.values()))
        case Seq():
            return any(map(_has_choice, node))
    return False
