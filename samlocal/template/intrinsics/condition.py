"""Conditions, and what is chosen by them.

Source of each function: CloudFormation template reference, "Condition functions".
"""

from __future__ import annotations

from collections.abc import Mapping

from samlocal.template.document import Map, Node
from samlocal.template.intrinsics.computed import kind
from samlocal.template.intrinsics.evaluation import Evaluation, Function, Value, list_of, missing
from samlocal.template.values import Json, text


def holds(evaluation: Evaluation, name: str) -> bool:
    """Whether a condition of the template does."""
    scope = evaluation.scope
    known = scope.conditions.get(name)
    if known is None:
        if name not in scope.template.conditions:
            raise missing(
                Map({"Condition": name}), f"the template has no condition {name}", "Declare it under Conditions."
            )
        own = Evaluation(scope)
        with scope.opened(f"condition {name}", Map({"Condition": name})):
            decided = _truth(own, scope.template.conditions[name])
        known = scope.conditions[name] = decided, own.origins
    evaluation.note(*known[1])
    return known[0]


def chosen(evaluation: Evaluation, node: Node) -> Node:
    """The branch that the arguments of ``Fn::If`` choose, not evaluated."""
    condition, then, otherwise = list_of(node, range(3, 4), "Fn::If")
    # What decided the branch is no part of the value's origin, unless it was made up or is a secret: the branch tells
    # of it.
    own = Evaluation(evaluation.scope)
    named = isinstance(condition, str) and condition not in ("true", "false")
    decided = holds(own, str(condition)) if named else _truth(own, condition)
    evaluation.note(*own.deciding)
    return then if decided else otherwise


def condition(evaluation: Evaluation, node: Node) -> Value:
    return holds(evaluation, evaluation.text(node, "Condition"))


def if_(evaluation: Evaluation, node: Node) -> Value:
    return evaluation.value(chosen(evaluation, node))


def and_(evaluation: Evaluation, node: Node) -> Value:
    return all(_truth(evaluation, item) for item in list_of(node, range(1, 11), "Fn::And"))


def or_(evaluation: Evaluation, node: Node) -> Value:
    return any(_truth(evaluation, item) for item in list_of(node, range(1, 11), "Fn::Or"))


def not_(evaluation: Evaluation, node: Node) -> Value:
    (item,) = list_of(node, range(1, 2), "Fn::Not")
    return not _truth(evaluation, item)


def equals(evaluation: Evaluation, node: Node) -> Value:
    first, second = (evaluation.json(item, "Fn::Equals") for item in list_of(node, range(2, 3), "Fn::Equals"))
    return _comparable(first) == _comparable(second)


CONDITIONS: Mapping[str, Function] = {
    "Condition": condition,
    "Fn::If": if_,
    "Fn::And": and_,
    "Fn::Or": or_,
    "Fn::Not": not_,
    "Fn::Equals": equals,
}


def _truth(evaluation: Evaluation, node: Node) -> bool:
    value = evaluation.json(node, "a condition")
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    untrue = missing(node, f"a condition is true or false, this is {kind(value)}", "Mend the template.")
    untrue.place(node, secret=evaluation.has_secret)
    raise untrue


def _comparable(value: Json) -> Json:
    return text(value) if isinstance(value, (bool, int, float)) else value
