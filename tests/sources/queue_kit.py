"""Queues of the local endpoint, and what polls them for a function that a test gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sources_kit import Function, Told, polled, run

from samlocal.aws import Aws
from samlocal.sources.mapping import Mapping
from samlocal.sources.means import Means
from samlocal.sources.pace import Pace
from samlocal.sources.queue import AwsQueue
from samlocal.sources.queue_poller import QueuePoller
from samlocal.sources.threads import Threads


def counted(sqs: Any, url: str) -> tuple[int, int]:
    """Messages that wait, and messages that somebody has received and not deleted.

    moto counts the ones after the others: one whose time is up in between is among neither.
    """
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    before = None
    while True:
        given = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        now = int(given[names[0]]), int(given[names[1]])
        if now == before:
            return now
        before = now


def taken(sqs: Any, url: str) -> list[str]:
    """The bodies of all messages that wait in a queue; they are gone then."""
    found: list[str] = []
    while some := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [each["Body"] for each in some]
        for each in some:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
    return found


class Queue:
    """A queue of a test's own, and what is left in it."""

    def __init__(self, sqs: Any, name: str, **attributes: str) -> None:
        self.sqs = sqs
        self.name = name
        self.url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    def send(self, *bodies: str, **more: Any) -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body, **more)

    def count(self) -> tuple[int, int]:
        """Messages that wait, and messages that somebody has received and not deleted."""
        return counted(self.sqs, self.url)

    def bodies(self) -> list[str]:
        """Of all that wait; they are gone then."""
        return taken(self.sqs, self.url)


class Polling:
    """One mapping's poller with all around it."""

    def __init__(
        self, aws: Aws, threads: Threads, mapping: Mapping, function: Function, *, at_once: int = 10
    ) -> None:
        self.told = Told()
        self.pace = Pace()
        self.poller = QueuePoller(
            mapping,
            AwsQueue(aws, mapping),
            function,
            timeout=1,
            at_once=at_once,
            means=Means(told=self.told.append, pace=self.pace, in_thread=threads),
        )

    def until(self, what: Callable[[], object]) -> None:
        run(lambda: polled(self.poller, self.pace, what))
