"""What waits in a queue: read, and given back at once.

Source: Amazon SQS developer guide, "Amazon SQS visibility timeout" (what is received is hidden until its timeout,
which 0 ends) and "Using dead-letter queues in Amazon SQS" (each receive counts, and a message that has been received
more often than ``maxReceiveCount`` goes to the dead-letter queue); "FIFO queue delivery logic" (a message group waits
for the ones of it that are hidden).
"""

from __future__ import annotations

import time

from samlocal.captured.arrivals import SECONDS, Arrivals, batches
from samlocal.errors import AwsError, ConfigurationError, CredentialsError
from samlocal.sources.filters import passes
from samlocal.sources.mapping import Mapping
from samlocal.sources.queue import AT_ONCE, AwsQueue, Message
from samlocal.sources.queue_event import queue_record

# Longer than it may be read. Whatever becomes of this process, its messages are seen again by then.
_HIDDEN_SECONDS = 60


class QueueArrivals:
    """``touches`` says what reading does to a queue, before anything is read."""

    def __init__(self, queue: AwsQueue, mapping: Mapping) -> None:
        self._queue = queue
        self._mapping = mapping
        self._most_receives = queue.most_receives()

    @property
    def touches(self) -> str:
        groups = " Their message groups wait so long." if self._mapping.is_fifo else ""
        most = self._most_receives
        counted = "each counts as received once more"
        if most is not None:
            counted += f", of the {most} times after which it goes to the dead-letter queue"
        return (
            f"While they are read they are hidden from others, which is a moment, or {_HIDDEN_SECONDS} seconds if "
            f"samlocal is killed; {counted}.{groups}"
        )

    def read(self, limit: int) -> Arrivals:
        """Up to so many messages. Raises ConfigurationError where they could not be given back."""
        if self._most_receives == 1:
            raise ConfigurationError(
                f"{self._mapping.source_name} gives each message once: its maxReceiveCount is 1, so what is read "
                "here goes to its dead-letter queue and not to the function.",
                tip="Raise maxReceiveCount, or read what the function logs: --source logs.",
            )
        until = time.monotonic() + SECONDS
        messages: list[Message] = []
        is_whole = True
        try:
            while len(messages) < limit:
                # One that waits asks all of the queue's servers: nothing is nothing, then.
                count = min(AT_ONCE, limit - len(messages))
                some = self._queue.receive(count, wait=1, hidden=_HIDDEN_SECONDS)
                messages += some
                is_whole = time.monotonic() < until
                if not some or not is_whole:
                    break
        finally:
            self._give_back(messages)
        records = [queue_record(message, self._mapping) for message in messages]
        passing = [each for each in records if passes(each, self._mapping.filters, kind=self._mapping.kind)]
        return Arrivals(
            events=list(batches(passing, self._mapping)),
            read=len(records),
            filtered=len(records) - len(passing),
            is_whole=is_whole,
        )

    def _give_back(self, messages: list[Message]) -> None:
        try:
            self._queue.hide([message["ReceiptHandle"] for message in messages], 0)
        except (AwsError, CredentialsError) as error:
            raise AwsError(
                f"{len(messages)} messages of {self._mapping.source_name} were read, and could not be given back: "
                f"{error.message}",
                tip=f"They are seen again in {_HIDDEN_SECONDS} seconds.",
            ) from error
