"""The names of headers as clients write them: uvicorn has them in small letters, and a REST API's event does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

_KEY = "samlocal.headers"


class CasedProtocol(H11Protocol):
    """uvicorn's own on h11, which has the names as they came; they get into the scope's state."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        # A state of this connection's own, which each request's scope has a copy of.
        self.app_state = dict(self.app_state)
        self.conn = _Connection(self.conn, self.app_state)  # type: ignore[assignment]


class _Connection:
    """A connection that notes each request's headers before anyone has it."""

    def __init__(self, connection: h11.Connection, state: dict[str, Any]) -> None:
        self._connection = connection
        self._state = state

    def next_event(self) -> object:
        event = self._connection.next_event()
        if isinstance(event, h11.Request):
            self._state[_KEY] = event.headers.raw_items()
        return event

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def cased_headers(scope: Mapping[str, Any]) -> list[tuple[bytes, bytes]] | None:
    """None where another protocol serves."""
    state = scope.get("state")
    return state.get(_KEY) if isinstance(state, dict) else None
