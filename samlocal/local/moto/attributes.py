"""``Ref`` and ``Fn::GetAtt`` of those of moto's resources that answer none at all.

moto hands out its own object for the one and falls over the other, and the resource that asks could not be made: a
function with a file system, for one, since its access point is named by ``!GetAtt AccessPoint.Arn``. Tried with
moto 5.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import attrgetter
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError

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


def mend_attributes() -> None:
    for type_, model in parsing.get_model_map().items():
        if type_ in _IDS and not hasattr(model, "physical_resource_id"):
            setattr(model, "physical_resource_id", property(attrgetter(_IDS[type_])))  # noqa: B010 - mypy forbids it
        if not hasattr(model, "get_cfn_attribute"):
            setattr(model, "get_cfn_attribute", _answering(type_))  # noqa: B010


def _answering(type_: str) -> Any:
    def attribute(resource: Any, name: str) -> str:
        for value in _candidates(resource, name):
            if isinstance(value, str) and value and value.startswith("arn:") == name.lower().endswith("arn"):
                return value
        raise ValidationError(message=f"the local endpoint knows no {name} of an {type_}")

    return attribute


def _candidates(resource: Any, name: str) -> Iterator[object]:
    """What moto's object may hold it as: ``access_point_arn`` or ``arn`` for the ``Arn`` of an ``AccessPoint``."""
    kind, written = _snake(type(resource).__name__), _snake(name)
    yield getattr(resource, written, None)
    yield getattr(resource, f"{kind}_{written}", None)
    if written.endswith("arn"):
        yield getattr(resource, "arn", None)
    if written == "id" or written.endswith("arn") or (written.endswith("_id") and kind.endswith(written[:-3])):
        yield getattr(resource, "physical_resource_id", None)


def _snake(name: str) -> str:
    """``DBSubnetGroupArn`` as ``db_subnet_group_arn``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
