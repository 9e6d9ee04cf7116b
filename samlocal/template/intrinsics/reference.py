"""What refers to something else: a parameter, a resource, a mapping, another stack, the region.

Source of each function: CloudFormation template reference, "Intrinsic functions".
"""

from __future__ import annotations

from collections.abc import Mapping

from samlocal.template.document import Map, Node, Seq
from samlocal.template.intrinsics.evaluation import (
    NO_VALUE,
    Evaluation,
    Function,
    Missing,
    Scope,
    Value,
    evaluate,
    list_of,
    missing,
)
from samlocal.template.model import Parameter
from samlocal.template.values import Answer, Json, Known, Origin, ParameterValue, Reference, Unknown, text
from samlocal.template.written import written


def ref(evaluation: Evaluation, node: Node) -> Value:
    scope, name = evaluation.scope, evaluation.text(node, "Ref")
    if name == "AWS::NoValue":
        return NO_VALUE
    if name in scope.pseudo:
        return evaluation.take(scope.pseudo[name])
    if name.startswith("AWS::"):
        raise missing(Map({"Ref": name}), f"there is no pseudo parameter {name}", "Mend the name.")
    if name in scope.template.parameters:
        return _parameter(evaluation, scope.template.parameters[name])
    return _resource(evaluation, name, None)


def get_att(evaluation: Evaluation, node: Node) -> Value:
    parts = node.split(".", 1) if isinstance(node, str) else list_of(node, range(2, 3), "Fn::GetAtt")
    if len(parts) != 2:
        raise missing(
            Map({"Fn::GetAtt": node}), "Fn::GetAtt needs a resource and an attribute", "Write Resource.Attribute."
        )
    logical_id, attribute = (evaluation.text(part, "Fn::GetAtt") for part in parts)
    return _resource(evaluation, logical_id, attribute)


def find_in_map(evaluation: Evaluation, node: Node) -> Value:
    name, first, second, *more = list_of(node, range(3, 5), "Fn::FindInMap")
    keys = [evaluation.text(key, "Fn::FindInMap") for key in (name, first, second)]
    found: Node = evaluation.scope.template.mappings
    for key in keys:
        found = found.get(key) if isinstance(found, Map) else None
    if found is not None:
        return evaluation.value(found)
    if more and isinstance(more[0], Map) and "DefaultValue" in more[0]:
        return evaluation.value(more[0]["DefaultValue"])
    raise missing(
        Map({"Fn::FindInMap": node}),
        f"Mappings has no {'.'.join(keys)}",
        "Add it, or give the parameter another value.",
    )


def import_value(evaluation: Evaluation, node: Node) -> Value:
    name = evaluation.text(node, "Fn::ImportValue")
    return evaluation.take_named(evaluation.scope.names.export(name))


def get_azs(evaluation: Evaluation, node: Node) -> Value:
    region = evaluation.text(node, "Fn::GetAZs")
    if not region:
        region = evaluation.text(Map({"Ref": "AWS::Region"}), "Fn::GetAZs")
    return evaluation.take_named(evaluation.scope.names.zones(region))


REFERENCES: Mapping[str, Function] = {
    "Ref": ref,
    "Fn::GetAtt": get_att,
    "Fn::FindInMap": find_in_map,
    "Fn::ImportValue": import_value,
    "Fn::GetAZs": get_azs,
}


def _parameter(evaluation: Evaluation, parameter: Parameter) -> Json:
    scope = evaluation.scope
    given = scope.parameters.get(parameter.name)
    if given is None and parameter.default is not None:
        place = f"{scope.template.path.name}:{parameter.line}: default of {parameter.name}"
        given = ParameterValue(text=parameter.default, origin=place)
    if given is None:
        raise missing(
            Map({"Ref": parameter.name}),
            f"the parameter {parameter.name} has no default and no value was given",
            f"Give it: --parameter-overrides {parameter.name}=VALUE",
        )
    if given.unknown is not None:
        raise Missing(given.unknown)
    if given.hidden:
        raise Missing(
            Unknown(
                expression=written(Map({"Ref": parameter.name})),
                reason=f"the {given.origin} is hidden (NoEcho)",
                tip=f"Give it: --parameter-overrides {parameter.name}=VALUE",
                secret=True,
            )
        )
    value = given.text
    if parameter.is_ssm:
        if given.resolved is None:
            value = text(evaluation.take(scope.names.dynamic("ssm", given.text)))
        else:
            value = given.resolved
    secret = parameter.no_echo or given.secret
    evaluation.note(Origin(text=given.origin, secret=secret, placeholder=given.placeholder))
    if not parameter.is_ssm:
        value = text(evaluation.resolved(value))
    return [item.strip() for item in value.split(",")] if parameter.is_list else value


def _resource(evaluation: Evaluation, logical_id: str, attribute: str | None) -> Json:
    scope = evaluation.scope
    known = scope.references.get((logical_id, attribute))
    if known is not None:
        return evaluation.take(known)
    resource = scope.template.resources.get(logical_id)
    reference = Reference(logical_id=logical_id, attribute=attribute, resource=resource)
    with scope.opened(reference.expression, _written(reference)):
        answer = scope.names.resource(reference, lambda node: _property(scope, node))
    if isinstance(answer, Known):
        scope.references[logical_id, attribute] = answer
    return evaluation.take(answer)


def _property(scope: Scope, node: Node) -> Answer:
    answer = evaluate(scope, node)
    if answer is None:
        return Unknown(expression=written(node), reason="it is AWS::NoValue", tip="Give it a value in the template.")
    return answer


def _written(reference: Reference) -> Node:
    if reference.attribute:
        return Map({"Fn::GetAtt": Seq([reference.logical_id, reference.attribute])})
    return Map({"Ref": reference.logical_id})
