"""What references stand for: the deployed stack's values with an environment, placeholders without one."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping

from samlocal.config import nearest
from samlocal.deployed.attributes import lookup as attributes
from samlocal.deployed.attributes.lookup import AttributeValue
from samlocal.deployed.environment import Environment
from samlocal.deployed.place import Place
from samlocal.errors import AwsError
from samlocal.function.generated import generated
from samlocal.function.translated import TranslatedResources
from samlocal.template.model import STACK_TYPES, Parameter, Resource, Template
from samlocal.template.reader import Node
from samlocal.template.values import Answer, Json, Known, Origin, ParameterValue, Reference, Unknown, text

PLACEHOLDER_ACCOUNT = "123456789012"
PLACEHOLDER_STACK = "samlocal"

OUTPUT = "Outputs."
"""What stands before an output's name in a GetAtt of a nested stack."""


class DeployedNames:
    """Names of a deployed environment."""

    def __init__(
        self,
        environment: Environment,
        template: Template,
        translated: TranslatedResources,
        outputs: Callable[[str, str], Answer | None],
    ) -> None:
        """``outputs`` gives what a nested template says of an output, None where there is no such file."""
        self._environment = environment
        self._template = template
        self._translated = translated
        self._outputs = outputs

    def resource(self, reference: Reference, evaluate: Callable[[Node], Answer]) -> Answer:
        stack = self._environment.stack
        made = generated(self._template, reference, evaluate)
        if made is None:
            deployed, attribute = stack.resources.get(reference.logical_id), reference.attribute
        else:
            deployed, attribute = made.in_stack(stack.resources), made.attribute
        if deployed is None:
            return self._undeployed(reference, evaluate)
        wrong = _no_attribute(reference.expression, deployed.type, attribute)
        if wrong is not None and "did you mean" in wrong.reason:
            # Anything else is for AWS to say: types get new attributes.
            return wrong
        origin = Origin(text=f"stack {stack.name}: {deployed.logical_id}")
        if attribute is None:
            value = attributes.reference(deployed.type, deployed.physical_id, self._environment.place)
            return Known(value=value, origins=(origin,))
        if deployed.type in STACK_TYPES and attribute.startswith(OUTPUT):
            return self._output(reference, deployed.physical_id, attribute.removeprefix(OUTPUT))
        try:
            found = self._environment.attribute(
                deployed, attribute, properties=_Properties(reference.resource, evaluate)
            )
        except AwsError as error:
            return _unknown(reference.expression, error)
        secret = attributes.is_secret(deployed.type, attribute)
        return Known(value=_json(found), origins=(Origin(text=origin.text, secret=secret),))

    def export(self, name: str) -> Answer:
        try:
            return Known(value=self._environment.export(name), origins=(Origin(text=f"export {name}"),))
        except AwsError as error:
            return _unknown(f"!ImportValue {name}", error)

    def dynamic(self, service: str, key: str) -> Answer:
        secret = service != "ssm"
        try:
            match service:
                case "secretsmanager":
                    value = self._environment.secret(key)
                case "ssm-secure":
                    value = self._environment.secure_parameter(key)
                case _:
                    value = self._environment.ssm_parameter(key)
        except AwsError as error:
            return _unknown(f"{{{{resolve:{service}:{key}}}}}", error)
        return Known(value=value, origins=(Origin(text=f"{service} {key}", secret=secret),))

    def zones(self, region: str) -> Answer:
        try:
            zones = self._environment.zones(region)
        except AwsError as error:
            return _unknown(f"!GetAZs {region}", error)
        return Known(value=list(zones), origins=(Origin(text=f"availability zones of {region}"),))

    def _output(self, reference: Reference, stack_arn: str, name: str) -> Answer:
        try:
            nested = self._environment.nested(stack_arn)
        except AwsError as error:
            return _unknown(reference.expression, error)
        if name not in nested.outputs:
            there = ", ".join(nested.outputs) or "none"
            return Unknown(
                expression=reference.expression,
                reason=f"the nested stack {nested.name} has no output {name}",
                tip=f"Its outputs are {there}. Deploy the change, or give the value with --set.",
            )
        # CloudFormation shows outputs to everybody, also those that are made of a NoEcho parameter.
        declared = self._outputs(reference.logical_id, name)
        secret = declared is not None and declared.secret
        origin = Origin(text=f"stack {nested.name}: output {name}", secret=secret)
        return Known(value=nested.outputs[name], origins=(origin,))

    def _undeployed(self, reference: Reference, evaluate: Callable[[Node], Answer]) -> Answer:
        resource, attribute = _resolved(self._template, self._translated, reference, evaluate)
        if resource is None:
            return _no_such(self._template, reference)
        wrong = _no_attribute(reference.expression, resource.type, attribute)
        if wrong is not None:
            return wrong
        name = _own_name(resource, evaluate)
        if isinstance(name, Known):
            place = self._environment.place
            type_ = resource.type
            physical_id = attributes.id_from_name(type_, str(name.value), place)
            if physical_id is not None:
                value = (
                    attributes.reference(type_, physical_id, place)
                    if attribute is None
                    else attributes.attribute_of_id(type_, physical_id, attribute, place)
                )
                if value is not None:
                    origin = Origin(text=f"name of {reference.logical_id} in the template", secret=name.secret)
                    made_up = (origin for origin in name.origins if origin.placeholder)
                    return Known(value=_json(value), origins=(origin, *made_up))
        stack = self._environment.stack
        return Unknown(
            expression=reference.expression,
            reason=f"the stack {stack.name} has no resource {reference.logical_id}"
            if stack.deployed
            else f"the nested stack {stack.name} is not deployed",
            tip=f"{self._environment.remedy}, or give the value with --set NAME=VALUE.",
        )


