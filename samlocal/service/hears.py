"""Who hears what becomes of events: the command line shows them."""

from __future__ import annotations

from typing import Protocol

from samlocal.pool.throttle import Throttled
from samlocal.sandbox.invocation import Invocation


class HearsEvents(Protocol):
    """Knows events by their function's and their request's ids."""

    def begun(self, function: str, request_id: str) -> None:
        """One is on its way to a sandbox."""

    def ended(
        self, request_id: str, came_of_it: Invocation | Throttled | None, failure: BaseException | None = None
    ) -> None:
        """It is over; ``failure`` is why nothing came of it."""
