"""Templates by which EventBridge makes its targets' inputs of events: rules' input transformers and pipes' inputs.

Sources: EventBridge user guide, "Amazon EventBridge input transformation" and "Amazon EventBridge Pipes input
transformation". Recorded of AWS (localstack/localstack, tests/aws/services/events/test_events_inputs.snapshot.json):
a string as template keeps its quotes, and a variable that is not in the event is empty.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

# What stands for a value; other text between these signs is text.
_PLACE = re.compile(r"<([^<>]+)>")


class UnknownPlaceError(Exception):
    """There is no such variable: what stands there is text."""


def filled(template: str, value: Callable[[str], Any]) -> str:
    """``<name>`` is JSON where it stands by itself, and text within quotes.

    ``value`` gives what a name stands for, None where the event does not have it, and raises UnknownPlaceError.
    """
    parts: list[str] = []
    at, quoted = 0, False
    while at < len(template):
        letter = template[at]
        if letter == "<" and (place := _PLACE.match(template, at)) is not None:
            try:
                parts.append(_written(value(place[1]), quoted=quoted))
            except UnknownPlaceError:
                parts.append(place[0])
            at = place.end()
            continue
        if letter == "\\":
            parts.append(template[at : at + 2])
            at += 2
            continue
        if letter == '"':
            quoted = not quoted
        parts.append(letter)
        at += 1
    return "".join(parts)


def value_at(path: str, event: Any) -> Any:
    """What a JSON path leads to; None where there is nothing."""
    from jsonpath_ng.ext.parser import parse

    found = [match.value for match in parse(path).find(event)]
    return found[0] if len(found) == 1 else found or None


def as_json(value: Any) -> str:
    """As AWS's services write it: without spaces."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _written(value: Any, *, quoted: bool) -> str:
    if value is None:
        value = ""
    if not quoted:
        return as_json(value)
    text = value if isinstance(value, str) else as_json(value)
    return json.dumps(text, ensure_ascii=False)[1:-1]
