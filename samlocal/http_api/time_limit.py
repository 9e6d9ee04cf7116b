"""How long the templates, schemas and patterns that a user brings may work on one request.

They work in a thread: what one request makes them do keeps no other waiting. Nobody can end a thread from outside, so
what may go on for ever in it asks how much time there is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")

# Of processor time: what waits for a busy machine has not worked. What API Gateway has for it is not told; this is
# far below the 29 s after which nobody would wait for an answer.
_SECONDS = 2.0

_until: ContextVar[float | None] = ContextVar("samlocal_until", default=None)


class TimeLimitError(Exception):
    """The message says what does not come to an end."""

    def __init__(self, what: str = "it") -> None:
        super().__init__(f"{what} does not come to an end within {_SECONDS:g} s")


async def aside(work: Callable[[], T]) -> T:
    """What the work returns or raises, which may be TimeLimitError: it has its own time, in a thread."""

    def limited() -> T:
        _until.set(time.thread_time() + _SECONDS)
        return work()

    # The thread has a copy of the context: nobody else's time is set.
    return await asyncio.to_thread(limited)


def time_left() -> float:
    """In seconds, more than 0; all of it outside of such work. Raises TimeLimitError."""
    until = _until.get()
    left = _SECONDS if until is None else until - time.thread_time()
    if left <= 0:
        raise TimeLimitError
    return left
