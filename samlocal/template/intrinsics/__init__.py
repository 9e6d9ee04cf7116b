"""CloudFormation's intrinsic functions.

``Evaluator.evaluate`` gives a value with its origins, or says what is missing. Conditions are decided first, only
the branch taken is looked at, and ``AWS::NoValue`` removes what it stands for. What the template alone does not
determine is asked of ``Names``.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from samlocal.template.document import Map, Node
from samlocal.template.intrinsics.condition import CONDITIONS, chosen, holds
from samlocal.template.intrinsics.evaluation import Evaluation, Missing, Scope, evaluate
from samlocal.template.intrinsics.reference import REFERENCES
from samlocal.template.intrinsics.substitution import SUBSTITUTION
from samlocal.template.model import Template, is_intrinsic
from samlocal.template.values import Answer, Names, Origin, ParameterValue, Unknown

_FUNCTIONS = {**REFERENCES, **SUBSTITUTION, **CONDITIONS}


class Decided(Struct, frozen=True, kw_only=True):
    """What stands in a place once every ``Fn::If`` round it is decided; ``node`` is None for ``AWS::NoValue``.

    ``origins`` are the placeholders and the secrets that had a part in the decision.
    """

    node: Node
    origins: tuple[Origin, ...]


class Evaluator:
    """Evaluates the expressions of one template; threads can share it.

    ``pseudo`` holds the pseudo parameters (``AWS::Region`` and so on), known or not.
    """

    def __init__(
        self,
        template: Template,
        *,
        parameters: Mapping[str, ParameterValue],
        pseudo: Mapping[str, Answer],
        names: Names,
    ) -> None:
        self._scope = Scope(
            template=template, parameters=parameters, pseudo=pseudo, names=names, functions=_FUNCTIONS
        )

    def evaluate(self, node: Node) -> Answer | None:
        """The node's value, or what is missing; None when it is ``AWS::NoValue``."""
        return evaluate(self._scope, node)

    def holds(self, condition: str | None) -> bool | Unknown:
        """Whether a condition of the template holds; a resource without one is always there."""
        decided = self.decision(condition)
        return decided if isinstance(decided, Unknown) else bool(decided.node)

    def decision(self, condition: str | None) -> Decided | Unknown:
        """The same with the placeholders that had a part in it."""
        if condition is None:
            return Decided(node=True, origins=())
        evaluation = Evaluation(self._scope)
        try:
            decided = holds(evaluation, condition)
        except Missing as missing:
            return missing.unknown
        return Decided(node=decided, origins=evaluation.deciding)

    def branch(self, node: Node) -> Node | Unknown:
        """The node that stands there once every ``Fn::If`` round it is decided, not evaluated itself.

        None for ``AWS::NoValue``.
        """
        decided = self.decided(node)
        return decided if isinstance(decided, Unknown) else decided.node

    def decided(self, node: Node) -> Decided | Unknown:
        """The same with the placeholders that had a part in it."""
        evaluation = Evaluation(self._scope)
        while isinstance(node, Map) and "Fn::If" in node and is_intrinsic(node):
            try:
                node = chosen(evaluation, node["Fn::If"])
            except Missing as missing:
                return missing.unknown
        nothing = isinstance(node, Map) and node == {"Ref": "AWS::NoValue"}
        return Decided(node=None if nothing else node, origins=evaluation.origins)
