"""Which events of a log a subscription's filter pattern lets through.

Source: CloudWatch Logs user guide, "Filter pattern syntax for metric filters, subscription filters, filter log
events, and Live Tail": terms, JSON and space-delimited events, regular expressions between percent signs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

Test: TypeAlias = Callable[[str], bool]
Of: TypeAlias = Callable[[Any], bool]

_TERM = re.compile(r'([?-]?)("(?:[^"\\]|\\.)*"|%[^%]*%|[^\s"]+)')
_TOKEN = re.compile(
    r'\s*(&&|\|\||[(){}\[\],]|!=|<=|>=|=|<|>|"(?:[^"\\]|\\.)*"|%[^%]*%|\$(?:\.?[\w@:-]+|\[[^\]]*\])*|[^\s()\[\]{},=<>!&|]+)'
)

_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "<": lambda given, bound: given < bound,
    "<=": lambda given, bound: given <= bound,
    ">": lambda given, bound: given > bound,
    ">=": lambda given, bound: given >= bound,
}


class LogPatternError(ValueError):
    """It is no filter pattern that is known here."""


def log_pattern(text: str) -> Test:
    """Raises LogPatternError."""
    text = text.strip()
    if text.startswith("{") and text.endswith("}"):
        return _of_json(_Parser(text[1:-1]).whole())
    if text.startswith("[") and text.endswith("]"):
        return _of_columns(text[1:-1])
    return _of_terms(text)


# terms


def _of_terms(text: str) -> Test:
    wanted: list[Test] = []
    optional: list[Test] = []
    unwanted: list[Test] = []
    for sign, term in _TERM.findall(text):
        {"": wanted, "?": optional, "-": unwanted}[sign].append(_term(term))

    def matches(message: str) -> bool:
        if any(each(message) for each in unwanted) or not all(each(message) for each in wanted):
            return False
        # Beside terms that are wanted, those with a question mark are not looked at.
        return bool(wanted) or not optional or any(each(message) for each in optional)

    return matches


def _term(term: str) -> Test:
    if term.startswith("%"):
        expression = _expression(term[1:-1])
        return lambda message: expression.search(message) is not None
    phrase = _unquoted(term)
    return lambda message: phrase in message


def _expression(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise LogPatternError(f"%{text}% is no regular expression") from error


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


# JSON


def _of_json(condition: Of) -> Test:
    def matches(message: str) -> bool:
        try:
            event = json.loads(message)
        except ValueError:
            return False
        return isinstance(event, dict | list) and condition(event)

    return matches


class _Parser:
    """Conditions, joined by ``&&`` before ``||``."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0

    def whole(self) -> Of:
        found = self._any()
        if self._at < len(self._tokens):
            raise LogPatternError(f"nothing is known of {self._tokens[self._at]!r} there")
        return found

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        if not token:
            raise LogPatternError("it ends too early")
        self._at += 1
        return token

    def _any(self) -> Of:
        parts = [self._all()]
        while self._peek() == "||":
            self._take()
            parts.append(self._all())
        return lambda event: any(part(event) for part in parts)

    def _all(self) -> Of:
        parts = [self._one()]
        while self._peek() == "&&":
            self._take()
            parts.append(self._one())
        return lambda event: all(part(event) for part in parts)

    def _one(self) -> Of:
        first = self._take()
        if first == "(":
            inner = self._any()
            if self._take() != ")":
                raise LogPatternError("a parenthesis is not closed")
            return inner
        if not first.startswith("$"):
            raise LogPatternError(f"{first!r} is no property of an event: those begin with $")
        path = _path(first)
        operator = self._take()
        if operator in ("IS", "NOT"):
            return _state(path, operator, self._take())
        test = _comparison(operator, self._take())
        return lambda event: any(test(value) for value in _values(event, path))


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise LogPatternError(f"{text[at:]!r} cannot be read")
        found.append(match[1])
        at = match.end()
    return found


def _path(token: str) -> list[str | int]:
    """``$.a.b[0]``, ``$["a"]``, ``$.list[*]``."""
    parts: list[str | int] = []
    for name, quoted, index in re.findall(r'\.?([\w@:-]+)|\["([^"]*)"\]|\[(\d+|\*)\]', token[1:]):
        parts.append(int(index) if index.isdigit() else name or quoted or index)
    return parts


def _values(event: Any, path: list[str | int]) -> Iterator[Any]:
    if not path:
        yield event
        return
    first, rest = path[0], path[1:]
    match event:
        case dict() if first in event:
            yield from _values(event[first], rest)
        case list() if first == "*":
            for each in event:
                yield from _values(each, rest)
        case list() if isinstance(first, int) and first < len(event):
            yield from _values(event[first], rest)


def _state(path: list[str | int], operator: str, what: str) -> Of:
    match operator, what:
        case "NOT", "EXISTS":
            return lambda event: not list(_values(event, path))
        case "IS", "NULL":
            return lambda event: any(value is None for value in _values(event, path))
        case "IS", ("TRUE" | "FALSE"):
            wanted = what == "TRUE"
            return lambda event: any(value is wanted for value in _values(event, path))
    raise LogPatternError(f"{operator} {what} is not known")


def _comparison(operator: str, operand: str) -> Of:
    if operator in _COMPARED:
        bound = _number(operand)
        if bound is None:
            raise LogPatternError(f"{operator} is of numbers, not of {operand!r}")
        compare = _COMPARED[operator]
        return lambda value: (number := _number(value)) is not None and compare(number, bound)
    if operator not in ("=", "!="):
        raise LogPatternError(f"{operator!r} is no operator")
    same = _equality(operand)
    return same if operator == "=" else lambda value: not same(value)


def _equality(operand: str) -> Of:
    if operand.startswith("%"):
        expression = _expression(operand[1:-1])
        return lambda value: isinstance(value, str) and expression.search(value) is not None
    text, number = _unquoted(operand), _number(operand)
    wanted = re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL)

    def same(value: Any) -> bool:
        if isinstance(value, bool) or value is None:
            return False
        if isinstance(value, int | float):
            return number is not None and value == number
        return isinstance(value, str) and wanted.fullmatch(value) is not None

    return same


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool | None | list | dict) else float(value)
    except ValueError:
        return None


# columns


def _of_columns(text: str) -> Test:
    """Words of an event, by their place: brackets and quotes hold several together."""
    columns = [None if column.strip() == "..." else _column(column.strip()) for column in text.split(",")]

    def matches(message: str) -> bool:
        words = re.findall(r'\[[^\]]*\]|"[^"]*"|\S+', message)
        values = [re.sub(r'^[\["]|[\]"]$', "", word) for word in words]
        tests = list(columns)
        if None in tests:
            at = tests.index(None)
            tests[at : at + 1] = [lambda _: True] * max(0, len(values) - len(tests) + 1)
        return len(values) == len(tests) and all(
            test is not None and test(value) for test, value in zip(tests, values, strict=True)
        )

    return matches


def _column(text: str) -> Of:
    """``name``, ``name = 4*``, ``name != "a" && name != "b"``."""
    tokens = _tokens(text)
    alternatives: list[list[Of]] = [[]]
    while tokens:
        name, tokens = tokens[0], tokens[1:]
        if name == "||":
            alternatives.append([])
        elif name != "&&" and len(tokens) >= 2 and tokens[0] in ("=", "!=", *_COMPARED):
            alternatives[-1].append(_comparison(tokens[0], tokens[1]))
            tokens = tokens[2:]
    return lambda value: any(all(test(value) for test in each) for each in alternatives)
