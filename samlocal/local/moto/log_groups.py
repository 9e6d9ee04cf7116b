"""Log groups of the local endpoint give their subscribers what their patterns let through.

moto gives everything. Source: CloudWatch Logs user guide, "Log group-level subscription filters" (what a function
gets) and "Filter pattern syntax". Tried with moto 5.2.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from moto.logs.models import LogStream, logs_backends

from samlocal.local.moto.log_pattern import LogPatternError, Test, log_pattern
from samlocal.local.moto.targets import LOG, Targets, as_json


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


def subscribed_groups() -> list[str]:
    """Their names."""
    return [
        group.name
        for regions in list(logs_backends.values())
        for backend in list(regions.values())
        for group in list(backend.groups.values())
        if group.subscription_filters
    ]


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
