"""A template without the resources that cannot be made, and without what needs them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from msgspec import Struct

from samlocal.template.references import references
from samlocal.template.uploads import Plain

# Without these a function is none. Whatever else of it needs a resource that is not made, goes alone: what runs it is
# samlocal, and a user can give a variable's value with --set.
_FUNCTION_NEEDS = frozenset({"Code", "FunctionName", "PackageType", "Role"})


class Rest(Struct, frozen=True, kw_only=True):
    """``kept`` are the resources that can be made; ``reasons`` say why the others cannot, ``notes`` what went."""

    kept: Mapping[str, Plain]
    reasons: Mapping[str, str]
    notes: Mapping[str, str]


def without(resources: Mapping[str, Plain], reasons: Mapping[str, str]) -> Rest:
    """Leaves out the resources that ``reasons`` name, and those that cannot be without one of them."""
    left_out = dict(reasons)
    while True:
        found = {}
        for name, body in resources.items():
            lighter, _ = _lightened(body, left_out)
            needed = sorted(left_out.keys() & set(references(lighter.get("Properties"))))
            if name not in left_out and needed:
                found[name] = f"it refers to {needed[0]}, which is not made"
        if not found:
            break
        left_out |= found
    kept, notes = {}, {}
    for name, body in resources.items():
        if name not in left_out:
            lighter, gone = _lightened(body, left_out)
            kept[name] = _independent(lighter, left_out)
            if gone:
                notes[name] = f"without {', '.join(gone)}: of what is not made"
    return Rest(kept=kept, reasons=left_out, notes=notes)


def _lightened(body: Plain, left_out: Collection[str]) -> tuple[Plain, list[str]]:
    lighten = _LIGHTER.get(str(body.get("Type")))
    properties = body.get("Properties")
    if lighten is None or not isinstance(properties, dict) or not _needs(properties, left_out):
        return body, []
    kept, gone = lighten(properties, left_out)
    return {**body, "Properties": kept}, gone


def _function(properties: Plain, left_out: Collection[str]) -> tuple[Plain, list[str]]:
    kept, gone = {}, []
    for name, value in properties.items():
        if name in _FUNCTION_NEEDS or not _needs(value, left_out):
            kept[name] = value
        elif name == "Environment" and isinstance(value, dict) and isinstance(value.get("Variables"), dict):
            variables = value["Variables"]
            kept[name] = {**value, "Variables": {k: v for k, v in variables.items() if not _needs(v, left_out)}}
            gone += [variable for variable in variables if variable not in kept[name]["Variables"]]
        else:
            gone.append(name)
    return kept, gone


def _role(properties: Plain, left_out: Collection[str]) -> tuple[Plain, list[str]]:
    """The endpoint lets everybody do everything: a policy on what is not there says nothing."""
    kept, gone = dict(properties), []
    for name in ("Policies", "ManagedPolicyArns"):
        policies = properties.get(name)
        if isinstance(policies, list) and _needs(policies, left_out):
            kept[name] = [policy for policy in policies if not _needs(policy, left_out)]
            gone.append("a policy")
    return kept, gone


_LIGHTER: Mapping[str, Callable[[Plain, Collection[str]], tuple[Plain, list[str]]]] = {
    "AWS::Lambda::Function": _function,
    "AWS::IAM::Role": _role,
}


def _needs(node: Any, left_out: Collection[str]) -> bool:
    return any(name in left_out for name in references(node))


def _independent(body: Plain, left_out: Collection[str]) -> Plain:
    """``DependsOn`` is an order of making; what is not made needs none."""
    depends = body.get("DependsOn")
    if depends is None:
        return body
    names = [depends] if isinstance(depends, str) else depends
    return {**body, "DependsOn": [name for name in names if name not in left_out]}
