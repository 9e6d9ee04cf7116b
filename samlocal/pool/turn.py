"""An event on its way to a sandbox."""

from __future__ import annotations

import asyncio
import contextvars

from samlocal.pool.pooled import Pooled, State
from samlocal.pool.throttle import Throttled

OF_A_FUNCTION: contextvars.ContextVar[bool] = contextvars.ContextVar("OF_A_FUNCTION", default=False)
"""Whether a function that runs waits for the event: where those that run had all the room, none would ever end."""


class Turn:
    """An event that needs a sandbox; or, with ``ahead``, the wish that the function has so many.

    What is started for it is started in its context (``contextvars``).
    """

    def __init__(self, function_id: str, tenant: str | None, *, ahead: int = 0) -> None:
        self.function_id = function_id
        self.tenant = tenant
        self.ahead = ahead
        self.context = contextvars.copy_context()
        self.is_of_a_function = OF_A_FUNCTION.get()
        self.place: asyncio.Future[Pooled | Throttled] = asyncio.get_running_loop().create_future()
        # Of an event whose place is still starting: one that is free before.
        self.instead: asyncio.Future[Pooled] = asyncio.get_running_loop().create_future()

    @property
    def starts(self) -> Pooled | None:
        """The sandbox whose start it waits for."""
        if not self.place.done() or self.place.cancelled() or self.place.exception() is not None:
            return None
        place = self.place.result()
        waits = isinstance(place, Pooled) and place.state is State.STARTING and not self.instead.done()
        return place if waits and isinstance(place, Pooled) else None

    def leave(self) -> None:
        """Nobody waits for it any more, nor for why there is none."""
        if not self.place.cancel() and not self.place.cancelled():
            self.place.exception()
