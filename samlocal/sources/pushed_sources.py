"""The functions' events that AWS pushes: which of them reach their functions in the environment on this machine.

Source: SAM specification, ``EventSource`` and its types.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from samlocal.endpoint.directory import Directory
from samlocal.template.reader import Map

_PUSHED = frozenset(
    {"CloudWatchEvent", "CloudWatchLogs", "Cognito", "EventBridgeRule", "S3", "SNS", "Schedule", "ScheduleV2"}
)
_NOT_RUN = {"IoTRule": "the local environment runs no rules of IoT"}


class PushedSource(Struct, frozen=True, kw_only=True):
    """An event of a function, as ``Function/Event``; ``not_run`` says why nothing comes of it."""

    id: str
    function: str
    type: str
    not_run: str | None = None


def pushed_sources(directory: Directory) -> Iterator[PushedSource]:
    """Those that stand with their functions; a topic's subscription may stand elsewhere in a template."""
    for callee in directory:
        owner, resource = directory.resource(callee)
        events = owner.evaluator.branch(resource.properties.get("Events"))
        for name, node in events.items() if isinstance(events, Map) else ():
            event = owner.evaluator.branch(node)
            type_ = str(event.get("Type")) if isinstance(event, Map) else ""
            if type_ in _PUSHED or type_ in _NOT_RUN:
                yield PushedSource(
                    id=f"{callee.path}/{name}", function=callee.path, type=type_, not_run=_NOT_RUN.get(type_)
                )
