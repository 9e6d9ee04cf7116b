"""What a pipe's enrichment and target get of an event.

Source: EventBridge user guide, "Amazon EventBridge Pipes input transformation" (what is in JSON or in base64 within
an event is read as the JSON that it is; reserved variables; a template is applied to each event of a batch).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from samlocal.event_template import UnknownPlaceError, as_json, filled, value_at
from samlocal.sources.pipe import Pipe, Step

_RESERVED = "aws.pipes."


def pipe_input(pipe: Pipe, step: Step, event: Any) -> str:
    """As text, which is JSON where the template makes it so, and the event where there is none."""
    if step.template is None:
        return event if isinstance(event, str) else as_json(event)
    parsed = opened(event)
    reserved = {
        "pipe-arn": pipe.reader_arn,
        "pipe-name": pipe.name,
        "source-arn": pipe.source,
        "enrichment-arn": pipe.enrichment.arn if pipe.enrichment else None,
        "target-arn": pipe.target.arn,
        "event.ingestion-time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "event": event,
        "event.json": parsed,
    }

    def value(name: str) -> Any:
        if name.startswith("$"):
            return value_at(name, parsed)
        try:
            return reserved[name.removeprefix(_RESERVED)] if name.startswith(_RESERVED) else None
        except KeyError as error:
            raise UnknownPlaceError from error

    return filled(step.template, value)


def dynamic(parameter: Any, event: Any) -> Any:
    """A target's parameter, which may be a path into the event (user guide, "Dynamic path parameters")."""
    if isinstance(parameter, str) and parameter.startswith("$."):
        return value_at(parameter, opened(event))
    return parameter


def as_value(text: str) -> Any:
    """What is JSON as that, everything else as text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def opened(event: Any) -> Any:
    """With the body of a message, and the data of a record, as the JSON that they hold."""
    if not isinstance(event, Mapping):
        return event
    found = dict(event)
    if isinstance(found.get("body"), str):
        found["body"] = as_value(found["body"])
    if isinstance(found.get("data"), str):
        found["data"] = _decoded(found["data"])
    return found


def _decoded(data: str) -> Any:
    """What is no JSON stays in base64."""
    try:
        return json.loads(base64.b64decode(data, validate=True))
    except (ValueError, RecursionError):
        return data
