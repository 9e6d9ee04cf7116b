"""What moto's CloudFormation cannot make of a template, taken out or made up for before it sees it.

Tried with moto 5.2. Every change that a user could notice is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from samlocal.template.uploads import CodeLocation, Plain

_PLACE = re.compile(r"\$\{([^!}][^}]*)\}")

# CloudFormation gives these a name by itself, moto answers 500 without one.
_NAMELESS = ("AWS::ApiGateway::RestApi", "AWS::SSM::Parameter")
_CODE = {"AWS::Lambda::Function": "Code", "AWS::Lambda::LayerVersion": "Content"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A template that moto can take. ``notes`` say by logical id what was done to a resource; those in
    ``left_out`` are not in the template any more, and why.
    """

    template: Plain
    notes: Mapping[str, str]
    left_out: Mapping[str, str]


def fit(template: Plain, *, bucket: str, stand_in: CodeLocation, unknown: Iterable[str]) -> Fitted:
    """Fits a plain CloudFormation template to moto.

    ``bucket`` is the one that the local code was uploaded to; code anywhere else is out of moto's reach, and
    ``stand_in`` takes its place. ``unknown`` are resource types that moto turned out not to make.
    """
    notes: dict[str, str] = {}
    resources: dict[str, Plain] = {}
    reasons: dict[str, str] = {}
    unknown = frozenset(unknown)
    for logical_id, body in template["Resources"].items():
        if reason := _unable(logical_id, body, template["Resources"], unknown):
            reasons[logical_id] = reason
        resources[logical_id], note = _changed(logical_id, body, bucket=bucket, stand_in=stand_in)
        if note:
            notes[logical_id] = note
    left_out = _spread(resources, reasons)
    kept = {name: _independent(body, left_out) for name, body in resources.items() if name not in left_out}
    outputs = {
        name: output
        for name, output in (template.get("Outputs") or {}).items()
        if left_out.keys().isdisjoint(_references(output))
    }
    fitted = {**template, "Resources": kept, "Outputs": outputs}
    return Fitted(template=_listed(fitted), notes=notes, left_out=left_out)


def not_made(type_: str) -> str:
    """Why a resource is missing that moto has passed over without a word."""
    return f"the local endpoint makes no {type_} in a stack"


def _unable(logical_id: str, body: Plain, resources: Mapping[str, Plain], unknown: frozenset[str]) -> str | None:
    if logical_id.startswith("Fn::"):
        return "loops of AWS::LanguageExtensions are not unrolled locally"
    type_ = str(body.get("Type"))
    if type_.startswith("Custom::") or type_ == "AWS::CloudFormation::CustomResource":
        return "a custom resource is made by a function, which the local endpoint does not run"
    if type_ == "AWS::CloudFormation::Stack":
        return "nested stacks are not deployed locally yet"
    if type_ == "AWS::ApiGateway::Deployment" and _has_body(body, resources):
        return "the local endpoint takes no OpenAPI body, so the API has no methods there to deploy"
    return not_made(type_) if type_ in unknown else None


def _has_body(deployment: Plain, resources: Mapping[str, Plain]) -> bool:
    match deployment:
        case {"Properties": {"RestApiId": {"Ref": str(name)}}} if name in resources:
            properties = resources[name].get("Properties") or {}
            return "Body" in properties or "BodyS3Location" in properties
    return False


def _changed(logical_id: str, body: Plain, *, bucket: str, stand_in: CodeLocation) -> tuple[Plain, str | None]:
    type_ = body.get("Type")
    properties = dict(body.get("Properties") or {})
    notes = []
    if type_ in _NAMELESS and "Name" not in properties:
        properties["Name"] = _title(properties) or {"Fn::Sub": f"${{AWS::StackName}}-{logical_id}"}
    if type_ in _CODE:
        code = properties.get(_CODE[type_])
        if isinstance(code, dict) and "S3Bucket" in code and code["S3Bucket"] != bucket:
            properties[_CODE[type_]] = {"S3Bucket": stand_in.bucket, "S3Key": stand_in.key}
            notes.append("its code is not on this machine, an empty archive stands for it")
    if type_ == "AWS::Lambda::Function" and properties.pop("Layers", None):
        # A Ref to a layer of the template gives no ARN there, and AWS's own layers are not there.
        notes.append("its layers are not attached to it there")
    return {**body, "Properties": properties}, "; ".join(notes) or None


def _title(properties: Plain) -> Any:
    # Where an API has no name, API Gateway takes its OpenAPI title.
    match properties.get("Body"):
        case {"info": {"title": title}}:
            return title
    return None


def _spread(resources: Mapping[str, Plain], reasons: Mapping[str, str]) -> dict[str, str]:
    """The resources that cannot be made, and those that need one of them."""
    left_out = dict(reasons)
    while True:
        found = {
            name: f"it refers to {needed[0]}, which is not made"
            for name, body in resources.items()
            if name not in left_out and (needed := sorted(left_out.keys() & set(_references(body.get("Properties")))))
        }
        if not found:
            return left_out
        left_out |= found


def _independent(body: Plain, left_out: Mapping[str, str]) -> Plain:
    """``DependsOn`` is an order of making; what is not made needs none."""
    depends = body.get("DependsOn")
    if depends is None:
        return body
    names = [depends] if isinstance(depends, str) else depends
    return {**body, "DependsOn": [name for name in names if name not in left_out]}


def _references(node: Any) -> Iterator[str]:
    """The logical ids and parameters that an expression names."""
    match node:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::GetAtt": str(path)}:
            yield path.partition(".")[0]
        case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text)]}:
            yield from _places(text)
        case {"Fn::Sub": [str(text), dict(values)]}:
            yield from (name for name in _places(text) if name not in values)
            yield from _references(values)
        case dict():
            for value in node.values():
                yield from _references(value)
        case list():
            for item in node:
                yield from _references(item)


def _places(text: str) -> Iterator[str]:
    for place in _PLACE.finditer(text):
        yield place[1].strip().partition(".")[0]


def _listed(node: Any) -> Any:
    """``Fn::GetAtt: Table.Arn`` as the list that moto expects."""
    match node:
        case {"Fn::GetAtt": str(path)}:
            return {"Fn::GetAtt": path.split(".", 1)}
        case dict():
            return {key: _listed(value) for key, value in node.items()}
        case list():
            return [_listed(item) for item in node]
    return node
