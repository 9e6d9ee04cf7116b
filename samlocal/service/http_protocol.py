"""How what is served speaks HTTP: as uvicorn does, on llhttp where requests are plain and on h11 for all others."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from samlocal.plain_request import head_and_body
from samlocal.service.response_cycle import ResponseCycle

_KEY = "samlocal.headers"


class PlainProtocol(HttpToolsProtocol):
    """A connection's, up to the first request that is not plain (samlocal/plain_request.py).

    A request is looked at when the one before has its answer, and no sooner: what comes too early is kept.
    """

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._left = 0
        self._kept = b""
        self._names: list[tuple[bytes, bytes]] = []

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        while data and not self.transport.is_closing():
            if not self._left:
                if self.cycle is not None and not self.cycle.response_complete:
                    self._kept += data
                    self.flow.pause_reading()
                    return
                found = head_and_body(data)
                if found is None:
                    self._leave_to_any(data)
                    return
                self._left = sum(found)
            part, data = data[: self._left], data[self._left :]
            self._left -= len(part)
            super().data_received(part)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        # Of this request's own scope.
        self._names = self.scope["state"][_KEY] = []

    def on_header(self, name: bytes, value: bytes) -> None:
        # llhttp leaves the blanks behind it.
        value = value.strip(b" \t")
        self._names.append((name, value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        path, _, query = self.url.partition(b"?")
        self.scope |= {
            "method": self.parser.get_method().decode("ascii"),
            "path": unquote(path.decode("ascii")),
            "raw_path": path,
            "query_string": query,
        }
        self.cycle = ResponseCycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        task = self.loop.create_task(self.cycle.run_asgi(self.app))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        kept, self._kept = self._kept, b""
        if kept:
            self.data_received(kept)

    def _leave_to_any(self, data: bytes) -> None:
        self.connections.discard(self)
        protocol = AnyProtocol(
            config=self.config, server_state=self.server_state, app_state=self.app_state, _loop=self.loop
        )
        protocol.connection_made(self.transport)
        self.transport.set_protocol(protocol)
        protocol.data_received(data)


class AnyProtocol(H11Protocol):
    """uvicorn's own on h11."""

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


def cased_headers(scope: Mapping[str, Any]) -> list[tuple[bytes, bytes]]:
    """A request's headers, their names as the client wrote them; in small letters where another server has had it."""
    headers: list[tuple[bytes, bytes]] = scope.get("state", {}).get(_KEY) or scope["headers"]
    return headers
