"""The thread with the event loop that serves sandboxes, and the connections that come in on it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeAlias

Admits: TypeAlias = Callable[[socket.socket], Awaitable[bool]]
Connected: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]
Failed: TypeAlias = Callable[[BaseException], None]

# A runtime and ten extensions need a handful; each costs a file of samlocal's own, of which macOS gives 256.
_CONNECTIONS = 100

# How long nothing is accepted while this process, or the machine, has no file left to accept it with.
_PAUSE_SECONDS = 0.05

# How long the end of what runs on the loop is waited for.
_END_SECONDS = 1.0


class LoopThread:
    """An event loop in a thread of its own."""

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(_quiet_about_connections)
        # The loop itself holds its tasks only weakly.
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self.loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def call(self, function: Callable[..., object], *arguments: object) -> None:
        """Calls a function on the loop, soon."""
        self.loop.call_soon_threadsafe(function, *arguments)

    def run(self, task: Coroutine[Any, Any, None], failed: Failed) -> None:
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
        self.run(self._stop(), lambda _: None)
        self._thread.join(timeout=2 * _END_SECONDS)
        if not self._thread.is_alive():
            self.loop.close()

    async def _stop(self) -> None:
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in others:
                task.cancel()
            _, left = await asyncio.wait(others, timeout=_END_SECONDS)
            if left:
                break
        # A connection that is broken off is closed in the loop's next round.
        await asyncio.sleep(0)
        self.loop.stop()


class Listener:
    """Takes the connections of one socket that ``admits`` lets in, so many at once of each address.

    ``connected`` serves one connection to its end. That it breaks off is no news; any other error goes to ``failed``.
    """

    def __init__(self, listening: socket.socket, *, admits: Admits, connected: Connected, failed: Failed) -> None:
        self._listening = listening
        self._admits = admits
        self._connected = connected
        self._failed = failed
        self._open: dict[asyncio.Task[None], str] = {}
        self._of_address: Counter[str] = Counter()

    async def run(self) -> None:
        """Accepts until the task is cancelled, and then hangs up on everybody."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                try:
                    connection, (address, *_) = await loop.sock_accept(self._listening)
                except OSError:
                    await asyncio.sleep(_PAUSE_SECONDS)
                    continue
                if self._of_address[address] >= _CONNECTIONS:
                    connection.close()
                    continue
                # With Nagle's algorithm each answer waits 40 ms.
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                task = loop.create_task(self._serve(connection))
                self._open[task] = address
                self._of_address[address] += 1
                task.add_done_callback(self._ended)
        finally:
            self.hang_up()

    def hang_up(self) -> None:
        """Ends the connections there are; new ones are taken."""
        for task in self._open:
            task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        address = self._open.pop(task)
        self._of_address[address] -= 1
        if not self._of_address[address]:
            del self._of_address[address]

    async def _serve(self, connection: socket.socket) -> None:
        writer: asyncio.StreamWriter | None = None
        try:
            if not await self._admits(connection):
                return
            reader, writer = await asyncio.open_connection(sock=connection)
            await self._connected(reader, writer)
            # What has been written still goes out.
            writer.close()
        except OSError:
            _abort(writer)
        except asyncio.CancelledError:
            _abort(writer)
            raise
        except Exception as error:
            _abort(writer)
            self._failed(error)
        finally:
            if writer is None:
                connection.close()


def _abort(writer: asyncio.StreamWriter | None) -> None:
    if writer is not None:
        writer.transport.abort()


def _quiet_about_connections(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A connection that breaks is no news, least of all on standard error."""
    if not isinstance(context.get("exception"), OSError):
        with contextlib.suppress(OSError):
            loop.default_exception_handler(context)
