"""Variables that the user gives: ``--set``, ``--env-vars`` files, ``.env`` files. They win over the template's."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from samlocal.config import nearest
from samlocal.errors import ConfigurationError, TemplateError
from samlocal.function.variables import MissingVariable, Variable, name_problem
from samlocal.template.values import Origin, text

if TYPE_CHECKING:
    from samlocal.template.document import Map, Node

_EVERY_FUNCTION = "Parameters"
"""SAM CLI's name for the section that counts for every function."""

_FORM = 'Write {"FunctionId": {"NAME": "value"}}, or {"Parameters": {…}} for every function.'


class Overrides(Struct, frozen=True, kw_only=True):
    """``common`` counts for every function, ``own`` for one by its logical id, path or name; later lists win."""

    common: tuple[Variable, ...] = ()
    own: Mapping[str, tuple[Variable, ...]] = field(default_factory=dict)
    origin: str = ""

    def of(self, names: Collection[str]) -> Iterator[Variable]:
        """The variables for the function that goes by these names."""
        yield from self.common
        for name, variables in self.own.items():
            if name in names:
                yield from variables


def put_over(
    declared: Iterable[Variable | MissingVariable], overrides: Iterable[Variable]
) -> tuple[Variable | MissingVariable, ...]:
    """The declared variables with those that override or add to them."""
    variables = {variable.name: variable for variable in declared}
    for variable in overrides:
        variables[variable.name] = variable
    return tuple(variables.values())


def set_on_command_line(texts: Iterable[str]) -> Overrides:
    """``--set NAME=VALUE``. Raises ConfigurationError."""
    variables = []
    for given in texts:
        name, equals, value = given.partition("=")
        if not equals:
            raise ConfigurationError(f"--set {given!r} has no value.", tip="Write --set NAME=VALUE.")
        variables.append(_variable(name, value, "--set", line=0))
    return Overrides(common=tuple(variables), origin="--set")


def read_env_vars(path: Path) -> Overrides:
    """An ``--env-vars`` file, JSON or YAML, in either of SAM CLI's forms.

    ``{"Parameters": {NAME: value}}`` for every function, ``{"LogicalId": {NAME: value}}`` for one, both together.
    Raises ConfigurationError with the line.
    """
    from samlocal.template.document import Map
    from samlocal.template.reader import parse

    try:
        root = parse(_read(path), path=path, what="--env-vars file", holds="a section for each function").root
    except TemplateError as error:
        raise ConfigurationError(error.message, tip=error.tip or _FORM) from error
    common: tuple[Variable, ...] = ()
    own: dict[str, tuple[Variable, ...]] = {}
    for name, section in root.items():
        line = root.line_of(name)
        if not isinstance(section, Map):
            raise ConfigurationError(
                f"{path}:{line}: {name} needs a mapping of variables.",
                tip=_FORM,
            )
        variables = tuple(
            _variable(key, _text(path, section, key), f"{path}:{section.line_of(key)}", section.line_of(key))
            for key in section
        )
        if name == _EVERY_FUNCTION:
            common = variables
        else:
            own[name] = variables
    return Overrides(common=common, own=own, origin=str(path))


def read_dotenv(path: Path, *, name: str) -> tuple[Overrides, tuple[str, ...]]:
    """A ``.env`` file, called ``name`` in messages, and the names in it that are left out: Lambda takes none of them.

    Such files serve other programs too. Raises ConfigurationError for a line that is no assignment.
    """
    from dotenv.parser import parse_stream

    variables, left_out = [], []
    for binding in parse_stream(io.StringIO(_read(path, name=name))):
        line = binding.original.line
        if binding.error:
            raise ConfigurationError(
                f"{name}:{line}: {binding.original.string.strip()!r} is no assignment.", tip="Write NAME=value."
            )
        if binding.key is None:
            continue
        if name_problem(binding.key):
            left_out.append(binding.key)
            continue
        variables.append(_variable(binding.key, binding.value or "", f"{name}:{line}", line))
    return Overrides(common=tuple(variables), origin=name), tuple(left_out)


def dotenv_line(name: str, value: str) -> str:
    """A variable as ``read_dotenv`` reads it again; several lines where the value has some.

    In single quotes every reader takes the text as it stands, shells and Node's included. What single quotes cannot
    hold there stands in double quotes, with the escapes that python-dotenv knows.
    """
    if not set(value) & {"'", "\\", "\r"}:
        return f"{name}='{value}'"
    for character, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r")):
        value = value.replace(character, escape)
    return f'{name}="{value}"'


def check_matches(overrides: Overrides, functions: Collection[str]) -> None:
    """Raises ConfigurationError when a section is for a function that there is not."""
    for name in overrides.own:
        if name not in functions:
            raise ConfigurationError(
                f"{overrides.origin}: there is no function {name}{nearest(name, functions)}",
                tip=f"There are {', '.join(functions) or 'none'}; {_EVERY_FUNCTION} counts for all of them.",
            )


def _read(path: Path, *, name: str | None = None) -> str:
    called = name or str(path)
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigurationError(f"{called}: there is no such file of variables.", tip=_FORM) from error
    except OSError as error:
        raise ConfigurationError(
            f"{called}: the file of variables cannot be read: {error.strerror}.",
            tip="Give yourself the right to read it.",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{called}: the file of variables is not UTF-8: byte {error.start} is 0x{error.object[error.start]:02x}.",
            tip="Store it as UTF-8.",
        ) from error


def _variable(name: str, value: str, origin: str, line: int) -> Variable:
    problem = name_problem(name)
    if problem:
        raise ConfigurationError(f"{origin}: {problem}.", tip="Leave it out.")
    return Variable(name=name, value=value, origins=(Origin(text=origin),), line=line)


def _text(path: Path, section: Map, name: str) -> str:
    value: Node = section[name]
    if isinstance(value, (dict, list)) or value is None:
        raise ConfigurationError(
            f"{path}:{section.line_of(name)}: {name} needs text, a number or true/false.", tip="Put quotes round it."
        )
    return text(value)
