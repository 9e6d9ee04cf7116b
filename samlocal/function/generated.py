"""References to what the SAM translator makes: roles, implicit APIs, versions, aliases, stages, layer versions.

Source: SAM specification, "Generated CloudFormation resources".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from samlocal.deployed.stack import StackResource
from samlocal.template.model import Resource, Template
from samlocal.template.reader import Map, Node
from samlocal.template.values import Answer, Known, Reference

_HASH = re.compile(r"[0-9a-f]{10}")

_IMPLICIT = {
    "ServerlessRestApi": "AWS::ApiGateway::RestApi",
    "ServerlessHttpApi": "AWS::ApiGatewayV2::Api",
}

# A function's own generated resources, by the end of their logical ids.
_OF_FUNCTION = {"Role": "AWS::IAM::Role", "Url": "AWS::Lambda::Url"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A resource that stands in the stack but not in the template. ``hashed`` ids end in ten hex digits."""

    logical_id: str
    type: str
    attribute: str | None
    hashed: bool = False

    def in_stack(self, resources: Mapping[str, StackResource]) -> StackResource | None:
        if not self.hashed:
            return resources.get(self.logical_id)
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
    for api in _IMPLICIT:
        if name.startswith(api) and name.endswith("Stage"):
            kind = "ApiGateway" if api == "ServerlessRestApi" else "ApiGatewayV2"
            return Generated(logical_id=name, type=f"AWS::{kind}::Stage", attribute=attribute)
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
            return _stage(resource, evaluate)
    return None


def _stage(resource: Resource, evaluate: Callable[[Node], Answer]) -> Generated | None:
    stage = _text(resource.properties.get("StageName"), evaluate)
    if resource.type == "AWS::Serverless::Api":
        suffix = stage and f"{re.sub(r'[^A-Za-z0-9]', '', stage)}Stage"
        type_ = "AWS::ApiGateway::Stage"
    else:
        suffix = "ApiGatewayDefaultStage" if stage in (None, "$default") else f"{stage}Stage"
        type_ = "AWS::ApiGatewayV2::Stage"
    return Generated(logical_id=resource.logical_id + suffix, type=type_, attribute=None) if suffix else None


def _text(node: Node, evaluate: Callable[[Node], Answer]) -> str | None:
    if node is None or (isinstance(node, Map) and not node):
        return None
    answer = evaluate(node)
    return str(answer.value) if isinstance(answer, Known) else None
