"""What moto's CloudFormation cannot make of a template, taken out or made up for before it sees it.

Tried with moto 5.2. Every change that a user could notice is named.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Mapping
from typing import Any

from msgspec import Struct, field

from samlocal.local.omissions import without
from samlocal.template.references import places, references
from samlocal.template.uploads import CodeLocation, Plain

# CloudFormation gives them names by itself. moto answers 500 without one, or gives one that FIFO does not take.
_NAMELESS = {"AWS::SSM::Parameter": "Name"}
_FIFO = {"AWS::SQS::Queue": ("FifoQueue", "QueueName"), "AWS::SNS::Topic": ("FifoTopic", "TopicName")}
# What moto asks of each method's integration. One that leads nowhere has neither, and a method need not have one.
_INTEGRATION = {"Type": "MOCK", "IntegrationHttpMethod": "POST", "Uri": ""}
_CUSTOM = "AWS::CloudFormation::CustomResource"
NO_DEFINITION = "its definition is not on this machine"
_DEFINITIONS = ("Definition", "DefinitionString")
_CODE = {"AWS::Lambda::Function": "Code", "AWS::Lambda::LayerVersion": "Content"}


class Fitted(Struct, frozen=True, kw_only=True):
    """A template that moto can take. ``notes`` say by logical id what was done to a resource; those in
    ``left_out`` are not in the template any more, and why.
    """

    template: Plain
    notes: Mapping[str, str]
    left_out: Mapping[str, str]


class StandIns(Struct, frozen=True, kw_only=True):
    """What stands for what is not there.

    ``bucket`` is the one that the local code was uploaded to; code anywhere else is out of moto's reach, and
    ``archive`` takes its place. ``quietly``: no code was uploaded at all, so that nobody need hear of it. ``nested``
    are the places of the nested stacks' own templates, by logical id.
    """

    bucket: str
    archive: CodeLocation
    quietly: bool = False
    nested: Mapping[str, str] = field(default_factory=dict)


def fit(template: Plain, *, stands: StandIns, types: Container[str] | None, unable: Mapping[str, str]) -> Fitted:
    """Fits a plain CloudFormation template to moto.

    ``types`` are the resource types that moto makes, None where nobody knows; ``unable`` are the resources that
    moto turned out not to make, and why.
    """
    notes: dict[str, str] = {}
    resources: dict[str, Plain] = {}
    reasons: dict[str, str] = {}
    for logical_id, body in template["Resources"].items():
        if reason := unable.get(logical_id) or _unable(logical_id, body, types, stands.nested):
            reasons[logical_id] = reason
        resources[logical_id], note = _changed(logical_id, body, template["Resources"], stands)
        if note:
            notes[logical_id] = note
    rest = without(resources, reasons)
    for logical_id, note in rest.notes.items():
        notes[logical_id] = "; ".join(filter(None, [notes.get(logical_id), note]))
    outputs = {
        name: output
        for name, output in (template.get("Outputs") or {}).items()
        if rest.reasons.keys().isdisjoint(references(output))
    }
    fitted = {**template, "Resources": rest.kept, "Outputs": outputs}
    return Fitted(template=_listed(fitted), notes=notes, left_out=rest.reasons)


def not_made(type_: str) -> str:
    """Why a resource is missing whose type moto does not know."""
    return f"the local endpoint makes no {type_}"


def cannot_make(logical_id: str) -> str:
    """How the endpoint begins to say that one resource is the reason why a stack is refused."""
    return f"samlocal: cannot make {logical_id}: " if logical_id else "samlocal: cannot make "


def culprit(message: str) -> tuple[str, str] | None:
    """The resource that a refusal names, and why it cannot be made; ``Child/Pool`` is a nested stack's."""
    _, found, rest = message.partition(cannot_make(""))
    if not found:
        return None
    logical_id, _, reason = rest.partition(": ")
    return logical_id, reason.rstrip(".")


def _unable(logical_id: str, body: Plain, types: Container[str] | None, nested: Mapping[str, str]) -> str | None:
    if logical_id.startswith("Fn::"):
        return "loops of AWS::LanguageExtensions are not unrolled locally"
    type_ = str(body.get("Type"))
    if types is not None and type_ in types and type_ != _CUSTOM:
        return None
    if type_.startswith("Custom::") or type_ == _CUSTOM:
        return "a custom resource is made by a function, which the local endpoint does not run"
    if type_ == "AWS::CloudFormation::Stack" and logical_id not in nested:
        return "its template is not on this machine"
    return not_made(type_) if types is not None and type_ not in types else None


