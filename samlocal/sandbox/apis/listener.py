"""The connections that come in to a sandbox."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeAlias

from samlocal.engine.streams import readable
from samlocal.sandbox.apis.incoming import Incoming, streams

Admits: TypeAlias = Callable[[socket.socket, str], Awaitable[bool]]
Connected: TypeAlias = Callable[[Incoming, asyncio.StreamWriter], Coroutine[Any, Any, None]]
Failed: TypeAlias = Callable[[BaseException], None]

# A runtime and ten extensions need a handful; each costs a file of samlocal's own, of which macOS gives 256.
_CONNECTIONS = 100

# How long nothing is accepted while this process, or the machine, has no file left to accept it with.
_PAUSE_SECONDS = 0.05


class Listener:
    """Takes the connections that ``admits`` lets in by their address, so many at once of each.

    They come in at a socket, which somebody else may take them from: ``listening`` is None then.
    ``connected`` serves one connection to its end. That it breaks off is no news; any other error goes to ``failed``.
    """

    def __init__(
        self, listening: socket.socket | None, *, admits: Admits, connected: Connected, failed: Failed
    ) -> None:
        self._listening = listening
        self._admits = admits
        self._connected = connected
        self._failed = failed
        self._open: dict[asyncio.Task[None], str] = {}
        self._of_address: Counter[str] = Counter()

    async def run(self) -> None:
        """Accepts until the task is cancelled, and then hangs up on everybody."""
        listening = self._listening
        try:
            if listening is None:
                await asyncio.Event().wait()
                return
            while True:
                await readable(listening)
                try:
                    connection, (address, *_) = listening.accept()
                    connection.setblocking(False)
                except BlockingIOError:
                    # It has hung up again.
                    continue
                except OSError:
                    await asyncio.sleep(_PAUSE_SECONDS)
                    continue
                # With Nagle's algorithm each answer waits 40 ms.
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.take(connection, address)
        finally:
            self.hang_up()

    def take(self, connection: socket.socket, address: str) -> None:
        """A connection that has come from an address."""
        if self._of_address[address] >= _CONNECTIONS:
            connection.close()
            return
        task = asyncio.get_running_loop().create_task(self._serve(connection, address))
        self._open[task] = address
        self._of_address[address] += 1
        task.add_done_callback(self._ended)

    def hang_up(self) -> None:
        """Ends the connections there are; new ones are taken."""
        for task in self._open:
            task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        address = self._open.pop(task)
        self._of_address[address] -= 1
        if not self._of_address[address]:
            del self._of_address[address]

    async def _serve(self, connection: socket.socket, address: str) -> None:
        writer: asyncio.StreamWriter | None = None
        try:
            if not await self._admits(connection, address):
                return
            reader, writer = await streams(connection)
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
