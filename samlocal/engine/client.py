"""The SDK's client, with a word to the user where the engine accepts a request and then stays silent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import docker

_SILENT_SECONDS = 5.0
_LOOK_SECONDS = 0.5


def open_client(options: Mapping[str, Any], *, notice: Callable[[str], None] | None) -> docker.APIClient:
    """Raises docker.errors.DockerException. Every request ends at the SDK's own deadline, a minute."""
    from docker.api.client import APIClient

    if notice is None:
        return APIClient(version="auto", **options)
    where = options.get("base_url", "its default socket")
    patience = _Patience(lambda: notice(f"the Docker engine at {where} has been silent for 5 seconds; waiting on …"))

    class Client(APIClient):
        def send(self, *args: Any, **named: Any) -> Any:
            with patience.during():
                return super().send(*args, **named)

    return Client(version="auto", **options)


class _Patience:
    """Calls ``said`` once, when a request has gone unanswered for long."""

    def __init__(self, said: Callable[[], None]) -> None:
        self._say = said
        self._said = False
        self._lock = threading.Lock()
        self._asked: dict[object, float] = {}
        self._watching = False

    @contextmanager
    def during(self) -> Iterator[None]:
        request = object()
        with self._lock:
            self._asked[request] = time.monotonic()
            if not self._watching and not self._said:
                self._watching = True
                threading.Thread(target=self._watch, name="samlocal-patience", daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                del self._asked[request]

    def _watch(self) -> None:
        """As long as there are requests: an engine that nobody asks is not watched."""
        while True:
            time.sleep(_LOOK_SECONDS)
            with self._lock:
                oldest = min(self._asked.values(), default=None)
                self._said = oldest is not None and time.monotonic() - oldest >= _SILENT_SECONDS
                self._watching = oldest is not None and not self._said
                if not self._watching:
                    break
        if self._said:
            self._say()
