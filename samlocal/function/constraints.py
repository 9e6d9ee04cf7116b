"""What a template demands of its parameters' values, as CloudFormation checks it before it deploys.

Source: CloudFormation template reference, "Parameters", properties.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

from samlocal.config import nearest
from samlocal.errors import ConfigurationError, TemplateError
from samlocal.template.model import Parameter, Template
from samlocal.template.values import ParameterValue

_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")


def check_value(parameter: Parameter, value: ParameterValue) -> None:
    """Raises ConfigurationError for a value that its parameter does not take."""
    problem = problem_of(parameter, value.text) if value.known and not value.placeholder else None
    if problem is not None:
        said = _hidden(problem, value.text) if parameter.no_echo or value.secret else problem
        raise ConfigurationError(f"{value.origin}: {said}{_end(said)}", tip=_tip(parameter))


def check_defaults(template: Template, given: Container[str]) -> None:
    """Raises TemplateError for a default that its parameter does not take, where no value is given."""
    for name, parameter in template.parameters.items():
        if name in given or parameter.default is None:
            continue
        problem = problem_of(parameter, parameter.default)
        if problem is not None:
            raise TemplateError(
                f"{template.place(parameter.line)}: the default: {problem}{_end(problem)}",
                tip=f"{_tip(parameter) or 'Mend the default.'} Or give a value: --parameter-overrides {name}=VALUE.",
            )


def _end(sentence: str) -> str:
    return "" if sentence.endswith("?") else "."


def problem_of(parameter: Parameter, value: str) -> str | None:
    """Why a parameter cannot have a value, None where it can."""
    return next(_problems(parameter, value), None)


def _problems(parameter: Parameter, value: str) -> Iterator[str]:
    name = parameter.name
    # What an SSM parameter holds is not looked at: the constraints are for its name.
    items = [item.strip() for item in value.split(",")] if parameter.is_list and not parameter.is_ssm else [value]
    for item in items:
        if parameter.allowed and item not in parameter.allowed:
            close = nearest(item, parameter.allowed)
            yield f"the parameter {name} cannot be {item!r}{'' if close == '.' else close}"
        if parameter.type in ("Number", "List<Number>"):
            yield from _of_number(parameter, item)
        if parameter.pattern is not None and not _matches(parameter.pattern, item):
            yield f"the parameter {name} cannot be {item!r}: it has to match {parameter.pattern}"
    if parameter.type == "String":
        least, most = map(_number, parameter.lengths)
        if least is not None and len(value) < least:
            yield f"the parameter {name} has at least {least:g} characters, not {len(value)}"
        if most is not None and len(value) > most:
            yield f"the parameter {name} has at most {most:g} characters, not {len(value)}"


def _of_number(parameter: Parameter, item: str) -> Iterator[str]:
    number = _number(item)
    if number is None:
        yield f"the parameter {parameter.name} is a number, not {item!r}"
        return
    least, most = _number(parameter.least), _number(parameter.most)
    if least is not None and number < least:
        yield f"the parameter {parameter.name} is at least {parameter.least}, not {item}"
    if most is not None and number > most:
        yield f"the parameter {parameter.name} is at most {parameter.most}, not {item}"


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and _NUMBER.fullmatch(text.strip()) else None


def _matches(pattern: str, item: str) -> bool:
    try:
        return re.fullmatch(pattern, item) is not None
    except re.error:
        # CloudFormation's patterns are Java's; what Python does not read is left to it.
        return True


def _hidden(problem: str, value: str) -> str:
    return problem.replace(repr(value), "what was given")


def _tip(parameter: Parameter) -> str | None:
    if parameter.description:
        return f"{parameter.description.rstrip('.')}."
    return f"It may be {', '.join(parameter.allowed)}." if parameter.allowed else None
