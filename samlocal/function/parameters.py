"""The values of a template's parameters, in the order in which they count."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping

from samlocal.config import nearest
from samlocal.errors import ConfigurationError
from samlocal.template.model import Parameter, parameter_text
from samlocal.template.reader import with_lines
from samlocal.template.values import ParameterValue

_PAIR = re.compile(r"ParameterKey=(?P<key>[^,\s]+),\s*ParameterValue=(?P<value>.*)", re.DOTALL)


def parse_overrides(given: object, *, origin: str) -> dict[str, ParameterValue]:
    """``--parameter-overrides`` in each form that SAM CLI takes.

    ``Key=Value Key2="a b"``, ``ParameterKey=Key,ParameterValue=Value``, a list of either, or a mapping (in
    samconfig.toml). Raises ConfigurationError for anything else.
    """
    if isinstance(given, Mapping):
        return {
            str(key): ParameterValue(text=parameter_text(with_lines(value, line=0)), origin=origin)
            for key, value in given.items()
        }
    texts = (
        [given] if isinstance(given, str) else [str(item) for item in given] if isinstance(given, Iterable) else []
    )
    values: dict[str, ParameterValue] = {}
    for text in texts:
        for word in _words(text):
            pair = _PAIR.fullmatch(word)
            key, equals, value = (pair["key"], "=", pair["value"]) if pair else word.partition("=")
            if not equals or not key:
                raise ConfigurationError(
                    f"{origin}: {word!r} is no parameter override.", tip="Write Key=Value, with quotes around spaces."
                )
            values[key] = ParameterValue(text=value, origin=f"{origin}: {key}")
    return values


def parameter_values(
    parameters: Mapping[str, Parameter], *layers: Mapping[str, ParameterValue]
) -> dict[str, ParameterValue]:
    """Puts the layers together, earlier ones winning; the template's own defaults come last, where they are read.

    Raises ConfigurationError when a value is none of the parameter's AllowedValues.
    """
    values: dict[str, ParameterValue] = {}
    for layer in reversed(layers):
        values |= {name: value for name, value in layer.items() if name in parameters}
    for name, value in values.items():
        allowed = parameters[name].allowed
        if allowed and not value.hidden and value.text not in allowed:
            raise ConfigurationError(
                f"{value.origin}: the parameter {name} cannot be {value.text!r}{nearest(value.text, allowed)}",
                tip=f"It may be {', '.join(allowed)}.",
            )
    return values


def check_names(parameters: Mapping[str, Parameter], given: Mapping[str, ParameterValue]) -> None:
    """Raises ConfigurationError when a value was given for a parameter that the template does not have."""
    for name, value in given.items():
        if name not in parameters:
            raise ConfigurationError(
                f"{value.origin}: the template has no parameter {name}{nearest(name, parameters)}",
                tip=f"It has {', '.join(parameters) or 'none'}.",
            )


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise ConfigurationError(f"{text!r} is no parameter override: {error}.") from error
