"""The thread with the event loop that serves a sandbox, and the HTTP server on it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, MutableMapping
from typing import Any, TypeAlias

TRAILERS = "samlocal.trailers"
"""In an ASGI scope: a function that gives the request's HTTP trailers once its body has been read."""

_Scope: TypeAlias = MutableMapping[str, Any]
_App: TypeAlias = Callable[[_Scope, Any, Any], Coroutine[Any, Any, None]]


class LoopThread:
    """An event loop in a thread of its own."""

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        # The loop itself holds its tasks only weakly.
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self.loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def call(self, function: Callable[..., object], *arguments: object) -> None:
        """Calls a function on the loop, soon."""
        self.loop.call_soon_threadsafe(function, *arguments)

    def run(self, task: Coroutine[Any, Any, None], failed: Callable[[BaseException], None]) -> None:
        """Runs a task on the loop; ``failed`` is called there if it ends in an error."""

        def ended(future: asyncio.Task[None]) -> None:
            self._tasks.discard(future)
            if not future.cancelled() and future.exception() is not None:
                failed(future.exception() or RuntimeError())

        def begin() -> None:
            future = self.loop.create_task(task)
            self._tasks.add(future)
            future.add_done_callback(ended)

        self.call(begin)

    def close(self) -> None:
        """Ends the loop with everything that runs on it."""
        self.call(self._stop)
        self._thread.join(timeout=2)
        if not self._thread.is_alive():
            self.loop.close()

    def _stop(self) -> None:
        # The servers first, which hang up; then what they had begun.
        for task in self._tasks:
            task.cancel()
        self.loop.call_soon(self._stop_rest)

    def _stop_rest(self) -> None:
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.call_soon(self.loop.stop)


async def serve(listening: socket.socket, app: _App, failed: Callable[[BaseException], None]) -> None:
    """Serves an ASGI application on a socket, on this loop, until the task is cancelled.

    ``failed`` is called with an error of the application's own.
    """
    import logging

    import h11
    import uvicorn
    from uvicorn.protocols.http.h11_impl import H11Protocol
    from uvicorn.server import ServerState

    class Connection(h11.Connection):
        """Keeps the trailers, which ASGI has no place for."""

        def __init__(self) -> None:
            super().__init__(h11.SERVER)
            self.trailers: dict[str, str] = {}

        def next_event(self) -> Any:
            event = super().next_event()
            if isinstance(event, h11.EndOfMessage):
                self.trailers = {name.decode().lower(): value.decode() for name, value in event.headers}
            return event

    class Protocol(H11Protocol):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            connection = self.conn = Connection()

            async def with_trailers(scope: _Scope, receive: Any, send: Any) -> None:
                scope[TRAILERS] = lambda: connection.trailers
                try:
                    await app(scope, receive, send)
                except Exception as error:
                    failed(error)
                    raise

            self.app = with_trailers

    # What goes wrong is told to `failed`; what is cut off at the end is no news, least of all on standard error.
    logging.getLogger("uvicorn.error").disabled = True
    config = uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=3600,
    )
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: Protocol(config=config, server_state=state, app_state={}), sock=listening
    )
    try:
        async with server:
            await server.serve_forever()
    finally:
        for connection in list(state.connections):
            connection.transport.abort()
