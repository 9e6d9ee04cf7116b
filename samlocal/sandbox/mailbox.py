"""Where a sandbox finds what the APIs and the container tell it."""

from __future__ import annotations

import asyncio

from samlocal.errors import EngineError
from samlocal.sandbox.messages import Broken, Message


class Mailbox:
    """A queue on the event loop."""

    def __init__(self) -> None:
        self._messages: asyncio.Queue[Message] = asyncio.Queue()

    def put(self, message: Message) -> None:
        self._messages.put_nowait(message)

    async def take(self, deadline: float) -> Message:
        """The next message; ``deadline`` is ``time.monotonic``'s.

        Raises TimeoutError then, and whatever broke samlocal's own side.
        """
        message = self._there()
        if message is None:
            # An event loop's clock is the same one.
            async with asyncio.timeout_at(deadline):
                message = await self._messages.get()
        if isinstance(message, Broken):
            if isinstance(message.error, EngineError):
                raise message.error
            raise EngineError(f"The sandbox broke: {message.error!r}.") from message.error
        return message

    def take_all(self) -> tuple[Message, ...]:
        """What is there."""
        found = []
        while (message := self._there()) is not None:
            found.append(message)
        return tuple(found)

    def _there(self) -> Message | None:
        try:
            return self._messages.get_nowait()
        except asyncio.QueueEmpty:
            return None
