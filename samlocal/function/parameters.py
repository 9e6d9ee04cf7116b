"""The values of a template's parameters, in the order in which they count."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from samlocal.config import nearest, yaml_problem
from samlocal.errors import ConfigurationError
from samlocal.function.constraints import check_value
from samlocal.template.document import with_lines
from samlocal.template.model import Parameter, parameter_text
from samlocal.template.values import ParameterValue

# How a pair begins: `Key=`, or CloudFormation's own `ParameterKey=Key,ParameterValue=`.
_BEGINNING = re.compile(r"\s*(?:ParameterKey=(?P<long>[^,\s=]+),\s*ParameterValue=|(?P<short>[^\s=]+)=)")

# What may follow: text in quotes, or text up to the next space. A backslash holds a space or a quote in the text and
# is itself otherwise: values are often patterns and Windows paths.
_VALUE = re.compile(
    r"""(?:"(?P<double>(?:\\.|[^"\\])*)"|'(?P<single>(?:\\.|[^'\\])*)'|(?P<bare>(?!")(?:\\.|[^\s\\])*))(?=\s|$)"""
)
_HELD = re.compile(r"""\\([ "'])""")


def parse_overrides(given: object, *, origin: str) -> dict[str, ParameterValue]:
    """``--parameter-overrides`` in each form that SAM CLI takes.

    ``Key=Value Key2="a b"``, ``ParameterKey=Key,ParameterValue=Value``, a list of either, or a mapping (in
    samconfig.toml). Raises ConfigurationError for anything else.
    """
    match given:
        case Mapping():
            return {str(key): ParameterValue(text=_joined(value), origin=origin) for key, value in given.items()}
        case str() if given.startswith("file://"):
            return parse_overrides(_read(Path(given.removeprefix("file://"))), origin=f"{origin}: {given}")
        case str():
            return _pairs(given, origin)
        case Iterable():
            values: dict[str, ParameterValue] = {}
            for item in given:
                values |= parse_overrides(item, origin=origin)
            return values
    raise ConfigurationError(f"{origin}: {given!r} is no parameter override.", tip=_TIP)


_TIP = "Write Key=Value, with quotes around spaces."


def _pairs(text: str, origin: str) -> dict[str, ParameterValue]:
    values: dict[str, ParameterValue] = {}
    at, end = 0, len(text.rstrip())
    while at < end:
        beginning = _BEGINNING.match(text, at)
        value = _VALUE.match(text, beginning.end()) if beginning else None
        if beginning is None or value is None:
            raise ConfigurationError(f"{origin}: {text[at:].strip()!r} is no parameter override.", tip=_TIP)
        key = beginning["long"] or beginning["short"]
        written = value["double"] or value["single"] or value["bare"] or ""
        values[key] = ParameterValue(text=_HELD.sub(r"\1", written), origin=f"{origin}: {key}")
        at = value.end()
    return values


def _joined(value: object) -> str:
    if isinstance(value, list):
        return ",".join(str(item).strip() for item in value if item not in (None, ""))
    return parameter_text(with_lines(value, line=0))


def _read(path: Path) -> object:
    """A file of overrides, in any of the forms that the configuration file takes."""
    import yaml

    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".toml":
            return tomllib.loads(text)
        return yaml.safe_load(text)
    except OSError as error:
        raise ConfigurationError(f"{path}: the parameter overrides cannot be read: {error.strerror}.") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(
            f"{path}: the parameter overrides are not valid YAML: {yaml_problem(error)}."
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: the parameter overrides cannot be read: {error}.") from error


def parameter_values(
    parameters: Mapping[str, Parameter], *layers: Mapping[str, ParameterValue]
) -> dict[str, ParameterValue]:
    """Puts the layers together, earlier ones winning; the template's own defaults come last, where they are read.

    Raises ConfigurationError for a value that its parameter does not take.
    """
    values: dict[str, ParameterValue] = {}
    for layer in reversed(layers):
        values |= {name: value for name, value in layer.items() if name in parameters}
    for name, value in values.items():
        check_value(parameters[name], value)
    return values


def check_names(parameters: Mapping[str, Parameter], given: Mapping[str, ParameterValue]) -> None:
    """Raises ConfigurationError when a value was given for a parameter that the template does not have."""
    for name, value in given.items():
        if name not in parameters:
            raise ConfigurationError(
                f"{value.origin}: the template has no parameter {name}{nearest(name, parameters)}",
                tip=f"It has {', '.join(parameters) or 'none'}.",
            )
