"""Parts of a JSON document by JSONPath, as Jayway's library finds them, which API Gateway names.

Source: json-path/JsonPath, README: a path that can lead to one place alone gives what is there, any other a list.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from samlocal.http_api.regular_expression import PatternError, is_in
from samlocal.http_api.time_limit import TimeLimitError


class JsonPathError(Exception):
    """It is no path that can be read here, or that comes to an end."""


class Absent:
    """Nothing is there."""


ABSENT = Absent()

# What most paths are: the parser takes 0.2 s to load, and refuses names with an é or with a digit first.
_MEMBERS = re.compile(r"\$(?:\.[\w-]+)+")


class _Path(NamedTuple):
    expression: Any
    definite: bool


def found(document: object, path: str) -> object:
    """Raises JsonPathError."""
    if path in ("$", ""):
        return document
    whole = path if path.startswith("$") else f"$.{path}"
    if _MEMBERS.fullmatch(whole):
        return _member(document, whole.split(".")[1:])
    parsed = _parsed(whole)
    try:
        values = [match.value for match in parsed.expression.find(document)]
    except (PatternError, TimeLimitError) as error:
        raise JsonPathError(f"{path}: {error}") from error
    if not parsed.definite:
        return values
    return values[0] if values else ABSENT


def _member(document: object, names: list[str]) -> object:
    for name in names:
        if not isinstance(document, dict) or name not in document:
            return ABSENT
        document = document[name]
    return document


@lru_cache(maxsize=512)
def _parsed(path: str) -> _Path:
    from jsonpath_ng.exceptions import JSONPathError
    from jsonpath_ng.ext import filter as filters
    from jsonpath_ng.ext.parser import parse

    filters.OPERATOR_MAP["=~"] = _matches
    try:
        expression = parse(path)
    except (JSONPathError, ValueError) as error:
        raise JsonPathError(f"{path}: {error}") from error
    return _Path(expression, _is_definite(expression))


def _matches(value: object, pattern: str) -> bool:
    """``=~`` of a filter. Raises PatternError, TimeLimitError."""
    return isinstance(value, str) and is_in(pattern, value)


def _is_definite(expression: Any) -> bool:
    """One member of one member, or one item, and so on: signs in a member's name are no signs of the path's."""
    from jsonpath_ng import Child, Fields, Index, Root

    match expression:
        case Root():
            return True
        case Child(left=left, right=right):
            return _is_definite(left) and _is_definite(right)
        case Fields(fields=one_of) | Index(indices=one_of):
            return len(one_of) == 1
    return False
