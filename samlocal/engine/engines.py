"""The engines of a project: each connected when the first function wants it, and kept open."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from samlocal.engine import Engine
from samlocal.engine.context import Address, address_of
from samlocal.engine_choice import CURRENT, NamedEngine
from samlocal.errors import EngineError


class Engines:
    """Those that the process's variables lead to. ``notice`` is told when one of them stays silent.

    Threads may share it; one that is far away holds up nobody who wants another.
    """

    def __init__(self, environ: Mapping[str, str], *, notice: Callable[[str], None] | None = None) -> None:
        self._environ = environ
        self._notice = notice
        self._connected: dict[str, Engine] = {}
        self._addresses: dict[str, Address | None] = {}
        self._connecting: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def at(self, place: str) -> Engine:
        """The engine of a NamedEngine's ``at``. Raises EngineError."""
        with self._lock:
            connecting = self._connecting.setdefault(place, threading.Lock())
        with connecting:
            if place not in self._connected:
                address = address_of(place, self._environ)
                engine = Engine.connect(self._environ, at=place, notice=self._notice)
                with self._lock:
                    self._addresses[place], self._connected[place] = address, engine
            return self._connected[place]

    def of(self, named: NamedEngine | None) -> Engine:
        """Raises EngineError."""
        return self.at(named.at if named is not None else CURRENT)

    def hold(self) -> bool:
        """Whether what they were connected by still means the same: another context may have been chosen since.

        Raises EngineError for a context that is none.
        """
        with self._lock:
            connected = {place: self._addresses[place] for place in self._connected}
        return all(address_of(place, self._environ) == address for place, address in connected.items())

    @property
    def connected(self) -> tuple[Engine, ...]:
        """Those that have been asked for."""
        with self._lock:
            return tuple(self._connected.values())

    def close(self) -> None:
        with self._lock:
            connected, self._connected = list(self._connected.values()), {}
        for engine in connected:
            engine.close()


@contextmanager
def wanted(named: NamedEngine | None, *, by: str) -> Iterator[None]:
    """Has an EngineError in its block say who wants the engine, and where the user says so."""
    try:
        yield
    except EngineError as error:
        if named is None:
            raise
        raise EngineError(f"{named.origin}, where {by} is to run: {error.message}", tip=error.tip) from error
