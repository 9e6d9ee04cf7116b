"""Where a sandbox finds what the APIs and the container tell it."""

from __future__ import annotations

import asyncio
from collections import deque

from samlocal.errors import EngineError
from samlocal.sandbox.messages import Broken, Message


class Mailbox:
    """A queue on the event loop, with one who takes."""

    def __init__(self) -> None:
        self._messages: deque[Message] = deque()
        self._comes: asyncio.Future[None] | None = None

    def put(self, message: Message) -> None:
        self._messages.append(message)
        if self._comes is not None and not self._comes.done():
            self._comes.set_result(None)

    async def take(self, deadline: float) -> Message:
        """The next message; ``deadline`` is ``time.monotonic``'s.

        Raises TimeoutError then, and whatever broke samlocal's own side.
        """
        if not self._messages:
            await self._wait(deadline)
        message = self._messages.popleft()
        if isinstance(message, Broken):
            if isinstance(message.error, EngineError):
                raise message.error
            raise EngineError(f"The sandbox broke: {message.error!r}.") from message.error
        return message

    def take_all(self) -> tuple[Message, ...]:
        """What is there."""
        found = tuple(self._messages)
        self._messages.clear()
        return found

    async def _wait(self, deadline: float) -> None:
        loop = asyncio.get_running_loop()
        comes = self._comes = loop.create_future()
        # An event loop's clock is the same one.
        timer = loop.call_at(deadline, _time_up, comes)
        try:
            await comes
        finally:
            timer.cancel()


def _time_up(comes: asyncio.Future[None]) -> None:
    if not comes.done():
        comes.set_exception(TimeoutError())
