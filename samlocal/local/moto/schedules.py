"""The schedules of the local endpoint: rules of EventBridge, and EventBridge Scheduler's. moto lets none be due.

Sources: EventBridge user guide, "Creating a rule that runs on a schedule"; EventBridge Scheduler user guide,
"Adding context attributes" and "Using universal targets". Tried with moto 5.2.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeAlias

from moto.cloudformation.models import cloudformation_backends
from moto.events.models import Rule, events_backends
from moto.scheduler.models import Schedule as Scheduled
from moto.scheduler.models import scheduler_backends

from samlocal.aws import Aws
from samlocal.event_template import as_json
from samlocal.local.moto.buses import Buses
from samlocal.local.moto.targets import LOG, Targets
from samlocal.local.schedule import Fired, Schedule

_Either: TypeAlias = Rule | Scheduled

_UNIVERSAL = ":::aws-sdk:"


class Schedules:
    """``connect`` gives the endpoint itself, in a region."""

    def __init__(self, targets: Targets, buses: Buses, connect: Callable[[str], Aws]) -> None:
        self._targets = targets
        self._buses = buses
        self._connect = connect
        self._fired: dict[str, float] = {}

    def enabled(self) -> tuple[Schedule, ...]:
        return tuple(_schedule(each, self._fired.get(each.arn)) for each in _all() if each.state != "DISABLED")

    def fire(self, name: str, at: float | None = None) -> Fired:
        """Also one that is disabled; ``at`` is when it was due."""
        every = list(_all())
        logical = _by_logical_id()
        wanted = logical.get(name.replace("/", ""), name)
        for each in every:
            if wanted in (each.arn, each.name):
                if at is not None:
                    self._fired[each.arn] = at
                time = datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)
                return Fired(arn=each.arn, targets=self._fire(each, time.strftime("%Y-%m-%dT%H:%M:%SZ")))
        known = {each.arn for each in every} | {each.name for each in every}
        named = {logical_id: arn for logical_id, arn in logical.items() if arn in known}
        others = {*named, *(each.name for each in every if not {each.arn, each.name} & set(named.values()))}
        return Fired(arn=None, others=tuple(sorted(others)))

    def _fire(self, schedule: _Either, time: str) -> tuple[str, ...]:
        if isinstance(schedule, Rule):
            self._buses.fire(schedule, time)
            return tuple(str(target["Arn"]) for target in schedule.targets)
        arn, region = str(schedule.target["Arn"]), schedule.arn.split(":")[3]
        text = _input(schedule, time)
        if _UNIVERSAL in arn:
            self._call(arn, region, text, source=schedule.arn)
        elif ":event-bus/" in arn:
            self._put(schedule, region, text)
        else:
            self._targets.send(arn, text, source=schedule.arn, target=schedule.target)
        return (arn,)

    def _call(self, arn: str, region: str, text: str, *, source: str) -> None:
        """Any operation of any service, whose parameters are the input."""
        service, _, operation = arn.rpartition(_UNIVERSAL)[2].partition(":")
        method = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", operation).lower()
        try:
            self._connect(region).call(service, method, **json.loads(text))
        except Exception as error:
            # What a template's author wrote there may be of any kind.
            LOG.warning("not called by %s: %s: %s", source, arn, error)

    def _put(self, schedule: Scheduled, region: str, text: str) -> None:
        said = schedule.target.get("EventBridgeParameters") or {}
        entry = {"Source": said.get("Source", ""), "DetailType": said.get("DetailType", ""), "Detail": text}
        account = schedule.arn.split(":")[4]
        events_backends[account][region].put_events([{**entry, "EventBusName": schedule.target["Arn"]}])


def _input(schedule: Scheduled, time: str) -> str:
    """Where nothing else is said, an event in EventBridge's form, whose detail is text."""
    given = schedule.target.get("Input")
    if given is None:
        _, _, _, region, account, _ = schedule.arn.split(":", 5)
        return as_json(
            {
                "version": "0",
                "id": str(uuid.uuid4()),
                "detail-type": "Scheduled Event",
                "source": "aws.scheduler",
                "account": account,
                "time": time,
                "region": region,
                "resources": [schedule.arn],
                "detail": "{}",
            }
        )
    attributes = {
        "schedule-arn": schedule.arn,
        "scheduled-time": time,
        "execution-id": uuid.uuid4().hex[:16],
        "attempt-number": "1",
    }
    text = given if isinstance(given, str) else as_json(given)
    for name, value in attributes.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def _all() -> Iterator[_Either]:
    for backends in list(events_backends.values()):
        for backend in list(backends.values()):
            for bus in list(backend.event_buses.values()):
                yield from (rule for rule in list(bus.rules.values()) if rule.scheduled_expression)
    for regions in list(scheduler_backends.values()):
        for scheduler in list(regions.values()):
            for group in list(scheduler.schedule_groups.values()):
                yield from list(group.schedules.values())


def _schedule(each: _Either, fired: float | None) -> Schedule:
    if isinstance(each, Rule):
        return Schedule(arn=each.arn, name=each.name, expression=str(each.scheduled_expression), fired=fired)
    return Schedule(
        arn=each.arn,
        name=each.name,
        expression=each.schedule_expression,
        timezone=each.schedule_expression_timezone,
        start=_seconds(each.start_date),
        end=_seconds(each.end_date),
        fired=fired,
    )


def _seconds(date: Any) -> float | None:
    if date is None:
        return None
    try:
        return float(date)
    except ValueError:
        return datetime.fromisoformat(str(date)).replace(tzinfo=UTC).timestamp()


def _by_logical_id() -> dict[str, str]:
    """The physical ids of all stacks' rules and schedules."""
    found: dict[str, str] = {}
    for regions in list(cloudformation_backends.values()):
        for backend in list(regions.values()):
            for stack in list(backend.stacks.values()):
                for logical_id, resource in list(stack.resource_map._parsed_resources.items()):
                    kind = getattr(resource, "cloudformation_type", None)
                    if kind is not None and kind() in ("AWS::Events::Rule", "AWS::Scheduler::Schedule"):
                        found[logical_id] = str(resource.physical_resource_id)
    return found
