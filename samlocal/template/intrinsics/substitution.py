"""``Fn::Sub``: a text with values in the places of ``${Name}``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from samlocal.template.document import Map, Node, Seq
from samlocal.template.intrinsics.computed import FunctionError, bounded
from samlocal.template.intrinsics.evaluation import Evaluation, Function, Value, list_of, missing

_PLACE = re.compile(r"\$\{([^}]*)\}")


def sub(evaluation: Evaluation, node: Node) -> Value:
    """CloudFormation template reference, "Fn::Sub"; ``${!Name}`` stays as ``${Name}``."""
    pattern, own = list_of(node, range(2, 3), "Fn::Sub") if isinstance(node, Seq) else (node, Map())
    if not isinstance(pattern, str) or not isinstance(own, Map):
        raise missing(Map({"Fn::Sub": node}), "Fn::Sub needs a text, or a text and a mapping", "Mend the template.")
    variables: Map = own
    # One node for each name, however often it stands there.
    nodes: dict[str, Node] = {}
    length = len(pattern)

    def put_in(match: re.Match[str]) -> str:
        nonlocal length
        name = match[1].strip()
        if name.startswith("!"):
            return "${" + name[1:] + "}"
        if name not in nodes:
            nodes[name] = variables[name] if name in variables else _reference(name)
        value = evaluation.text(nodes[name], "Fn::Sub")
        length += len(value)
        bounded(length)
        return value

    try:
        return evaluation.resolved(_PLACE.sub(put_in, pattern))
    except FunctionError as error:
        raise missing(Map({"Fn::Sub": node}), f"Fn::Sub: {error}", "Make it smaller.") from error


SUBSTITUTION: Mapping[str, Function] = {"Fn::Sub": sub}


def _reference(name: str) -> Node:
    return Map({"Fn::GetAtt": name}) if "." in name else Map({"Ref": name})
