"""What references stand for with an environment: the deployed stack's own values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from samlocal.deployed.attributes import lookup as attributes
from samlocal.deployed.environment import Environment
from samlocal.errors import AwsError
from samlocal.function.declared_resources import DeclaredResources, as_json, no_attribute, output_name, own_name
from samlocal.function.generated import generated
from samlocal.template.document import Node
from samlocal.template.model import Resource
from samlocal.template.values import Answer, Known, Origin, Reference, Unknown, text


class DeployedNames:
    """Names of a deployed environment."""

    def __init__(self, environment: Environment, declared: DeclaredResources) -> None:
        self._environment = environment
        self._declared = declared

    def resource(self, reference: Reference, evaluate: Callable[[Node], Answer]) -> Answer:
        stack = self._environment.stack
        made = generated(self._declared.template, reference, evaluate)
        if made is None:
            deployed, attribute = stack.resources.get(reference.logical_id), reference.attribute
        else:
            deployed, attribute = made.in_stack(stack.resources), made.attribute
        if deployed is None:
            return self._undeployed(reference, evaluate)
        wrong = no_attribute(reference.expression, deployed.type, attribute)
        if wrong is not None and "did you mean" in wrong.reason:
            # Anything else is for AWS to say: types get new attributes.
            return wrong
        origin = Origin(text=f"stack {stack.name}: {deployed.logical_id}")
        if attribute is None:
            value = attributes.reference(deployed.type, deployed.physical_id, self._environment.place)
            return Known(value=value, origins=(origin,))
        output = output_name(deployed.type, attribute)
        if output is not None:
            return self._output(reference, deployed.physical_id, output)
        try:
            found = self._environment.attribute(
                deployed, attribute, properties=_Properties(reference.resource, evaluate)
            )
        except AwsError as error:
            return _unknown(reference.expression, error)
        secret = attributes.is_secret(deployed.type, attribute)
        return Known(value=as_json(found), origins=(Origin(text=origin.text, secret=secret),))

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
        declared = self._declared.outputs(reference.logical_id, name)
        secret = declared is not None and declared.secret
        origin = Origin(text=f"stack {nested.name}: output {name}", secret=secret)
        return Known(value=nested.outputs[name], origins=(origin,))

    def _undeployed(self, reference: Reference, evaluate: Callable[[Node], Answer]) -> Answer:
        resource, attribute = self._declared.find(reference, evaluate)
        if resource is None:
            return self._declared.missing(reference)
        wrong = no_attribute(reference.expression, resource.type, attribute)
        if wrong is not None:
            return wrong
        name = own_name(resource, evaluate)
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
                    return Known(value=as_json(value), origins=(origin, *made_up))
        stack = self._environment.stack
        return Unknown(
            expression=reference.expression,
            reason=f"the stack {stack.name} has no resource {reference.logical_id}"
            if stack.deployed
            else f"the nested stack {stack.name} is not deployed",
            tip=f"{self._environment.remedy}, or give the value with --set NAME=VALUE.",
        )


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


def _unknown(expression: str, error: AwsError) -> Unknown:
    return Unknown(
        expression=expression,
        reason=error.message.rstrip("."),
        tip=error.tip or "Give the value with --set NAME=VALUE.",
    )
