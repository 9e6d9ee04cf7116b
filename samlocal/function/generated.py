"""References to what the SAM translator makes: roles, implicit APIs, versions, aliases, stages, layer versions.

Source: SAM specification, "Generated CloudFormation resources".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from msgspec import Struct

from samlocal.deployed.stack import StackResource
from samlocal.template.document import Map, Node
from samlocal.template.model import Resource, Template
from samlocal.template.values import Answer, Known, Reference

_HASH = re.compile(r"[0-9a-f]{10}")

_IMPLICIT = {
    "ServerlessRestApi": "AWS::ApiGateway::RestApi",
    "ServerlessHttpApi": "AWS::ApiGatewayV2::Api",
}

# The stages that SAM gives them (the translator's plugins for implicit APIs).
_IMPLICIT_STAGES = {
    "ServerlessRestApiProdStage": ("AWS::ApiGateway::Stage", "Prod"),
    "ServerlessHttpApiApiGatewayDefaultStage": ("AWS::ApiGatewayV2::Stage", "$default"),
}

# A function's own generated resources, by the end of their logical ids.
_OF_FUNCTION = {"Role": "AWS::IAM::Role", "Url": "AWS::Lambda::Url"}


class Generated(Struct, frozen=True, kw_only=True):
    """A resource that stands in the stack but not in the template. ``hashed`` ids end in ten hex digits.

    ``named`` holds the property by which the template names it, for a stage its StageName; None where it has no name.
    """

    logical_id: str
    type: str
    attribute: str | None
    hashed: bool = False
    named: Map | None = None

    def resource(self) -> Resource:
        """As the template would write it, with nothing but its name."""
        body = Map({"Type": self.type})
        return Resource(logical_id=self.logical_id, type=self.type, properties=self.named or Map(), body=body, line=0)

    def in_stack(self, resources: Mapping[str, StackResource]) -> StackResource | None:
        if self.logical_id in resources:
            return resources[self.logical_id]
        if not self.hashed:
            return None
        for name, resource in resources.items():
            if name.startswith(self.logical_id) and _HASH.fullmatch(name[len(self.logical_id) :]):
                return resource
        return None


def generated(template: Template, reference: Reference, evaluate: Callable[[Node], Answer]) -> Generated | None:
    """What a reference means that names a generated resource, None when it names none."""
    name, attribute, resource = reference.logical_id, reference.attribute, reference.resource
    if resource is None and "." in name:
        # `!Ref Function.Alias`: SAM's own form.
        name, _, attribute = name.partition(".")
        resource = template.resources.get(name)
    if resource is not None:
        return _of_resource(resource, attribute, evaluate)
    if name in _IMPLICIT:
        return Generated(logical_id=name, type=_IMPLICIT[name], attribute=attribute)
    if name in _IMPLICIT_STAGES:
        type_, stage = _IMPLICIT_STAGES[name]
        return Generated(logical_id=name, type=type_, attribute=attribute, named=Map({"StageName": stage}))
    for end, type_ in _OF_FUNCTION.items():
        owner = template.resources.get(name.removesuffix(end))
        if name.endswith(end) and owner is not None and owner.type.startswith("AWS::Serverless::"):
            return Generated(logical_id=name, type=type_, attribute=attribute)
    return None


def _of_resource(resource: Resource, attribute: str | None, evaluate: Callable[[Node], Answer]) -> Generated | None:
    name = resource.logical_id
    match resource.type, attribute:
        case "AWS::Serverless::LayerVersion", _:
            return Generated(logical_id=name, type="AWS::Lambda::LayerVersion", attribute=attribute, hashed=True)
        case "AWS::Serverless::Function", "Version":
            return Generated(logical_id=f"{name}Version", type="AWS::Lambda::Version", attribute=None, hashed=True)
        case "AWS::Serverless::Function", "Alias":
            alias = _text(resource.properties.get("AutoPublishAlias"), evaluate)
            if alias is None:
                return None
            return Generated(logical_id=f"{name}Alias{alias}", type="AWS::Lambda::Alias", attribute=None)
        case "AWS::Serverless::Api" | "AWS::Serverless::HttpApi", "Stage":
            return _stage(resource)
    return None


def _stage(resource: Resource) -> Generated | None:
    """An API's stage; its id holds the stage's name as the template writes it.

    Letters and digits stand there as they are, other text as a hash, and an expression leaves nothing there (the
    translator's generators of both kinds of API).
    """
    declared = resource.properties.get("StageName")
    rest = resource.type == "AWS::Serverless::Api"
    if declared is None and rest:
        return None
    name = "$default" if declared is None else declared
    if not isinstance(name, str):
        suffix, hashed = "Stage", False
    elif name.isalnum():
        suffix, hashed = f"{name}Stage", False
    elif name == "$default" and not rest:
        suffix, hashed = "ApiGatewayDefaultStage", False
    else:
        suffix, hashed = "Stage", True
    return Generated(
        logical_id=resource.logical_id + suffix,
        type="AWS::ApiGateway::Stage" if rest else "AWS::ApiGatewayV2::Stage",
        attribute=None,
        hashed=hashed,
        named=Map({"StageName": name}),
    )


def _text(node: Node, evaluate: Callable[[Node], Answer]) -> str | None:
    if node is None or (isinstance(node, Map) and not node):
        return None
    answer = evaluate(node)
    return str(answer.value) if isinstance(answer, Known) else None