class PlaceholderNames:
    """Names without an environment: placeholders of the right form for what the template does not determine."""

    def __init__(
        self,
        place: Place,
        template: Template,
        translated: TranslatedResources,
        outputs: Callable[[str, str], Answer | None],
    ) -> None:
        self._place = place
        self._template = template
        self._translated = translated
        self._outputs = outputs

    def resource(self, reference: Reference, evaluate: Callable[[Node], Answer]) -> Answer:
        """``outputs`` of the constructor gives a nested template's output, None where there is no such file."""
        made = generated(self._template, reference, evaluate)
        if made is not None and not made.named:
            wrong = _no_attribute(reference.expression, made.type, made.attribute)
            return wrong or self._placeholder(made.type, made.logical_id, made.attribute, None, reference.expression)
        resource, attribute = _resolved(self._template, self._translated, reference, evaluate)
        if resource is None:
            return _no_such(self._template, reference)
        wrong = _no_attribute(reference.expression, resource.type, attribute)
        if wrong is not None:
            return wrong
        if resource.type in STACK_TYPES and attribute is not None and attribute.startswith(OUTPUT):
            output = self._outputs(resource.logical_id, attribute.removeprefix(OUTPUT))
            if output is not None:
                return output
        name = _own_name(resource, evaluate)
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


def _resolved(
    template: Template,
    translated: TranslatedResources,
    reference: Reference,
    evaluate: Callable[[Node], Answer],
) -> tuple[Resource | None, str | None]:
    """The resource that a reference means, of the template or generated from it, and which attribute of it."""
    made = generated(template, reference, evaluate)
    if made is None:
        return reference.resource or translated.find(reference.logical_id), reference.attribute
    if made.named is None:
        return translated.find(made.logical_id) or made.resource(), made.attribute
    return made.resource(), made.attribute


def _no_such(template: Template, reference: Reference) -> Unknown:
    names = (*template.resources, *template.parameters)
    return Unknown(
        expression=reference.expression,
        reason=f"the template has neither a resource nor a parameter {reference.logical_id}"
        + _meant(reference.logical_id, names),
        tip="Mend the name, or declare it.",
    )


def _no_attribute(expression: str, type_: str, attribute: str | None) -> Unknown | None:
    """Why a resource has no such attribute, None where it has it or its type is not known here."""
    names = attributes.attribute_names(type_)
    if attribute is None or names is None or attribute in names:
        return None
    return Unknown(
        expression=expression,
        reason=f"{type_} has no attribute {attribute}{_meant(attribute, names)}",
        tip=f"Its attributes are {', '.join(sorted(names)) or 'none'}.",
    )


def _meant(name: str, names: Collection[str]) -> str:
    close = nearest(name, names).removeprefix("; ")
    return "" if close == "." else f" ({close})"


class _Properties(Mapping[str, str]):
    """A resource's properties as texts, each evaluated when it is looked at. Raises KeyError for what is no text."""

    def __init__(self, resource: Resource | None, evaluate: Callable[[Node], Answer]) -> None:
        self._properties = resource.properties if resource else {}
        self._evaluate = evaluate

    def __getitem__(self, name: str) -> str:
        match self._evaluate(self._properties[name]):
            case Known(value=str() | int() | float() as value):
                return text(value)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._properties)

    def __len__(self) -> int:
        return len(self._properties)


def _own_name(resource: Resource | None, evaluate: Callable[[Node], Answer]) -> Answer | None:
    """The name that the template itself gives to a resource, where its type has one."""
    if resource is None:
        return None
    name = attributes.name_property(resource.type)
    if name is None or name not in resource.properties:
        return None
    return evaluate(resource.properties[name])


def _json(value: AttributeValue) -> Json:
    # A list of texts is a list of JSON values, but lists are invariant.
    return [*value] if isinstance(value, list) else value


def _invented(value: AttributeValue, expression: str, *origins: Origin) -> Known:
    return Known(value=_json(value), origins=(*origins, Origin(text=expression, placeholder=True)))


def _unknown(expression: str, error: AwsError) -> Unknown:
    return Unknown(
        expression=expression,
        reason=error.message.rstrip("."),
        tip=error.tip or "Give the value with --set NAME=VALUE.",
    )
