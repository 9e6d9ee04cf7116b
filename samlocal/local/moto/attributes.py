"""``Ref`` and ``Fn::GetAtt`` of those of moto's resources that do not answer them.

moto hands out its own object for the one and falls over the other, and the resource that asks could not be made: a
function with a file system, for one, since its access point is named by ``!GetAtt AccessPoint.Arn``. What moto does
not tell follows from the physical id, or is asked of the service, as for a resource that is deployed to AWS. Tried
with moto 5.2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import UnformattedGetAttTemplateException, ValidationError

from samlocal.aws import Aws
from samlocal.deployed.attributes.lookup import AttributeValue, attribute_from_aws, attribute_names, attribute_of_id
from samlocal.deployed.place import Place
from samlocal.errors import SamlocalError

# CloudFormation template reference, "Return values: Ref" of each type: where moto's object holds it.
_IDS = {
    "AWS::EFS::AccessPoint": "access_point_id",
    "AWS::Events::Archive": "name",
    "AWS::Events::EventBus": "name",
    "AWS::IoT::Policy": "name",
    "AWS::IoT::Thing": "thing_name",
    "AWS::IoT::ThingType": "thing_type_name",
    "AWS::RDS::DBParameterGroup": "name",
    "AWS::RDS::DBSubnetGroup": "name",
}


def mend_attributes(connect: Callable[[str], Aws]) -> None:
    """``connect`` gives the endpoint itself, in a region."""
    for type_, model in parsing.get_model_map().items():
        if type_ in _IDS and not hasattr(model, "physical_resource_id"):
            setattr(model, "physical_resource_id", property(attrgetter(_IDS[type_])))  # noqa: B010 - mypy forbids it
    parsing.clean_json = _answering(parsing.clean_json, connect)


def _answering(clean: Callable[..., Any], connect: Callable[[str], Aws]) -> Callable[..., Any]:
    def cleaned(node: Any, resources: Any) -> Any:
        match node:
            case {"Fn::GetAtt": [str(name), *path]} if (resource := resources.get(name)) is not None:
                attribute = ".".join(path)
                told = _moto_s(resource, attribute)
                return _ours(resources, name, attribute, connect) if told is None else told
        return clean(node, resources)

    return cleaned


def _moto_s(resource: Any, attribute: str) -> Any:
    if not hasattr(resource, "get_cfn_attribute"):
        return None
    try:
        return resource.get_cfn_attribute(attribute)
    except (NotImplementedError, UnformattedGetAttTemplateException):
        # moto's models answer so what they do not know; some with the one, some with the other.
        return None


def _ours(resources: Any, name: str, attribute: str, connect: Callable[[str], Aws]) -> AttributeValue:
    resource, body = resources[name], resources._resource_json_map[name]
    type_, physical_id = str(body["Type"]), getattr(resource, "physical_resource_id", None)
    unknown = ValidationError(message=f"the local endpoint knows no {attribute} of an {type_}")
    names = attribute_names(type_)
    if not isinstance(physical_id, str) or (names is not None and attribute not in names):
        raise unknown
    place = Place.in_region(resources._region_name, account=resources._account_id)
    told = attribute_of_id(type_, physical_id, attribute, place) or _held(resource, attribute)
    if told is not None:
        return told
    properties = parsing.clean_json(body.get("Properties") or {}, resources)
    try:
        return attribute_from_aws(connect(place.region), type_, physical_id, attribute, properties=properties)
    except SamlocalError as error:
        raise unknown from error


def _held(resource: Any, attribute: str) -> str | None:
    for value in _candidates(resource, attribute):
        if isinstance(value, str) and value and value.startswith("arn:") == attribute.lower().endswith("arn"):
            return value
    return None


def _candidates(resource: Any, attribute: str) -> Iterator[object]:
    """What moto's object may hold it as: ``access_point_arn`` or ``arn`` for the ``Arn`` of an ``AccessPoint``."""
    kind, written = _snake(type(resource).__name__), _snake(attribute)
    yield getattr(resource, written, None)
    yield getattr(resource, f"{kind}_{written}", None)
    if written.endswith("arn"):
        yield getattr(resource, "arn", None)
    if written == "id" or written.endswith("arn") or (written.endswith("_id") and kind.endswith(written[:-3])):
        yield getattr(resource, "physical_resource_id", None)


def _snake(name: str) -> str:
    """``DBSubnetGroupArn`` as ``db_subnet_group_arn``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
