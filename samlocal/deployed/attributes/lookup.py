"""`!Ref` and `!GetAtt` of resources: from the physical id where its form says enough, from AWS where it does not.

Where nothing is deployed, placeholders of the right form stand in.
"""

from __future__ import annotations

import json
import re
from collections import ChainMap
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NoReturn, cast

from samlocal.aws import Aws, AwsCallError
from samlocal.deployed.attributes.describe_call import Call, value_at
from samlocal.deployed.attributes.form import AttributeValue, placeholder_fields
from samlocal.deployed.attributes.placeholder import guessed_attribute
from samlocal.deployed.attributes.resource_types import resource_type as known
from samlocal.deployed.place import Place
from samlocal.errors import AwsError

__all__ = [
    "AttributeUnknownError",
    "AttributeValue",
    "attribute_from_aws",
    "attribute_names",
    "attribute_of_id",
    "id_from_name",
    "is_secret",
    "name_property",
    "placeholder_attribute",
    "placeholder_id",
    "reference",
]

_NOT_THERE = re.compile(r"NotFound|NoSuch|DoesNotExist|NonExist")
_TIP = "Give the variable's value with --set."
_UNSUPPORTED = frozenset({"UnsupportedActionException", "TypeNotFoundException"})


class AttributeUnknownError(AwsError):
    """AWS does not tell an attribute; ``action`` is the IAM action that the caller lacks, if that is why."""

    def __init__(self, message: str, *, tip: str | None = None, action: str | None = None) -> None:
        super().__init__(message, tip=tip)
        self.action = action


def reference(resource_type: str, physical_id: str, place: Place) -> str:  # noqa: ARG001 - a type may differ one day
    """What `!Ref` gives: the physical id, whatever the type (template reference, "Ref", return value)."""
    return physical_id


def attribute_of_id(resource_type: str, physical_id: str, attribute: str, place: Place) -> str | None:
    """What `!GetAtt` gives, where the physical id determines it; None where AWS must be asked."""
    read = known(resource_type).form.read(physical_id, place)
    if read is None:
        return None
    form, fields = read
    text = form.attributes.get(attribute)
    return text.format_map(fields) if text is not None else None


def attribute_from_aws(
    aws: Aws,
    resource_type: str,
    physical_id: str,
    attribute: str,
    *,
    properties: Mapping[str, str] = MappingProxyType({}),
) -> AttributeValue:
    """What `!GetAtt` gives, asked from the service that holds the resource, or from Cloud Control.

    ``properties`` are the resource's resolved ones in the template; some resources are found only by their parent's
    id beside their own (a user pool's client by ``UserPoolId``).

    Raises AttributeUnknownError when the resource is not there, the caller may not ask, or nobody answers for this
    attribute; AwsError and CredentialsError when AWS cannot be asked at all.
    """
    what = f"{resource_type} {physical_id}"
    type_ = known(resource_type)
    deployed_type = type_.becomes or resource_type
    if not physical_id:
        raise AttributeUnknownError(
            f"{resource_type}: the stack names no physical id to ask for {attribute} with.", tip=_TIP
        )
    if not deployed_type.startswith("AWS::") or deployed_type == "AWS::CloudFormation::CustomResource":
        raise AttributeUnknownError(
            f"{what}: only the custom resource's own provider knows the attribute {attribute}.", tip=_TIP
        )
    read = type_.form.read(physical_id, Place.in_region(aws.region, account=""))
    variant, of_id = read or (type_.form, {"id": physical_id})
    # The id's fields before the properties, which are evaluated only where they are asked for.
    fields = ChainMap(dict(of_id), cast("dict[str, str]", properties))
    call = next((call for call in type_.calls if attribute in call.answers), None)
    try:
        parameters = call.filled(fields) if call else {}
        identifier = "" if call else variant.cloud_control(fields)
    except KeyError as missing:
        raise AttributeUnknownError(
            f"{what}: the attribute {attribute} can be asked only with the resource's {missing.args[0]}.", tip=_TIP
        ) from missing
    if call:
        return _described(aws, call, parameters, what, attribute)
    return _from_cloud_control(aws, deployed_type, identifier, what, attribute)


