"""Topics of the local endpoint give functions the messages as SNS does, and each subscriber those that it filters.

Sources: Lambda developer guide, "Invoking Lambda functions with Amazon SNS notifications"; SNS developer guide,
"Amazon SNS message filtering". Recorded of AWS (aws-powertools/powertools-lambda-python, tests/events/snsEvent.json).
Tried with moto 5.2.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.sns import models
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend, Subscription

from samlocal.event_pattern import PatternError, event_pattern
from samlocal.event_template import as_json
from samlocal.local.moto.targets import Targets

_BODY = "MessageBody"


def mend_topics(targets: Targets) -> None:
    """Called once."""
    publish = Subscription.publish

    def published(
        subscription: Subscription,
        message: str,
        message_id: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        group_id: str | None = None,
        deduplication_id: str | None = None,
        message_structure: str | None = None,
    ) -> None:
        if subscription.protocol != "lambda":
            publish(
                subscription,
                message,
                message_id,
                subject=subject,
                message_attributes=message_attributes,
                group_id=group_id,
                deduplication_id=deduplication_id,
                message_structure=message_structure,
            )
            return
        matcher = subscription._filter_policy_matcher
        if matcher is not None and not matcher.matches(message_attributes, message):
            return
        if message_structure == "json":
            message = subscription._parse_message_structure(message, subscription.protocol)
        record = _record(subscription, message, message_id, subject, message_attributes or {})
        targets.send(subscription.endpoint, as_json({"Records": [record]}), source=subscription.topic.arn)

    setattr(Subscription, "publish", published)  # noqa: B010 - mypy forbids it as an assignment
    # moto's own knows a part of the operators.
    setattr(SNSBackend, "_validate_filter_policy", _check)  # noqa: B010
    setattr(models, "FilterPolicyMatcher", _Filter)  # noqa: B010


class _Filter:
    """Which messages a subscription has: ``scope`` says of what the policy is, None for the messages' attributes."""

    def __init__(self, filter_policy: dict[str, Any], filter_policy_scope: str | None) -> None:
        self._pattern = event_pattern(filter_policy)
        self._is_of_body = filter_policy_scope == _BODY

    def matches(self, message_attributes: Mapping[str, Any] | None, message: str) -> bool:
        if not self._pattern.rule:
            return True
        if not self._is_of_body:
            given = {name: _value(each) for name, each in (message_attributes or {}).items()}
            return self._pattern.matches(given)
        try:
            body = json.loads(message)
        except ValueError:
            return False
        return isinstance(body, dict) and self._pattern.matches(body)


def _check(_: SNSBackend, value: Any, scope: str | None) -> None:
    """Raises what SNS answers."""
    try:
        pattern = event_pattern(value)
    except PatternError as error:
        raise SNSInvalidParameter(f"Invalid parameter: FilterPolicy: {error}") from error
    if scope != _BODY and any(isinstance(each, dict) for each in pattern.rule.values()):
        raise SNSInvalidParameter(
            "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy"
        )


def _value(attribute: Mapping[str, Any]) -> Any:
    """What a policy is compared with (SNS developer guide, "Amazon SNS message attributes": the types)."""
    type_, value = str(attribute["Type"]), attribute["Value"]
    try:
        if type_ == "String.Array":
            return json.loads(value)
        if type_.startswith("Number"):
            return json.loads(str(value))
    except ValueError:
        return None
    return None if type_.startswith("Binary") else value


def _record(
    subscription: Subscription,
    message: str,
    message_id: str,
    subject: str | None,
    attributes: Mapping[str, Any],
) -> dict[str, Any]:
    region = subscription.topic.arn.split(":")[3]
    host = f"https://sns.{region}.amazonaws.com"
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "Sns": {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": subscription.topic.arn,
            "Subject": subject or None,
            "Message": message,
            "Timestamp": now.replace("+00:00", "Z"),
            "SignatureVersion": "1",
            # Nobody signs here.
            "Signature": "EXAMPLE",
            "SigningCertUrl": f"{host}/SimpleNotificationService-local.pem",
            "UnsubscribeUrl": f"{host}/?Action=Unsubscribe&SubscriptionArn={subscription.arn}",
            "MessageAttributes": {
                name: {"Type": each["Type"], "Value": _text(each["Value"])} for name, each in attributes.items()
            },
        },
    }


def _text(value: Any) -> str:
    """Numbers are text, and bytes are in base64."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
