"""A template and its environment, joined: what every command that needs values starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from samlocal.deployed.environment import Environment
from samlocal.deployed.place import Place, partition_of
from samlocal.deployed.stack import Stack
from samlocal.function.names import (
    PLACEHOLDER_ACCOUNT,
    PLACEHOLDER_STACK,
    DeployedNames,
    PlaceholderNames,
    placeholder_parameters,
)
from samlocal.function.parameters import check_names, parameter_values
from samlocal.function.spec import FunctionSpec, find_function, function_spec
from samlocal.template.intrinsics import Evaluator
from samlocal.template.model import Template
from samlocal.template.values import Known, Origin, ParameterValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A template with all that its expressions stand for. ``environment`` is None without a deployed stack."""

    template: Template
    evaluator: Evaluator
    place: Place
    environment: Environment | None

    def function(self, wanted: str) -> FunctionSpec:
        """The function of that name, evaluated.

        Raises FunctionNotFoundError, UnresolvedError, TemplateError, and AwsError where AWS has to be asked.
        """
        stack = self.environment.stack if self.environment else None
        resource = find_function(self.template, self.evaluator, wanted, stack=stack)
        role_arn = None
        if self.environment is not None and stack is not None and resource.logical_id in stack.resources:
            deployed = self.environment.function(stack.resources[resource.logical_id].physical_id)
            role_arn = deployed.role_arn
        return function_spec(
            self.template, resource, self.evaluator, place=self.place, stack=stack, role_arn=role_arn
        )


def application(
    template: Template,
    *,
    environment: Environment | None,
    region: str,
    flags: Mapping[str, ParameterValue],
    configured: Mapping[str, ParameterValue],
) -> Application:
    """Joins a template with its environment; ``region`` counts where there is no environment.

    ``flags`` are parameter values from the command line, ``configured`` from samconfig.toml: flags win, then the
    file, then the deployed stack's own values, then the template's defaults. Raises ConfigurationError and AwsError.
    """
    check_names(template.parameters, flags)
    if environment is None:
        place = Place(partition=partition_of(region), region=region, account=PLACEHOLDER_ACCOUNT)
        given = parameter_values(template.parameters, flags, configured)
        evaluator = Evaluator(
            template,
            parameters=placeholder_parameters(template.parameters, given) | given,
            pseudo=_pseudo(place, None),
            names=PlaceholderNames(place),
        )
        return Application(template=template, evaluator=evaluator, place=place, environment=None)
    stack = environment.stack
    deployed = {
        name: ParameterValue(
            text=value.value, resolved=value.resolved, origin=f"stack {stack.name}: parameter {name}"
        )
        for name, value in stack.parameters.items()
        if value.value is not None
    }
    evaluator = Evaluator(
        template,
        parameters=parameter_values(template.parameters, flags, configured, deployed),
        pseudo=_pseudo(stack.place, stack),
        names=DeployedNames(environment),
    )
    return Application(template=template, evaluator=evaluator, place=stack.place, environment=environment)


def _pseudo(place: Place, stack: Stack | None) -> Mapping[str, Known]:
    """The pseudo parameters (CloudFormation user guide, "Pseudo parameters"), but for ``AWS::NoValue``."""

    def known(name: str, value: str, *, placeholder: bool = False) -> tuple[str, Known]:
        origin = Origin(text=f"!Ref {name}" if placeholder else name, placeholder=placeholder)
        return name, Known(value=value, origins=(origin,))

    invented = stack is None
    name = stack.name if stack else PLACEHOLDER_STACK
    arn = (
        stack.arn
        if stack
        else (
            f"arn:{place.partition}:cloudformation:{place.region}:{place.account}:stack/{name}/"
            "00000000-0000-0000-0000-000000000000"
        )
    )
    values = dict(
        [
            known("AWS::Region", place.region),
            known("AWS::Partition", place.partition),
            known("AWS::URLSuffix", place.url_suffix),
            known("AWS::AccountId", place.account, placeholder=invented),
            known("AWS::StackName", name, placeholder=invented),
            known("AWS::StackId", arn, placeholder=invented),
        ]
    )
    return values | {"AWS::NotificationARNs": Known(value=[], origins=(Origin(text="AWS::NotificationARNs"),))}
