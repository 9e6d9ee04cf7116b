"""What stands in, without an environment, for what the template does not determine: values of the right form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from samlocal.deployed.attributes import lookup as attributes
from samlocal.deployed.attributes.lookup import AttributeValue
from samlocal.deployed.place import Place
from samlocal.function.declared_resources import DeclaredResources, as_json, no_attribute, output_name, own_name
from samlocal.function.generated import generated
from samlocal.template.document import Node
from samlocal.template.model import Parameter
from samlocal.template.values import Answer, Known, Origin, ParameterValue, Reference


class PlaceholderNames:
    """Names without an environment: placeholders of the right form for what the template does not determine."""

    def __init__(self, place: Place, declared: DeclaredResources) -> None:
        self._place = place
        self._declared = declared

    def resource(self, reference: Reference, evaluate: Callable[[Node], Answer]) -> Answer:
        made = generated(self._declared.template, reference, evaluate)
        if made is not None and not made.named:
            wrong = no_attribute(reference.expression, made.type, made.attribute)
            return wrong or self._placeholder(made.type, made.logical_id, made.attribute, None, reference.expression)
        resource, attribute = self._declared.find(reference, evaluate)
        if resource is None:
            return self._declared.missing(reference)
        wrong = no_attribute(reference.expression, resource.type, attribute)
        if wrong is not None:
            return wrong
        output = output_name(resource.type, attribute)
        declared = None if output is None else self._declared.outputs(resource.logical_id, output)
        if declared is not None:
            return declared
        name = own_name(resource, evaluate)
        given = str(name.value) if isinstance(name, Known) else None
        origins = name.origins if isinstance(name, Known) else ()
        if given is not None:
            physical_id = attributes.id_from_name(resource.type, given, self._place)
            if physical_id is not None and attribute is None:
                if physical_id != given:
                    return _invented(physical_id, reference.expression, *origins)
                return Known(value=physical_id, origins=origins)
        return self._placeholder(resource.type, resource.logical_id, attribute, given, reference.expression, *origins)

    def _placeholder(
        self, type_: str, logical_id: str, attribute: str | None, name: str | None, expression: str, *origins: Origin
    ) -> Known:
        if attribute is None:
            return _invented(
                attributes.placeholder_id(type_, logical_id, self._place, name=name), expression, *origins
            )
        value = attributes.placeholder_attribute(type_, logical_id, attribute, self._place, name=name)
        return _invented(value, expression, *origins)

    def export(self, name: str) -> Answer:
        return _invented(f"placeholder-{name}", f"!ImportValue {name}")

    def dynamic(self, service: str, key: str) -> Answer:
        return _invented(f"placeholder-{key.strip('/')}", f"{{{{resolve:{service}:{key}}}}}")

    def zones(self, region: str) -> Answer:
        zones = [f"{region}{letter}" for letter in "abc"]
        return Known(value=list(zones), origins=(Origin(text=f"!GetAZs {region}", placeholder=True),))


# Ids of the right form for the parameter types that name something in EC2 (CloudFormation, "Supported AWS-specific
# parameter types").
_EC2_IDS = {
    "Image": "ami-00000000000000000",
    "Instance": "i-00000000000000000",
    "SecurityGroup": "sg-00000000000000000",
    "Subnet": "subnet-00000000000000000",
    "VPC": "vpc-00000000000000000",
    "Volume": "vol-00000000000000000",
}


def placeholder_parameters(
    parameters: Mapping[str, Parameter], given: Mapping[str, ParameterValue], place: Place
) -> dict[str, ParameterValue]:
    """Values of the right form for the parameters that have neither a default nor a given value."""
    return {
        name: ParameterValue(text=_placeholder_text(parameter, place), origin=f"!Ref {name}", placeholder=True)
        for name, parameter in parameters.items()
        if parameter.default is None and name not in given
    }


def _placeholder_text(parameter: Parameter, place: Place) -> str:
    if parameter.allowed:
        return parameter.allowed[0]
    if "Number" in parameter.type:
        return parameter.least or "0"
    named = re.search(r"AWS::EC2::(\w+)", parameter.type)
    if named and named[1] == "AvailabilityZone":
        return f"{place.region}a"
    return _EC2_IDS.get(named[1] if named else "", f"placeholder-{parameter.name}")


def _invented(value: AttributeValue, expression: str, *origins: Origin) -> Known:
    return Known(value=as_json(value), origins=(*origins, Origin(text=expression, placeholder=True)))
