"""Regular expressions that a template or a schema brings, in Java's language, tried on what clients send.

The one place for them: Python's own ``re`` holds up the whole process for as long as it tries, which may be for ever.
What is tried here gives way to others, and has the time that ``time_limit`` leaves it.

Source: Java's ``java.util.regex.Pattern`` and ``Matcher``, which API Gateway's templates, selection patterns and
validations of tokens are written for.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any, TypeVar

from samlocal.http_api.time_limit import TimeLimitError, time_left

T = TypeVar("T")

# Classes are of ASCII alone in Java; a quoted part and a named group's text are written otherwise here.
_JAVA = re.compile(r"\\Q(?P<quoted>.*?)(?:\\E|\Z)|\\k<(?P<group>\w+)>|\\(?P<letter>.)", re.DOTALL)
_CLASSES = {
    "d": "[0-9]",
    "D": "[^0-9]",
    "w": "[a-zA-Z0-9_]",
    "W": "[^a-zA-Z0-9_]",
    "s": r"[ \t\n\x0b\f\r]",
    "S": r"[^ \t\n\x0b\f\r]",
}
_REPLACEMENT = re.compile(r"\\(?P<letter>.)|\$(?:\{(?P<name>\w+)\}|(?P<number>\d))", re.DOTALL)


class PatternError(Exception):
    """It is no regular expression, or its replacement names what is not there. The message says which and why."""


def fits(pattern: str, text: str) -> bool:
    """Whether it is the whole text. Raises PatternError, TimeLimitError, as all others here do."""
    return _tried(pattern, lambda made, left: made.fullmatch(text, concurrent=True, timeout=left)) is not None


def is_in(pattern: str, text: str) -> bool:
    """Whether it is anywhere in the text."""
    return _tried(pattern, lambda made, left: made.search(text, concurrent=True, timeout=left)) is not None


def replaced(pattern: str, by: str, text: str, *, count: int = 0) -> str:
    """As ``replaceAll`` does it, with a ``count`` so often at most: ``$1`` and ``${name}`` are groups, what follows a
    backslash is itself."""

    def replacement(match: Any) -> str:
        def part(place: re.Match[str]) -> str:
            if place["letter"] is not None:
                return place["letter"]
            return match[place["name"] or int(place["number"])] or ""

        return _REPLACEMENT.sub(part, by)

    def sub(made: Any, left: float) -> str:
        try:
            return str(made.sub(replacement, text, count, timeout=left))
        except IndexError as error:
            raise PatternError(f"{by} names a group that {pattern} does not have") from error

    return _tried(pattern, sub)


def parts(pattern: str, text: str, limit: int = 0) -> list[str]:
    """As ``split`` does it: without empty texts at the end, but for a text in which there is nothing to split at, or
    with a limit, which is how many parts there may be; a negative one is none."""

    def split(made: Any, left: float) -> list[str]:
        found: list[str] = []
        at = 0
        for match in made.finditer(text, concurrent=True, timeout=left):
            if limit > 0 and len(found) == limit - 1:
                break
            if match.end() > 0:
                found.append(text[at : match.start()])
                at = match.end()
        return [*found, text[at:]]

    several = _tried(pattern, split)
    if limit or several == [text]:
        return several
    while several and not several[-1]:
        several.pop()
    return several


def _tried(pattern: str, work: Callable[[Any, float], T]) -> T:
    try:
        return work(_compiled(pattern), time_left())
    except TimeoutError as error:
        raise TimeLimitError(pattern) from error


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    # 20 ms: for those alone whose template brings one.
    import regex

    try:
        # Sets within sets, as Java has them.
        return regex.compile(_JAVA.sub(_written_here, pattern), regex.VERSION1)
    except (regex.error, RecursionError) as error:
        raise PatternError(f"{pattern} is no regular expression: {error}") from error


def _written_here(match: re.Match[str]) -> str:
    if match["quoted"] is not None:
        return re.escape(match["quoted"])
    if match["group"] is not None:
        return f"(?P={match['group']})"
    return _CLASSES.get(match["letter"], match[0])
