"""What the local template gives a function's role, deployed or not: its policies with the deployed values in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from samlocal.deployed.rights.policy_statement import statements
from samlocal.deployed.rights.session_policy import Policy, Rights
from samlocal.errors import RoleDeniedError, TemplateError, UnresolvedError
from samlocal.function.application import Application
from samlocal.function.translated import kept_for
from samlocal.template.document import Map, with_lines
from samlocal.template.model import Resource
from samlocal.template.translate import translate
from samlocal.template.values import Json, Known, Unknown, text

_POLICY_TYPES = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy")


def template_rights(owner: Application, resource: Resource) -> Rights:
    """The rights of a function of this very template, policy templates and connectors expanded by the SAM translator.

    Raises TemplateError, UnresolvedError where a policy refers to what is not deployed, and RoleDeniedError where the
    role is not the template's.
    """
    resources = _translated(owner)
    role_id = _role_id(owner, resource, resources)
    role = resources[role_id].get("Properties", {})
    values = _Values(owner, resource)
    inline = [_policy(declared, owner, resource) for declared in values.list_of(role, "Policies")]
    managed: list[str] = []
    for node in role.get("ManagedPolicyArns") or []:
        local = _referred(node)
        if local in resources and resources[local]["Type"] == "AWS::IAM::ManagedPolicy":
            # As it stands in the file, which may not be what is deployed.
            inline.append(_policy({"PolicyName": local} | values.of(resources[local]["Properties"]), owner, resource))
            continue
        managed.extend(values.texts(node))
    for logical_id, properties in _attached(owner, resources, role_id):
        inline.append(_policy({"PolicyName": logical_id} | values.of(properties), owner, resource))
    boundary = values.texts(role.get("PermissionsBoundary"))
    return Rights(
        source=f"{owner.template.place(resource.line)}: {owner.path(resource)}",
        inline=tuple(inline),
        managed=tuple(dict.fromkeys(managed)),
        boundary=boundary[0] if boundary else None,
    )


class _Values:
    """Evaluates what the translator made, in the template's own environment."""

    def __init__(self, owner: Application, resource: Resource) -> None:
        self._owner = owner
        self._resource = resource

    def of(self, node: object) -> Any:
        match self._owner.evaluator.evaluate(with_lines(node, line=self._resource.line)):
            case Known(value=value):
                return value
            case Unknown() as unknown:
                place = self._owner.template.place(self._resource.line_of("Policies"))
                raise UnresolvedError(
                    f"{place}: {self._resource.logical_id}: Policies: {unknown.expression}: {unknown.reason}.",
                    tip="A policy can be tried for what is deployed already. " + unknown.tip,
                )
        return None

    def list_of(self, properties: dict[str, Any], name: str) -> list[Json]:
        value = self.of(properties.get(name))
        return value if isinstance(value, list) else []

    def texts(self, node: object) -> list[str]:
        value = self.of(node)
        return [] if value is None else [text(item) for item in (value if isinstance(value, list) else [value])]


def _translated(owner: Application) -> dict[str, Any]:
    """The template's resources as plain CloudFormation."""
    template = owner.template
    parameters = {
        name: text(answer.value)
        for name in template.parameters
        if isinstance(answer := owner.evaluator.evaluate(Map({"Ref": name})), Known)
    }
    kept = kept_for(template, owner.given, "rights", owner.prefix)
    made = translate(template.document, region=owner.place.region, parameters=parameters, kept=kept).template
    resources: dict[str, Any] = json.loads(json.dumps(made["Resources"]))
    return resources


def _role_id(owner: Application, resource: Resource, resources: dict[str, Any]) -> str:
    declared = resources.get(resource.logical_id, {}).get("Properties", {}).get("Role")
    node = owner.evaluator.branch(with_lines(declared, line=resource.line))
    role_id = _referred(node)
    if role_id not in resources or resources[role_id].get("Type") != "AWS::IAM::Role":
        raise RoleDeniedError(
            f"{owner.template.place(resource.line_of('Role'))}: {resource.logical_id}: its role does not stand in "
            "the template, which so does not say what it may do.",
            tip="Leave out --policies template: --scope-down alone takes the deployed role's policies.",
        )
    return role_id


def _attached(owner: Application, resources: dict[str, Any], role_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The policies that name the role themselves; SAM's connectors are such."""
    for logical_id, body in resources.items():
        properties = body.get("Properties", {})
        if body.get("Type") not in _POLICY_TYPES or owner.evaluator.holds(body.get("Condition")) is False:
            continue
        roles = properties.get("Roles") or [properties.get("RoleName")]
        if isinstance(roles, list) and any(_referred(role) == role_id for role in roles):
            yield logical_id, {"PolicyDocument": properties.get("PolicyDocument")}


def _referred(node: object) -> str:
    """The logical id in ``!Ref Role`` and ``!GetAtt Role.Arn``, else an empty text."""
    match node:
        case {"Ref": str(name)}:
            return name
        case {"Fn::GetAtt": [str(name), *_]}:
            return name
        case {"Fn::GetAtt": str(path)}:
            return path.partition(".")[0]
    return ""


def _policy(declared: Json, owner: Application, resource: Resource) -> Policy:
    name = text(declared.get("PolicyName", "")) if isinstance(declared, dict) else ""
    document = declared.get("PolicyDocument") if isinstance(declared, dict) else None
    try:
        return Policy(name=name, statements=statements(document if isinstance(document, dict) else {}))
    except ValueError as error:
        raise TemplateError(
            f"{owner.template.place(resource.line_of('Policies'))}: {resource.logical_id}: {name}: {error}.",
            tip="A statement has an Effect, an Action and a Resource.",
        ) from error
