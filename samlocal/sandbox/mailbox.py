"""Where a sandbox finds what the APIs and the container tell it."""

from __future__ import annotations

import queue
import time

from samlocal.errors import EngineError
from samlocal.sandbox.messages import Broken, Message


class Mailbox:
    """A queue: any thread puts in, the sandbox takes out."""

    def __init__(self) -> None:
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()

    def put(self, message: Message) -> None:
        self._messages.put(message)

    def take(self, deadline: float) -> Message:
        """The next message. Raises TimeoutError at the deadline, and whatever broke samlocal's own side."""
        try:
            message = self._messages.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(message, Broken):
            if isinstance(message.error, EngineError):
                raise message.error
            raise EngineError(f"The sandbox broke: {message.error!r}.") from message.error
        return message