def attribute_names(resource_type: str) -> frozenset[str] | None:
    """The attributes that a type has, None for types that are not judged here (custom ones, nested stacks)."""
    return known(resource_type).names


def is_secret(resource_type: str, attribute: str) -> bool:
    """Whether an attribute opens something: it is masked, and written nowhere."""
    return attribute in known(resource_type).secrets


def placeholder_id(resource_type: str, logical_id: str, place: Place, *, name: str | None) -> str:
    """An id of the right form for a resource that is not deployed; ``name`` is the template's, if it gives one."""
    return known(resource_type).form.placeholder_id(placeholder_fields(logical_id, place, name=name))


def placeholder_attribute(
    resource_type: str, logical_id: str, attribute: str, place: Place, *, name: str | None
) -> AttributeValue:
    """An attribute of the right kind for a resource that is not deployed; lists for the few that are lists."""
    physical_id = placeholder_id(resource_type, logical_id, place, name=name)
    value = attribute_of_id(resource_type, physical_id, attribute, place)
    if value is not None:
        return value
    fields = placeholder_fields(logical_id, place, name=name)
    text = known(resource_type).form.placeholders.get(attribute)
    if text is None:
        return guessed_attribute(resource_type, attribute, physical_id, fields)
    if isinstance(text, str):
        return text.format_map(fields)
    return [item.format_map(fields) for item in text]


def name_property(resource_type: str) -> str | None:
    """The template's property that names a resource of this type, None for types without one."""
    return known(resource_type).form.name_property


def id_from_name(resource_type: str, name: str, place: Place) -> str | None:
    """The physical id that the template's name fixes: the name, a queue's URL, a topic's ARN.

    None where AWS adds something of its own (a secret's six letters, a layer's version).
    """
    return known(resource_type).form.made_from_name(name, place)


def _described(aws: Aws, call: Call, parameters: dict[str, Any], what: str, attribute: str) -> AttributeValue:
    try:
        response = aws.call(call.service, call.operation, **parameters)
    except AwsCallError as error:
        _refused(error, what, attribute)
    value = call.answer(attribute, response)
    if value is None:
        _no_value(what, attribute)
    return value


def _from_cloud_control(aws: Aws, type_name: str, identifier: str, what: str, attribute: str) -> AttributeValue:
    if not identifier:
        _no_value(what, attribute)
    try:
        response = aws.call("cloudcontrol", "get_resource", TypeName=type_name, Identifier=identifier)
    except AwsCallError as error:
        if error.code in _UNSUPPORTED:
            raise AttributeUnknownError(
                f"{what}: AWS has no call that tells the attribute {attribute} of this type.", tip=_TIP
            ) from error
        _refused(error, what, attribute)
    properties = json.loads(response["ResourceDescription"]["Properties"])
    value = value_at(properties, attribute.split("."))
    if value is None:
        _no_value(what, attribute)
    return value


def _no_value(what: str, attribute: str) -> NoReturn:
    raise AttributeUnknownError(
        f"{what}: AWS gives no value for the attribute {attribute}.",
        tip="Check the attribute's name in the template, or give the variable's value with --set.",
    )


def _refused(error: AwsCallError, what: str, attribute: str) -> NoReturn:
    if error.denied:
        raise AttributeUnknownError(
            f"{what}: the attribute {attribute} is unknown, because the caller may not call {error.action}.",
            tip=f"The caller needs the IAM action {error.action}.",
            action=error.action,
        ) from error
    if _NOT_THERE.search(error.code):
        raise AttributeUnknownError(
            f"{what} is not there, so its attribute {attribute} is unknown ({error.message}).",
            tip="Deploy the stack again, or give the variable's value with --set.",
        ) from error
    raise AttributeUnknownError(
        f"{what}: the attribute {attribute} is unknown: {error.message}", tip=error.tip
    ) from error
