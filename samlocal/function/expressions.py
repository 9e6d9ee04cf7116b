"""What the expressions of a template stand for: in its environment, or by placeholders where there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from samlocal.deployed.environment import Environment
from samlocal.deployed.place import Place
from samlocal.function import pseudo
from samlocal.function.constraints import check_defaults
from samlocal.function.declared_resources import DeclaredResources
from samlocal.function.deployed_names import DeployedNames
from samlocal.function.parameters import parameter_values
from samlocal.function.passed_parameters import environment_parameters
from samlocal.function.placeholders import PlaceholderNames, placeholder_parameters
from samlocal.function.translated import TranslatedResources
from samlocal.template import model
from samlocal.template.document import Document
from samlocal.template.expand import expand, needs_expanding
from samlocal.template.intrinsics import Evaluator
from samlocal.template.model import Template
from samlocal.template.values import Answer, ParameterValue


def template_with_values(
    document: Document, given: tuple[Mapping[str, ParameterValue], ...], environment: Environment | None
) -> tuple[Template, dict[str, ParameterValue]]:
    """A template, its loops unrolled, and its parameters that have a value beside their defaults.

    The first of ``given`` that has one counts, then the environment. Raises ConfigurationError, TemplateError.
    """
    deployed = environment_parameters(environment) if environment is not None else {}
    template = model.template(document)
    values = parameter_values(template.parameters, *given, deployed)
    if needs_expanding(document.root):
        if any(parameter.no_echo for parameter in template.parameters.values()):
            # A loop may go over what must not be shown.
            document.files.may_be_recorded = False
        template = model.template(expand(document, values))
    check_defaults(template, values)
    return template, values


def evaluator_of(
    template: Template,
    values: dict[str, ParameterValue],
    outputs: Callable[[str, str], Answer | None],
    *,
    environment: Environment | None,
    place: Place,
    region_known: bool,
    prefix: str,
) -> Evaluator:
    """``outputs`` gives what a nested template says of an output, None where there is no such file.

    ``prefix`` is the way to the template's stack, such as ``Child/``.
    """
    declared = DeclaredResources(
        template=template,
        translated=TranslatedResources(template, region=place.region, parameters=values, prefix=prefix),
        outputs=outputs,
    )
    if environment is None:
        return Evaluator(
            template,
            parameters=placeholder_parameters(template.parameters, values, place) | values,
            pseudo=pseudo.placeholders(place, region_known=region_known),
            names=PlaceholderNames(place, declared),
        )
    return Evaluator(
        template,
        parameters=values,
        pseudo=pseudo.of_stack(environment.stack),
        names=DeployedNames(environment, declared),
    )
