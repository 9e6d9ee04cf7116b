"""The values of samconfig.toml and of ``SAMLOCAL_…`` variables, in the form that the options take.

click would say of a wrong one that an option was given which nobody typed; here the file, the section and the key, or
the variable, are named.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar, TypeVar

import click

from samlocal.cli.options.param_type import ParamType
from samlocal.config import FileSettings, Value
from samlocal.errors import ConfigurationError

T = TypeVar("T")


class ConfigurableType(ParamType[T]):
    """A type that says what the file may hold of it: ``expected`` in a sentence, and whether true and false, too."""

    expected: ClassVar[str]
    takes_booleans: ClassVar[bool] = False


def variable(name: str) -> str:
    """The variable that stands in for an option, by click's name of it."""
    return f"SAMLOCAL_{name.upper()}"


def configured(ctx: click.Context, command: click.Command, file: FileSettings) -> dict[str, Any]:
    """The file's values by click's names, for this command's options. Raises ConfigurationError."""
    values: dict[str, Any] = {}
    for option in command.params:
        for name in _spellings(option):
            # Values of the file and of the flags are put together, not replaced: see `parameter_overrides`.
            if name in file.values and name != "parameter_overrides":
                values[option.name or name] = _checked(ctx, option, name, file)
    return values


def check_variables(
    ctx: click.Context, command: click.Command, environ: Mapping[str, str], *, flags: Collection[str]
) -> None:
    """Raises ConfigurationError for a ``SAMLOCAL_…`` variable that its option does not take.

    ``flags`` are click's names of the options that were typed: their variables do not count.
    """
    for option in command.params:
        name = option.envvar
        if not isinstance(option, click.Option) or not isinstance(name, str) or not environ.get(name):
            continue
        if option.name in flags:
            continue
        try:
            option.type_cast_value(ctx, option.value_from_envvar(ctx))
        except click.BadParameter as error:
            raise ConfigurationError(f"{name}: {error.message}", tip=_expected(option)) from error


def _spellings(option: click.Parameter) -> list[str]:
    return [spelling.removeprefix("--").replace("-", "_") for spelling in option.opts if spelling.startswith("--")]


def _checked(ctx: click.Context, option: click.Parameter, name: str, file: FileSettings) -> object:
    value = file.values[name]
    several = isinstance(option, click.Option) and option.multiple
    items: list[Value] = value if several and isinstance(value, list) else [value]
    for item in items:
        if not _fits(option, item):
            raise ConfigurationError(f"{file.origin}: {name} cannot be {item!r}.", tip=_expected(option))
    given = [str(item) for item in items] if several else value
    try:
        option.type_cast_value(ctx, given)
    except click.BadParameter as error:
        raise ConfigurationError(f"{file.origin}: {name}: {error.message}", tip=_expected(option)) from error
    return given


def _fits(option: click.Parameter, value: Value) -> bool:
    """Whether it is of a kind that could be meant; whether it is a right one click says."""
    match value:
        case bool():
            return _is_flag(option) or (isinstance(option.type, ConfigurableType) and option.type.takes_booleans)
        case str():
            # A NUL ends a text for the kernel: no file's name and no variable's value holds one.
            return "\0" not in value
        case int() | float():
            return not _is_flag(option) and not isinstance(option.type, click.Path)
    return False


def _is_flag(option: click.Parameter) -> bool:
    return isinstance(option, click.Option) and option.is_flag


def _expected(option: click.Parameter) -> str:
    several = isinstance(option, click.Option) and option.multiple
    match option.type:
        case _ if _is_flag(option):
            return "It is true or false."
        case click.Choice():
            return f"It is one of {', '.join(map(str, option.type.choices))}."
        case click.IntRange(max=None):
            return f"It is a whole number, {option.type.min} or more."
        case click.IntRange():
            return f"It is a number from {option.type.min} to {option.type.max}."
        case ConfigurableType():
            return option.type.expected
    return "It is text, or a list of texts." if several else "It is text."