def _changed(
    logical_id: str, body: Plain, resources: Mapping[str, Plain], stands: StandIns
) -> tuple[Plain, str | None]:
    type_ = body.get("Type")
    properties = dict(body.get("Properties") or {})
    notes = []
    if type_ in _NAMELESS:
        properties.setdefault(_NAMELESS[type_], {"Fn::Sub": f"${{AWS::StackName}}-{logical_id}"})
    if type_ == "AWS::IoT::TopicRule":
        # Of letters, numbers and underscores alone.
        stack = {"Fn::Join": ["_", {"Fn::Split": ["-", {"Ref": "AWS::StackName"}]}]}
        properties.setdefault("RuleName", {"Fn::Join": ["_", [stack, logical_id]]})
    if type_ in _FIFO:
        fifo, name = _FIFO[type_]
        if str(properties.get(fifo)).lower() == "true":
            properties.setdefault(name, {"Fn::Sub": f"${{AWS::StackName}}-{logical_id}.fifo"})
    if type_ in _READ_OTHERWISE:
        properties |= _READ_OTHERWISE[type_](properties, resources)
    if type_ == "AWS::CloudFormation::Stack" and logical_id in stands.nested:
        properties["TemplateURL"] = stands.nested[logical_id]
    if type_ == "AWS::Lambda::Function" and properties.get("PackageType") == "Image":
        # moto takes an image only from a registry of its own. The image itself runs under samlocal all the same.
        properties = {name: value for name, value in properties.items() if name not in ("PackageType", "ImageConfig")}
        properties |= {"Code": _archive(stands), "Runtime": "provided.al2023", "Handler": "bootstrap"}
    if type_ in _CODE:
        code = properties.get(_CODE[type_])
        elsewhere = isinstance(code, dict) and "S3Bucket" in code and code["S3Bucket"] != stands.bucket
        # moto takes text alone as code that stands in the template.
        if elsewhere or (isinstance(code, dict) and isinstance(code.get("ZipFile"), dict)):
            properties[_CODE[type_]] = _archive(stands)
            if elsewhere and not stands.quietly:
                notes.append("its code is not on this machine, an empty archive stands for it")
    if type_ == "AWS::StepFunctions::StateMachine" and not any(name in properties for name in _DEFINITIONS):
        notes.append(NO_DEFINITION)
    if type_ == "AWS::Lambda::Function" and isinstance(layers := properties.get("Layers"), list):
        own = [layer for layer in layers if _is_layer(layer, resources)]
        properties["Layers"] = own
        if len(own) < len(layers):
            notes.append("layers from elsewhere are not attached to it there")
    # How an update goes on AWS: nothing here, and full of references.
    kept = {name: value for name, value in body.items() if name not in ("UpdatePolicy", "CreationPolicy")}
    return _after_its_bus({**kept, "Properties": properties}, resources), "; ".join(notes) or None


def _method(properties: Plain, _: Mapping[str, Plain]) -> Plain:
    return {"Integration": _INTEGRATION | (properties.get("Integration") or {})}


def _compute_environment(properties: Plain, resources: Mapping[str, Plain]) -> Plain:
    """Batch takes a role's name too (CloudFormation template reference), moto its ARN alone."""
    match properties.get("ServiceRole"):
        case {"Ref": str(name)} if name in resources:
            return {"ServiceRole": {"Fn::GetAtt": [name, "Arn"]}}
    return {}


def _thing(properties: Plain, _: Mapping[str, Plain]) -> Plain:
    """moto reads it as JSON, in the API's words."""
    match properties.get("AttributePayload"):
        case {"Attributes": dict(attributes)} if all(isinstance(each, str) for each in attributes.values()):
            return {"AttributePayload": json.dumps({"attributes": attributes})}
    return {"AttributePayload": ""}


_READ_OTHERWISE: Mapping[Any, Callable[[Plain, Mapping[str, Plain]], Plain]] = {
    "AWS::ApiGateway::Method": _method,
    "AWS::Batch::ComputeEnvironment": _compute_environment,
    "AWS::IoT::Thing": _thing,
}
"""Properties that moto takes in other words than CloudFormation, or not at all."""


def _after_its_bus(body: Plain, resources: Mapping[str, Plain]) -> Plain:
    """A rule is made after the bus that it names by the same expression, which is no reference to it."""
    name = (body.get("Properties") or {}).get("EventBusName")
    buses = [
        logical_id
        for logical_id, other in resources.items()
        if (other.get("Type"), other.get("Condition")) == ("AWS::Events::EventBus", None)
        and (other.get("Properties") or {}).get("Name") == name
    ]
    if body.get("Type") != "AWS::Events::Rule" or name is None or not buses:
        return body
    depends = body.get("DependsOn") or []
    return {**body, "DependsOn": [*([depends] if isinstance(depends, str) else depends), *buses]}


def _archive(stands: StandIns) -> Plain:
    return {"S3Bucket": stands.archive.bucket, "S3Key": stands.archive.key}


def _is_layer(layer: Any, resources: Mapping[str, Plain]) -> bool:
    match layer:
        case {"Ref": str(name)}:
            return name in resources and resources[name].get("Type") == "AWS::Lambda::LayerVersion"
    return False


def _listed(node: Any) -> Any:
    """``Fn::GetAtt: Table.Arn`` as the list that moto expects.

    ``${Child.Outputs.Url}`` too: moto would ask the nested stack for its ``Outputs``.
    """
    match node:
        case {"Fn::GetAtt": str(path)}:
            return {"Fn::GetAtt": path.split(".", 1)}
        case {"Fn::GetAtt": [str(name), str(first), *more]}:
            return {"Fn::GetAtt": [name, ".".join([first, *map(str, more)])]}
        case {"Fn::Sub": str(text)} if dotted := {place for place in places(text) if place.count(".") > 1}:
            names = {place: re.sub(r"\W", "", place) for place in dotted}
            for place, name in names.items():
                text = text.replace(f"${{{place}}}", f"${{{name}}}")
            return {"Fn::Sub": [text, {name: {"Fn::GetAtt": place.split(".", 1)} for place, name in names.items()}]}
        case dict():
            return {key: _listed(value) for key, value in node.items()}
        case list():
            return [_listed(item) for item in node]
    return node
