"""What samlocal serves to one sandbox, put together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from samlocal.sandbox.apis.extensions import Extensions
from samlocal.sandbox.apis.extensions_api import ExtensionsApi
from samlocal.sandbox.apis.listener import Listener
from samlocal.sandbox.apis.runtime_api import RuntimeApi
from samlocal.sandbox.apis.server import Server
from samlocal.sandbox.apis.telemetry import Telemetry
from samlocal.sandbox.apis.telemetry_api import TelemetryApi
from samlocal.sandbox.journal import Journal
from samlocal.sandbox.messages import Broken, Event, Message, Ready, Shutdown
from samlocal.sandbox.network.peers import Peers
from samlocal.sandbox.network.relay import relay
from samlocal.sandbox.network.route import HOST_NETWORK, LOOPBACK, Whereabouts
from samlocal.sandbox.network.sockets import Sockets
from samlocal.sandbox.tasks import Tasks

_NOT_DELIVERED = (
    "samlocal: the telemetry did not reach every extension in time. Either one does not listen where it said, or "
    "this machine cannot reach containers: an engine in a virtual machine, such as Docker Desktop's, does not let it."
)

_SHARED = (
    "others on this machine cannot be told from the function on the network {network}: they could read its events, "
    "and answer them. Without --docker-network the function has one where they can."
)


class Apis:
    """Serves one sandbox, on the event loop, from the first ``restart`` on.

    ``tell`` hears what the present container does.
    """

    def __init__(self, sockets: Sockets, *, journal: Journal, telemetry: Telemetry) -> None:
        self._sockets = sockets
        self._journal = journal
        self._telemetry = telemetry
        self._tell: Callable[[Message], None] = lambda _: None
        self._tasks = Tasks(self._broken)
        # Where the container's own listeners are reached from this machine, once that is known.
        self._container_host: str | None = None
        self.extensions = Extensions(lambda message: self._tell(message), journal)
        self._telemetry_api = TelemetryApi(self.extensions, telemetry, journal, connect=self.connect)
        self.extensions.init_ended = self._telemetry_api.close
        self._runtime = RuntimeApi(self._of_runtime)
        extensions_api = ExtensionsApi(self.extensions, journal.subject)
        routes = [*self._runtime.routes, *extensions_api.routes, *self._telemetry_api.routes]
        self._peers = Peers(sockets.route, lambda: journal.remark(_SHARED.format(network=sockets.route.network)))
        server = Server(routes, self._broken)
        self._listeners = [
            Listener(
                door.listening,
                admits=self._peers.admits,
                connected=server.serve if door.endpoint is None else relay(door.endpoint),
                failed=self._broken,
            )
            for door in sockets.doors
        ]
        for listener in self._listeners:
            self._tasks.start(listener.run())
        sockets.serve([listener.take for listener in self._listeners])
        self._tasks.start(sockets.broken())

    @property
    def grace(self) -> float:
        """Seconds that the shutdown of the processes there are may take."""
        return self.extensions.grace

    def restart(self, start_runtime: Callable[[], None] | None, tell: Callable[[Message], None]) -> None:
        """Forgets the processes before; ``tell`` hears of the next ones. ``start_runtime`` as Extensions has it."""
        self.disown()
        self._tell = tell
        self._runtime.restart()
        self.extensions.restart(start_runtime)
        self._telemetry_api.restart()

    def disown(self) -> None:
        """The container is gone: nobody who had its address is talked to any more."""
        self._telemetry.end()
        self._peers.forget()
        for listener in self._listeners:
            listener.hang_up()

    def started(self, container: Whereabouts) -> None:
        """The container that may talk to the APIs from now on."""
        # On the host's network its listeners are this machine's.
        self._container_host = LOOPBACK if self._sockets.route.network == HOST_NETWORK else container.address
        self._peers.expect(container)

    def invoke(self, event: Event) -> None:
        self.extensions.invoke(event)
        self._runtime.offer(event)

    async def shut_down(self, shutdown: Shutdown, *, flush_seconds: float) -> None:
        """Sends the extensions what is buffered for them, then the word that the sandbox ends."""
        try:
            async with asyncio.timeout(flush_seconds):
                await self._telemetry.flush()
        except TimeoutError:
            self._journal.line(_NOT_DELIVERED)
        self.extensions.shut_down(shutdown)

    async def close(self) -> None:
        self.disown()
        await self._tasks.end()

    async def connect(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to a listener in the container. Raises OSError."""
        if self._container_host is None:
            raise OSError("the container has no address yet")
        return await self._sockets.connect(self._container_host, port)

    def _of_runtime(self, message: Message) -> None:
        self._tell(message)
        if isinstance(message, Ready):
            self.extensions.runtime_ready()

    def _broken(self, error: BaseException) -> None:
        self._tell(Broken(error=error))
