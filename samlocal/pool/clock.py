"""The time by which sandboxes age."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """What was to be called later."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """``now`` is in seconds since whenever, ``epoch`` since 1970."""

    def now(self) -> float: ...

    def epoch(self) -> float: ...

    def call_later(self, seconds: float, call: Callable[[], object]) -> Timer: ...


class SystemClock:
    """This machine's."""

    def now(self) -> float:
        return time.monotonic()

    def epoch(self) -> float:
        return time.time()

    def call_later(self, seconds: float, call: Callable[[], object]) -> Timer:
        return asyncio.get_running_loop().call_later(seconds, call)
