"""Log groups of the local endpoint have what functions write, and give subscribers what their patterns let through.

moto gives them everything. Source: CloudWatch Logs user guide, "Log group-level subscription filters" (what a
function gets) and "Filter pattern syntax". Tried with moto 5.2.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from moto.logs.models import LogGroup, LogStream, logs_backends

from samlocal.event_template import as_json
from samlocal.local.log_line import LogLine
from samlocal.local.moto.log_pattern import LogPatternError, Test, log_pattern
from samlocal.local.moto.targets import LOG, Targets
from samlocal.local.moto.tracing import tracing

_MOST_EVENTS = 20_000
"""Of a log group."""


@lru_cache(maxsize=256)
def _pattern(text: str, group: str) -> Test:
    """One that nobody here can read lets everything through, which is said once."""
    try:
        return log_pattern(text)
    except LogPatternError as error:
        LOG.warning("the filter pattern %r of %s lets everything through: %s", text, group, error)
        return lambda _: True


def mend_log_groups(targets: Targets) -> None:
    """Called once."""
    setattr(LogStream, "_send_log_events", _sending(LogStream._send_log_events, targets))  # noqa: B010 - mypy forbids it as an assignment


def put_lines(lines: Sequence[LogLine]) -> None:
    """Each into its log group, where that is there. On AWS Lambda makes it; here a stack may have it yet to make."""
    groups = {
        group.name: group
        for regions in list(logs_backends.values())
        for backend in list(regions.values())
        for group in list(backend.groups.values())
    }
    by_stream: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for each in lines:
        event = {"timestamp": int(each.time * 1000), "message": each.text}
        by_stream.setdefault((each.group, each.stream), []).append(event)
    for (name, stream), events in by_stream.items():
        if (group := groups.get(name)) is not None:
            if stream not in group.streams:
                group.create_log_stream(stream)
            group.streams[stream].put_log_events(events)
            _trim(group)


def _trim(group: LogGroup) -> None:
    """The process has all of it in memory: the streams that were written to first lose their first events."""
    over = sum(len(each.events) for each in group.streams.values()) - _MOST_EVENTS
    for stream in list(group.streams.values()):
        if over <= 0:
            return
        lost = min(over, len(stream.events))
        del stream.events[:lost]
        over -= lost


def _sending(send: Callable[..., None], targets: Targets) -> Callable[..., None]:
    def sent(
        stream: LogStream, service: str, destination_arn: str, filter_name: str, log_events: list[dict[str, Any]]
    ) -> None:
        filter_ = stream.log_group.subscription_filters.get(filter_name)
        passes = _pattern(filter_.filter_pattern if filter_ is not None else "", stream.log_group.name)
        log_events = [event for event in log_events if passes(event["message"])]
        if not log_events:
            return
        if service == "lambda":
            data = {
                "messageType": "DATA_MESSAGE",
                "owner": stream.account_id,
                "logGroup": stream.log_group.name,
                "logStream": stream.log_stream_name,
                "subscriptionFilters": [filter_name],
                "logEvents": log_events,
            }
            packed = base64.b64encode(gzip.compress(as_json(data).encode())).decode()
            with tracing(None):
                targets.send(destination_arn, as_json({"awslogs": {"data": packed}}), source=stream.log_group.name)
            return
        try:
            send(
                stream,
                service=service,
                destination_arn=destination_arn,
                filter_name=filter_name,
                log_events=log_events,
            )
        except Exception as error:
            # Who writes a log is not told of its subscribers.
            LOG.warning("not delivered from %s to %s: %s", stream.log_group.name, destination_arn, error)

    return sent
