"""What a template says of an event source, as values of the right type, or why the source is not read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from samlocal.event_pattern import EventPattern, PatternError, event_pattern
from samlocal.function.application import Application
from samlocal.template.document import Map, Node
from samlocal.template.values import Json, Known, Unknown, text


class Refused(Exception):  # noqa: N818 - a reason, which is a value from then on
    """Why a source is not read."""


class Properties:
    """By name, as they are. All raise Refused where one cannot be known, or is none that AWS takes."""

    def __init__(self, values: Mapping[str, Json]) -> None:
        self._values = values

    def value(self, name: str) -> Json:
        return self._values.get(name)

    def inner(self, name: str) -> Properties:
        """Those of a member; none where there is no such member."""
        value = self.value(name)
        return Properties(value if isinstance(value, dict) else {})

    def text(self, name: str) -> str | None:
        value = self.value(name)
        return None if value is None else text(value)

    def list(self, name: str) -> list[Json]:
        value = self.value(name)
        return value if isinstance(value, list) else []

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.value(name)
        return default if value is None else text(value).lower() == "true"

    def number(self, name: str, allowed: range, default: int | None) -> int | None:
        """-1 is for "without end", which is None."""
        value = self.value(name)
        number = default if value is None else whole(name, value, allowed)
        return None if number == -1 else number

    def filters(self) -> Iterator[EventPattern]:
        """The patterns of ``FilterCriteria``."""
        for each in self.inner("FilterCriteria").list("Filters"):
            pattern = each.get("Pattern") if isinstance(each, dict) else None
            if pattern is None:
                continue
            try:
                yield event_pattern(json.loads(text(pattern)))
            except (ValueError, RecursionError) as error:
                why = error if isinstance(error, PatternError) else "it is no JSON"
                raise Refused(f"FilterCriteria: {text(pattern)[:80]!r} is no pattern: {why}") from error


class TemplateProperties(Properties):
    """Those of a template, evaluated when they are asked for."""

    def __init__(self, owner: Application, properties: Map) -> None:
        super().__init__({})
        self._owner = owner
        self._properties: Mapping[str, Node] = properties

    def value(self, name: str) -> Json:
        match self._owner.evaluator.evaluate(self._properties.get(name)):
            case Known(value=value):
                return value
            case Unknown(expression=expression, reason=reason):
                raise Refused(f"{name} = {expression}: {reason}")
        return None


def whole(name: str, value: Json, allowed: range) -> int:
    """A whole number within its limits. Raises Refused."""
    try:
        number = int(text(value))
    except ValueError:
        number = None
    if number is None or number not in allowed:
        raise Refused(f"{name} is {allowed.start} to {allowed.stop - 1}, not {text(value)[:40]!r}")
    return number
