"""A queue, as its mapping needs it: received from, deleted from, and given back to.

Source: Amazon SQS API reference, ReceiveMessage, DeleteMessageBatch and ChangeMessageVisibilityBatch: ten messages at
a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, TypeAlias

from samlocal.aws import Aws
from samlocal.sources.event_source import EventSource

Message: TypeAlias = dict[str, Any]
"""As ReceiveMessage gives it."""

AT_ONCE = 10
"""Messages of one call."""


class Queue(Protocol):
    """Each call waits for the network, in a thread of its caller's. They raise AwsError and CredentialsError."""

    def visibility(self) -> int:
        """For how many seconds what is received is hidden from others."""

    def receive(self, count: int, *, wait: int) -> Sequence[Message]:
        """Up to ten messages; waits so many seconds for the first."""

    def delete(self, handles: Sequence[str]) -> None:
        """Messages by their receipt handles; one that has gone is as good as deleted."""

    def hide(self, handles: Sequence[str], seconds: int) -> None:
        """Has others see them after so long, from now on; 0 is at once."""


class AwsQueue:
    """One of SQS's."""

    def __init__(self, aws: Aws, mapping: EventSource) -> None:
        self._aws = aws
        self._region = mapping.region
        self._name, self._account = mapping.source_name, mapping.account
        self._known_url: str | None = None

    def visibility(self) -> int:
        answer = self._call("get_queue_attributes", AttributeNames=["VisibilityTimeout"])
        return int(answer["Attributes"]["VisibilityTimeout"])

    def most_receives(self) -> int | None:
        """How often a message is received before it goes to a dead-letter queue; None where it never does."""
        policy = self._call("get_queue_attributes", AttributeNames=["RedrivePolicy"]).get("Attributes", {})
        return int(json.loads(policy["RedrivePolicy"])["maxReceiveCount"]) if "RedrivePolicy" in policy else None

    def receive(self, count: int, *, wait: int, hidden: int | None = None) -> Sequence[Message]:
        """``hidden`` is for how many seconds, the queue's own where None."""
        answer = self._call(
            "receive_message",
            MaxNumberOfMessages=min(count, AT_ONCE),
            WaitTimeSeconds=wait,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
            **({} if hidden is None else {"VisibilityTimeout": hidden}),
        )
        messages: Sequence[Message] = answer.get("Messages", ())
        return messages

    def delete(self, handles: Sequence[str]) -> None:
        for some in _tens(handles):
            self._call("delete_message_batch", Entries=_entries(some))

    def hide(self, handles: Sequence[str], seconds: int) -> None:
        for some in _tens(handles):
            self._call(
                "change_message_visibility_batch",
                Entries=[{**each, "VisibilityTimeout": seconds} for each in _entries(some)],
            )

    def _call(self, operation: str, **parameters: object) -> dict[str, Any]:
        return self._aws.call("sqs", operation, region=self._region, QueueUrl=self._url(), **parameters)

    def _url(self) -> str:
        if self._known_url is None:
            found = self._aws.call(
                "sqs",
                "get_queue_url",
                region=self._region,
                QueueName=self._name,
                QueueOwnerAWSAccountId=self._account,
            )
            self._known_url = str(found["QueueUrl"])
        return self._known_url


def _tens(handles: Sequence[str]) -> Iterator[Sequence[str]]:
    return (handles[first : first + AT_ONCE] for first in range(0, len(handles), AT_ONCE))


def _entries(handles: Sequence[str]) -> list[dict[str, Any]]:
    return [{"Id": str(number), "ReceiptHandle": handle} for number, handle in enumerate(handles)]
