"""Builds that are under way, for whoever waits for them no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Protocol


class Stops(Protocol):
    """What builds."""

    def stop(self) -> None:
        """Ends the builds that run."""


class UnderWay:
    """One project's, in whatever threads."""

    def __init__(self) -> None:
        self._builders: list[Stops] = []
        self._is_stopped = False
        self._lock = Lock()

    @contextmanager
    def by(self, builder: Stops) -> Iterator[None]:
        """It builds within the block, but where all has been stopped."""
        with self._lock:
            self._builders.append(builder)
            if self._is_stopped:
                builder.stop()
        try:
            yield
        finally:
            with self._lock:
                self._builders.remove(builder)

    def stop(self) -> None:
        """Ends all that is built, and what would be: who waits for it hears that it has failed."""
        with self._lock:
            self._is_stopped = True
            for builder in self._builders:
                builder.stop()
