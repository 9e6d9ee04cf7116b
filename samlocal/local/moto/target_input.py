"""What a target of an EventBridge rule gets of an event.

Sources: EventBridge API reference, Target (Input, InputPath, InputTransformer: one of them) and InputTransformer;
EventBridge user guide, "Amazon EventBridge input transformation" (predefined variables).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from samlocal.event_template import UnknownPlaceError, as_json, filled, value_at


def target_input(target: Mapping[str, Any], event: Mapping[str, Any], *, rule: Mapping[str, str]) -> str:
    """As text, which is JSON where the template makes it so. ``rule`` has its ``arn`` and ``name``."""
    if (given := target.get("Input")) is not None:
        return given if isinstance(given, str) else as_json(given)
    if path := target.get("InputPath"):
        return as_json(value_at(path, event))
    transformer = target.get("InputTransformer")
    if not transformer:
        return as_json(event)
    values = {name: value_at(path, event) for name, path in (transformer.get("InputPathsMap") or {}).items()}
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

    def value(name: str) -> Any:
        try:
            return values[name]
        except KeyError as error:
            raise UnknownPlaceError from error

    return filled(transformer["InputTemplate"], value)
