"""What functions' variables are in one environment against another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

from msgspec import Struct

from samlocal.cli.output import Output
from samlocal.cli.variables.evaluated import FunctionVariables
from samlocal.cli.variables.forms import MASK
from samlocal.function.variables import MissingVariable, Variable

_SIGNS = {"added": "+", "removed": "-", "changed": "~", "unknown": "?"}


class Kind(StrEnum):
    """From the first environment to the second. Of what is UNKNOWN in one of them nobody can say."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    UNKNOWN = "unknown"


class Difference(Struct, frozen=True, kw_only=True):
    """One variable of one function; None where an environment has none, or not the function."""

    function: str
    name: str
    kind: Kind
    before: Variable | MissingVariable | None
    after: Variable | MissingVariable | None


def differences(before: Sequence[FunctionVariables], after: Sequence[FunctionVariables]) -> list[Difference]:
    """By function in the template's order, then by name; secrets are compared, too."""
    sides = [{function.path: function for function in functions} for functions in (before, after)]
    return [
        each
        for path in dict.fromkeys((*sides[0], *sides[1]))
        for each in _of(path, sides[0].get(path), sides[1].get(path))
    ]


def show(
    found: Sequence[Difference], names: tuple[str, str], form: str, output: Output, *, show_secrets: bool
) -> None:
    """As a table, or as JSON, in which a secret is null unless it is to be shown."""
    first, second = names
    if form == "json":
        functions: dict[str, dict[str, list[dict[str, object]]]] = {}
        for each in found:
            entry = {
                "name": each.name,
                "secret": _is_secret(each),
                "from": _value(each.before, None, show_secrets=show_secrets),
                "to": _value(each.after, None, show_secrets=show_secrets),
            }
            functions.setdefault(each.function, {}).setdefault(each.kind.value, []).append(entry)
        output.document({"from": first, "to": second, "functions": functions})
        return
    if found:
        output.table(
            ["Function", "", "Variable", first, second],
            [
                [
                    each.function,
                    _SIGNS[each.kind],
                    each.name,
                    _value(each.before, MASK, show_secrets=show_secrets) or "",
                    _value(each.after, MASK, show_secrets=show_secrets) or "",
                ]
                for each in found
            ],
        )


def _of(path: str, before: FunctionVariables | None, after: FunctionVariables | None) -> Iterator[Difference]:
    sides = [{} if each is None else {entry.name: entry for entry in each.variables} for each in (before, after)]
    for name in sorted({*sides[0], *sides[1]}):
        one, other = sides[0].get(name), sides[1].get(name)
        kind = _kind(one, other)
        if kind is not None:
            yield Difference(function=path, name=name, kind=kind, before=one, after=other)


def _kind(one: Variable | MissingVariable | None, other: Variable | MissingVariable | None) -> Kind | None:
    if one is None:
        return Kind.ADDED
    if other is None:
        return Kind.REMOVED
    if isinstance(one, MissingVariable) or isinstance(other, MissingVariable):
        return Kind.UNKNOWN
    return None if one.value == other.value else Kind.CHANGED


def _is_secret(each: Difference) -> bool:
    return any(isinstance(side, Variable) and side.secret for side in (each.before, each.after))


def _value(entry: Variable | MissingVariable | None, masked: str | None, *, show_secrets: bool) -> str | None:
    match entry:
        case Variable():
            return entry.value if show_secrets or not entry.secret else masked
        case MissingVariable():
            return None if masked is None else "?"
    return None
