"""Event buses of the local endpoint: which rules an event is for, and what their targets get.

moto's own rules know fewer targets (no function among them) and send to each what none of them asks for.
Sources: EventBridge user guide, "Events", "Event bus targets" and "Sending and receiving events between event buses".
Tried with moto 5.2.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from moto.events.models import EventBus, Rule, events_backends

from samlocal.event_pattern import PatternError, event_pattern
from samlocal.event_template import as_json
from samlocal.local.moto.target_input import target_input
from samlocal.local.moto.targets import LOG, Targets
from samlocal.local.moto.tracing import tracing

Json: TypeAlias = dict[str, Any]

# AWS hands an event on from bus to bus once; a circle ends here.
_HOPS = 5


class Buses:
    """All of them, whose rules send by ``targets``."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets

    def mend(self) -> None:
        """Called once."""

        def send_to_targets(rule: Rule, original_event: Json, transform_input: bool = True) -> None:  # noqa: ARG001 - moto names it
            event = {name: value for name, value in original_event.items() if name != "ingestion-time"}
            event["time"] = _iso(event.get("time"))
            if _is_for(rule, event):
                self._send(rule, event)

        setattr(Rule, "send_to_targets", send_to_targets)  # noqa: B010 - mypy forbids it as an assignment

    def tell(self, account: str, region: str, event: Json, *, bus: str = "default", hops: int = 0) -> None:
        """An event for whichever rules of a bus it is for."""
        found: EventBus | None = events_backends[account][region].event_buses.get(bus)
        for rule in list(found.rules.values()) if found else ():
            if _is_for(rule, event):
                self._send(rule, event, hops=hops)

    def fire(self, rule: Rule, time: str) -> None:
        """Its schedule is due (EventBridge user guide, "Creating a rule that runs on a schedule")."""
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": rule.account_id,
            "time": time,
            "region": rule.region_name,
            "resources": [rule.arn],
            "detail": {},
        }
        self._send(rule, event)

    def _send(self, rule: Rule, event: Json, *, hops: int = 0) -> None:
        with tracing(None):
            self._send_to_targets(rule, event, hops)

    def _send_to_targets(self, rule: Rule, event: Json, hops: int) -> None:
        about = {"arn": rule.arn, "name": rule.name}
        for target in list(rule.targets):
            arn = str(target["Arn"])
            try:
                text = target_input(target, event, rule=about)
            except Exception as error:
                # What a template's author wrote there may be of any kind.
                LOG.warning("no input of %s for %s can be made: %s", rule.arn, arn, error)
                continue
            if ":events:" not in arn:
                self._targets.send(arn, text, source=rule.arn, target=target, event=as_json(event))
            elif ":event-bus/" in arn:
                self._hand_on(arn, event, hops)
            elif ":api-destination/" in arn:
                LOG.warning("not delivered from %s: the local environment calls nobody (%s)", rule.arn, arn)
            else:
                _archive(rule, text, event)

    def _hand_on(self, arn: str, event: Json, hops: int) -> None:
        _, _, _, region, account, resource = arn.split(":", 5)
        if hops < _HOPS:
            self.tell(account, region, event, bus=resource.partition("/")[2], hops=hops + 1)


def _is_for(rule: Rule, event: Json) -> bool:
    if rule.state == "DISABLED" or not (pattern := rule.event_pattern.get_pattern()):
        return False
    try:
        return event_pattern(pattern).matches(event)
    except PatternError as error:
        LOG.warning("the pattern of %s lets nothing through: %s", rule.arn, error)
        return False


def _archive(rule: Rule, text: str, event: Mapping[str, Any]) -> None:
    """moto's own rule of an archive names it in its input."""
    archive = json.loads(text).get("archive-arn", "").partition(":archive/")[2]
    archived: Any = {**event, "ingestion-time": event["time"]}
    rule._send_to_events_archive(archive, archived)


def _iso(time: Any) -> str:
    """EventBridge's times are in whole seconds; moto's are in seconds since 1970."""
    if isinstance(time, str) and not time.replace(".", "", 1).isdigit():
        return time
    at = datetime.now(UTC) if time in (None, "") else datetime.fromtimestamp(float(time), UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
