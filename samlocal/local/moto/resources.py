"""The resources that moto's CloudFormation does not know, made through their services' own API.

Each kind becomes a class of moto's resource model, so that they are made in their order, and references to them
resolve as all others do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import UnformattedGetAttTemplateException
from moto.core.common_models import CloudFormationModel

from samlocal.aws import Aws
from samlocal.errors import SamlocalError
from samlocal.local.moto.kinds import KINDS, Kind
from samlocal.local.moto.special import SPECIAL

Json: TypeAlias = dict[str, Any]


def register(connect: Callable[[str], Aws]) -> None:
    """Makes the kinds known to moto, which asks once. ``connect`` gives the endpoint itself, in a region."""
    _known.extend(_model(kind, connect) for kind in KINDS)
    setattr(parsing, "resource_class_from_type", _known_first(parsing.resource_class_from_type))  # noqa: B010 - mypy forbids it as an assignment


# moto finds them among its base's subclasses; somebody has to hold them.
_known: list[type[CloudFormationModel]] = []


def _known_first(look_up: Callable[[str], Any]) -> Callable[[str], Any]:
    """moto has every custom resource made by its function, those too that are kinds here."""

    def found(type_: str) -> Any:
        return parsing.get_model_map()[type_] if type_ in _OF_CUSTOM else look_up(type_)

    return found


_OF_CUSTOM = frozenset(kind.type for kind in KINDS if kind.type.startswith("Custom::"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A resource that is there: what its formats are filled in from."""

    physical_id: str
    facts: Mapping[str, Any] = field(repr=False)


def _model(kind: Kind, connect: Callable[[str], Aws]) -> type[CloudFormationModel]:
    class Resource(CloudFormationModel):
        def __init__(self, made: _Made, aws: Aws) -> None:
            self._made = made
            self._aws = aws

        @staticmethod
        def cloudformation_name_type() -> str:
            return kind.name

        @staticmethod
        def cloudformation_type() -> str:
            return kind.type

        @property
        def physical_resource_id(self) -> str:
            return self._made.physical_id

        def get_cfn_attribute(self, name: str) -> str:
            if name not in kind.attributes:
                # ``attributes.py`` knows the others.
                raise UnformattedGetAttTemplateException
            return kind.attributes[name].format_map(self._made.facts)

        def is_created(self) -> bool:
            return True

        @classmethod
        def create_from_cloudformation_json(
            cls, resource_name: str, cloudformation_json: Json, account_id: str, region_name: str, **_: Any
        ) -> Resource:
            aws = connect(region_name)
            properties = dict(cloudformation_json.get("Properties") or {})
            if kind.name:
                properties.setdefault(kind.name, resource_name)
            place = {"AccountId": account_id, "Region": region_name}
            return cls(_create(kind, aws, properties, place), aws)

        @classmethod
        def update_from_cloudformation_json(
            cls,
            original_resource: Resource,
            new_resource_name: str,
            cloudformation_json: Json,
            account_id: str,
            region_name: str,
        ) -> Resource:
            properties = dict(cloudformation_json.get("Properties") or {})
            if kind.name and kind.name not in properties:
                # The name made up at first stays.
                properties[kind.name] = original_resource._made.facts.get(kind.name, new_resource_name)
            changed = {**cloudformation_json, "Properties": properties}
            special = SPECIAL.get(kind.type)
            if special and special.update:
                parameters = kind.parameters(properties)
                facts = special.update(original_resource._aws, parameters, original_resource.physical_resource_id)
                made = _made(kind, properties, parameters, {**original_resource._made.facts, **facts})
                return cls(made, original_resource._aws)
            original_resource.delete(account_id, region_name)
            return cls.create_from_cloudformation_json(new_resource_name, changed, account_id, region_name)

        def delete(self, _account_id: str, _region_name: str) -> None:
            shape = self._aws.input_shape(kind.service, kind.opposite)
            if shape is None or (kind.opposite == kind.operation and not kind.delete_by):
                return
            # What is gone already, or goes with its owner, is as good as deleted.
            with suppress(SamlocalError):
                self._aws.call(kind.service, kind.opposite, **_delete_by(kind, self._made, shape))

    return Resource


def _delete_by(kind: Kind, made: _Made, shape: Any) -> Json:
    """What a deletion requires: properties and the like of the same name, and what has none of it is the id."""
    known = {name.lower(): value for name, value in made.facts.items()}
    needed = {name: known.get(name.lower(), made.physical_id) for name in shape.required_members}
    said = {
        name: value.format_map(made.facts) if isinstance(value, str) else value
        for name, value in kind.delete_by.items()
    }
    return needed | said


def _create(kind: Kind, aws: Aws, properties: Json, place: Json) -> _Made:
    parameters = kind.parameters(properties)
    special = SPECIAL.get(kind.type)
    if special:
        answer = special.create(aws, parameters)
    else:
        fitting = fitted(parameters, aws.input_shape(kind.service, kind.operation))
        answer = aws.call(kind.service, kind.operation, **fitting)
    return _made(kind, properties, parameters, {**place, **answer})


def _made(kind: Kind, properties: Json, parameters: Json, answer: Mapping[str, Any]) -> _Made:
    facts = {**properties, **parameters, **answer}
    facts["PhysicalId"] = kind.id.format_map(facts)
    return _Made(physical_id=facts["PhysicalId"], facts=facts)


def fitted(value: Any, shape: Any) -> Any:
    """A property's value as the API's operation takes it: its own names and types, without what it does not know.

    CloudFormation takes "30" for 30 and writes ``RestApiId`` where API Gateway's API writes ``restApiId``.
    """
    match shape.type_name, value:
        case "structure", dict():
            names = {name.lower(): name for name in shape.members}
            return {
                names[name.lower()]: fitted(item, shape.members[names[name.lower()]])
                for name, item in value.items()
                if name.lower() in names
            }
        case "map", dict():
            return {name: fitted(item, shape.value) for name, item in value.items()}
        case "list", list():
            return [fitted(item, shape.member) for item in value]
        case "map", list():
            # Tags: a list of keys and values in templates, a mapping in some APIs.
            return {str(item["Key"]): str(item["Value"]) for item in value}
        case "list", dict():
            return [{"Key": str(name), "Value": str(item)} for name, item in value.items()]
        case (("integer" | "long"), _):
            return int(value)
        case (("double" | "float"), _):
            return float(value)
        case "boolean", _:
            return str(value).lower() == "true"
        case "string", (dict() | list()):
            import json

            return json.dumps(value)
        case "string", bool():
            return str(value).lower()
        case "string", _:
            return str(value)
    return value
