"""What a template declares of the resources that its references name, whether anything is deployed or not."""

from __future__ import annotations

from collections.abc import Callable, Collection

from msgspec import Struct

from samlocal.config import nearest
from samlocal.deployed.attributes import lookup as attributes
from samlocal.deployed.attributes.lookup import AttributeValue
from samlocal.function.generated import generated
from samlocal.function.translated import TranslatedResources
from samlocal.template.document import Node
from samlocal.template.model import STACK_TYPES, Resource, Template
from samlocal.template.values import Answer, Json, Reference, Unknown

_OUTPUT = "Outputs."


class DeclaredResources(Struct, frozen=True, kw_only=True):
    """``outputs`` gives what a nested template says of an output, None where there is no such file."""

    template: Template
    translated: TranslatedResources
    outputs: Callable[[str, str], Answer | None]

    def find(self, reference: Reference, evaluate: Callable[[Node], Answer]) -> tuple[Resource | None, str | None]:
        """The resource that a reference means, of the template or generated from it, and which attribute of it."""
        made = generated(self.template, reference, evaluate)
        if made is None:
            return reference.resource or self.translated.find(reference.logical_id), reference.attribute
        if made.named is None:
            return self.translated.find(made.logical_id) or made.resource(), made.attribute
        return made.resource(), made.attribute

    def missing(self, reference: Reference) -> Unknown:
        """What a reference to nothing comes to."""
        names = (*self.template.resources, *self.template.parameters)
        return Unknown(
            expression=reference.expression,
            reason=f"the template has neither a resource nor a parameter {reference.logical_id}"
            + _meant(reference.logical_id, names),
            tip="Mend the name, or declare it.",
        )


def output_name(type_: str, attribute: str | None) -> str | None:
    """The output that a GetAtt of a nested stack asks for, None for any other."""
    if type_ not in STACK_TYPES or attribute is None or not attribute.startswith(_OUTPUT):
        return None
    return attribute.removeprefix(_OUTPUT)


def no_attribute(expression: str, type_: str, attribute: str | None) -> Unknown | None:
    """Why a resource has no such attribute, None where it has it or its type is not known here."""
    names = attributes.attribute_names(type_)
    if attribute is None or names is None or attribute in names:
        return None
    return Unknown(
        expression=expression,
        reason=f"{type_} has no attribute {attribute}{_meant(attribute, names)}",
        tip=f"Its attributes are {', '.join(sorted(names)) or 'none'}.",
    )


def own_name(resource: Resource, evaluate: Callable[[Node], Answer]) -> Answer | None:
    """The name that the template itself gives to a resource, None where it or its type has none."""
    name = attributes.name_property(resource.type)
    if name is None or name not in resource.properties:
        return None
    return evaluate(resource.properties[name])


def as_json(value: AttributeValue) -> Json:
    """A resource's attribute as an expression's value."""
    # A list of texts is a list of JSON values, but lists are invariant.
    return [*value] if isinstance(value, list) else value


def _meant(name: str, names: Collection[str]) -> str:
    close = nearest(name, names).removeprefix("; ")
    return "" if close == "." else f" ({close})"
