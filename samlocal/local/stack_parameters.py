"""The parameters that a stack is deployed with, and which of their values samlocal has made up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from samlocal.aws import Aws, AwsCallError
from samlocal.deployed.place import Place
from samlocal.function.placeholders import placeholder_parameters
from samlocal.template.document import Node
from samlocal.template.model import Parameter, Template
from samlocal.template.references import references
from samlocal.template.values import ParameterValue

# Where a parameter's value counts. Rules only check it, and CDK's BootstrapVersion is there for a rule alone.
_USED_IN = ("Resources", "Conditions", "Outputs", "Globals")


class MadeUp(Struct, frozen=True, kw_only=True):
    """A parameter whose value nobody has given. ``key`` is the SSM parameter that holds it, where a user can."""

    name: str
    value: str
    resolved: str | None = None
    key: str | None = None


class StackParameters(Struct, frozen=True, kw_only=True):
    """``values`` are passed to the stack, ``resolved`` are what SSM holds for those that name a parameter there."""

    values: Mapping[str, str]
    resolved: Mapping[str, str] = field(default_factory=dict)
    made_up: tuple[MadeUp, ...] = ()


def stack_parameters(template: Template, given: Mapping[str, str], *, aws: Aws, place: Place) -> StackParameters:
    """Fills in what has no value. SSM parameters that a template names and nobody has are created there.

    Of what is made up only that is told which the template uses. Raises AwsError.
    """
    declared = template.parameters
    given = {name: value for name, value in given.items() if name in declared}
    known = {name: ParameterValue(text=value, origin="") for name, value in given.items()}
    invented = {name: value.text for name, value in placeholder_parameters(declared, known, place).items()}
    values = invented | given
    resolved = {name: _held(aws, path) for name, path in _paths(declared, values)}
    # moto reads the default's too where another one is given.
    for parameter in declared.values():
        if parameter.is_ssm and parameter.default and parameter.name in given:
            _held(aws, parameter.default)
    used = set(_used(template))
    return StackParameters(
        values=values,
        resolved=resolved,
        made_up=tuple(
            made
            for name, parameter in declared.items()
            if name in used
            and (made := _made_up(parameter, invented.get(name), values.get(name), resolved.get(name)))
        ),
    )


def _paths(declared: Mapping[str, Parameter], values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, parameter in declared.items():
        path = values.get(name, parameter.default)
        if parameter.is_ssm and path:
            yield name, path


def _made_up(parameter: Parameter, invented: str | None, given: str | None, resolved: str | None) -> MadeUp | None:
    if invented is not None:
        return MadeUp(name=parameter.name, value=invented, resolved=resolved)
    path = given or parameter.default
    if path is None or resolved is None or resolved != _placeholder(path):
        return None
    return MadeUp(name=parameter.name, value=path, resolved=resolved, key=path)


def _placeholder(path: str) -> str:
    """What stands in SSM as long as nobody has put a value there; by it the two are told apart.

    Of letters, digits and hyphens: templates make names of it.
    """
    return path if path.startswith("placeholder-") else f"placeholder-{re.sub('[^A-Za-z0-9]+', '-', path).strip('-')}"


def _held(aws: Aws, path: str) -> str:
    """An SSM parameter's value, created where there is none."""
    try:
        return str(aws.call("ssm", "get_parameter", Name=path)["Parameter"]["Value"])
    except AwsCallError as error:
        if error.code != "ParameterNotFound":
            raise
    aws.call("ssm", "put_parameter", Name=path, Type="String", Value=_placeholder(path))
    return _placeholder(path)


def _used(template: Template) -> Iterator[str]:
    root = template.document.root
    for section in _USED_IN:
        node: Node = root.get(section)
        yield from references(node)
