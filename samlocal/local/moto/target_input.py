"""What a target of an EventBridge rule gets of an event.

Sources: EventBridge API reference, Target (Input, InputPath, InputTransformer: one of them) and InputTransformer;
EventBridge user guide, "Amazon EventBridge input transformation" (predefined variables). Recorded of AWS
(localstack/localstack, tests/aws/services/events/test_events_inputs.snapshot.json): a string as template keeps its
quotes, and a variable that is not in the event is empty.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from samlocal.local.moto.targets import as_json


def target_input(target: Mapping[str, Any], event: Mapping[str, Any], *, rule: Mapping[str, str]) -> str:
    """As text, which is JSON where the template makes it so. ``rule`` has its ``arn`` and ``name``."""
    if (given := target.get("Input")) is not None:
        return given if isinstance(given, str) else as_json(given)
    if path := target.get("InputPath"):
        return as_json(_at(path, event))
    transformer = target.get("InputTransformer")
    if not transformer:
        return as_json(event)
    values = {name: _at(path, event) for name, path in (transformer.get("InputPathsMap") or {}).items()}
    values |= {
        "aws.events.rule-arn": rule["arn"],
        "aws.events.rule-name": rule["name"],
        "aws.events.event.ingestion-time": event["time"],
        # Without what it says, and with another word for its type.
        "aws.events.event": {
            "detailType" if name == "detail-type" else name: value
            for name, value in event.items()
            if name != "detail"
        },
        "aws.events.event.json": dict(event),
    }
    return _filled(transformer["InputTemplate"], values)


def _at(path: str, event: Mapping[str, Any]) -> Any:
    """None where there is nothing."""
    from jsonpath_ng.ext.parser import parse

    found = [match.value for match in parse(path).find(event)]
    return found[0] if len(found) == 1 else found or None


def _filled(template: str, values: Mapping[str, Any]) -> str:
    """``<name>`` is JSON where it stands by itself, and text within quotes."""
    parts: list[str] = []
    at, quoted = 0, False
    while at < len(template):
        letter = template[at]
        end = template.find(">", at)
        if letter == "<" and end > 0 and template[at + 1 : end] in values:
            parts.append(_value(values[template[at + 1 : end]], quoted=quoted))
            at = end + 1
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


def _value(value: Any, *, quoted: bool) -> str:
    if value is None:
        value = ""
    if not quoted:
        return as_json(value)
    text = value if isinstance(value, str) else as_json(value)
    return json.dumps(text, ensure_ascii=False)[1:-1]
