"""Variables as tables, as JSON, and as the files that samlocal and others read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from samlocal.cli.listing import value_as_json
from samlocal.cli.output import Output
from samlocal.cli.variables.evaluated import FunctionVariables
from samlocal.function.overrides import dotenv_line
from samlocal.function.variables import MissingVariable, Variable

MASK = "********"

_FILES = frozenset({"dotenv", "env-vars"})
_EVERY = "every function"
# SAM CLI's name for what counts for every function in an --env-vars file.
_PARAMETERS = "Parameters"


def show_one(function: FunctionVariables, form: str, output: Output, *, show_secrets: bool) -> None:
    shown = [entry for entry in function.known if show_secrets or not entry.secret]
    match form:
        case "json":
            output.document([_as_json(entry, show_secrets=show_secrets) for entry in function.variables])
        case "dotenv":
            for entry in shown:
                output.data_line(dotenv_line(entry.name, entry.value))
        case "env-vars":
            output.document({function.logical_id: {entry.name: entry.value for entry in shown}})
        case _:
            output.table(
                ["Variable", "Value", "Origin"],
                [row(entry, show_secrets=show_secrets) for entry in function.variables],
            )
    if form in _FILES:
        _say_left_out([function], output, show_secrets=show_secrets)


def show_all(functions: Sequence[FunctionVariables], form: str, output: Output, *, show_secrets: bool) -> None:
    """What all of them have alike is there once."""
    common = _common(functions)
    parts: dict[str, Sequence[Variable | MissingVariable]] = {_EVERY: list(common.values())} if common else {}
    for function in functions:
        parts[function.path] = [entry for entry in function.variables if entry.name not in common]
    files = {
        name: [entry for entry in part if isinstance(entry, Variable) and (show_secrets or not entry.secret)]
        for name, part in parts.items()
    }
    match form:
        case "json":
            output.document(
                {
                    function.path: [_as_json(entry, show_secrets=show_secrets) for entry in function.variables]
                    for function in functions
                }
            )
        case "dotenv":
            _show_dotenv(files, output)
        case "env-vars":
            output.document(
                {
                    _PARAMETERS if name == _EVERY else name: {entry.name: entry.value for entry in part}
                    for name, part in files.items()
                    if part
                }
            )
        case _:
            output.table(
                ["Function", "Variable", "Value", "Origin"],
                [[name, *row(entry, show_secrets=show_secrets)] for name, part in parts.items() for entry in part],
            )
    if form in _FILES:
        _say_left_out(functions, output, show_secrets=show_secrets)


def row(entry: Variable | MissingVariable, *, show_secrets: bool) -> list[str]:
    if isinstance(entry, Variable):
        return [entry.name, entry.value if show_secrets or not entry.secret else MASK, _origin(entry)]
    return [entry.name, "?", entry.unknown.expression]


def _show_dotenv(files: Mapping[str, Sequence[Variable]], output: Output) -> None:
    values: dict[str, set[str]] = {}
    for name, part in files.items():
        for entry in part:
            if entry is part[0]:
                output.data_line(f"# {name}")
            output.data_line(dotenv_line(entry.name, entry.value))
            values.setdefault(entry.name, set()).add(entry.value)
    several = [name for name, there in values.items() if len(there) > 1]
    if several:
        output.warning(
            f"{', '.join(several)}: functions have different values, and who reads the file takes the last. Name a "
            "function, or take --output env-vars."
        )


def _common(functions: Sequence[FunctionVariables]) -> dict[str, Variable]:
    """What all of several functions have, of the same value and origin."""
    if len(functions) < 2:
        return {}
    first, *others = functions
    common = {}
    for entry in first.known:
        rest = (next((each for each in other.known if each.name == entry.name), None) for other in others)
        if all(each is not None and (each.value, each.origins) == (entry.value, entry.origins) for each in rest):
            common[entry.name] = entry
    return common


def _say_left_out(functions: Sequence[FunctionVariables], output: Output, *, show_secrets: bool) -> None:
    """A mask would be taken for the value by whoever reads the file."""
    secret = dict.fromkeys(entry.name for function in functions for entry in function.known if entry.secret)
    if secret and not show_secrets:
        output.notice(f"left out, because they are secret: {', '.join(secret)}. --show-secrets writes them too.")


def _origin(entry: Variable) -> str:
    return ", ".join(
        f"placeholder for {origin.text}" if origin.placeholder else origin.text for origin in entry.origins
    )


def _as_json(entry: Variable | MissingVariable, *, show_secrets: bool) -> dict[str, object]:
    value = {"name": entry.name, **value_as_json(entry, show_secrets=show_secrets)}
    if isinstance(entry, MissingVariable):
        return {
            **value,
            "expression": entry.unknown.expression,
            "reason": entry.unknown.reason,
            "line": entry.line,
        }
    return {
        **value,
        "placeholder": bool(entry.placeholders),
        "origin": [origin.text for origin in entry.origins],
        "line": entry.line,
    }
