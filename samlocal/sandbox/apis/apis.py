"""What samlocal serves to one sandbox: its sockets, and the APIs on an event loop in a thread of their own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from samlocal.sandbox.apis.telemetry import Telemetry
from samlocal.sandbox.journal import Journal
from samlocal.sandbox.messages import Event, Message, Ready, Shutdown
from samlocal.sandbox.network.endpoint import Endpoint
from samlocal.sandbox.network.route import HOST_NETWORK, LOOPBACK, Route, Whereabouts, bound_socket

if TYPE_CHECKING:
    from samlocal.sandbox.apis.extensions import Extensions
    from samlocal.sandbox.apis.listener import Connected, Listener, LoopThread
    from samlocal.sandbox.apis.runtime_api import RuntimeApi
    from samlocal.sandbox.apis.telemetry_api import TelemetryApi
    from samlocal.sandbox.network.peers import Peers


_NOT_DELIVERED = (
    "samlocal: the telemetry did not reach every extension in time. Either one does not listen where it said, or "
    "this machine cannot reach containers: an engine in a virtual machine, such as Docker Desktop's, does not let it."
)


_SHARED = (
    "others on this machine cannot be told from the function on the network {network}: they could read its events, "
    "and answer them. Without --docker-network the function has one where they can."
)

# What the imports, and the loop, may take to come to an end.
_CLOSE_SECONDS = 10.0


class Teller:
    """Hands messages to whoever listens to the sandbox's present processes, on the loop."""

    def __init__(self, tell: Callable[[Message], None]) -> None:
        self.tell = tell

    def __call__(self, message: Message) -> None:
        self.tell(message)


class Services(Struct, frozen=True, kw_only=True):
    """What lives on the loop."""

    runtime: RuntimeApi
    extensions: Extensions
    telemetry_api: TelemetryApi
    teller: Teller
    peers: Peers
    listeners: tuple[Listener, ...]

    def restart(self, start_runtime: Callable[[], None] | None, tell: Callable[[Message], None]) -> None:
        """Forgets the processes before; ``tell`` hears of the next ones. ``start_runtime`` as Extensions has it."""
        self.disown()
        self.teller.tell = tell
        self.runtime.restart()
        self.extensions.restart(start_runtime)
        self.telemetry_api.restart()

    def disown(self) -> None:
        """The container is gone: nobody who had its address is talked to any more."""
        self.peers.forget()
        for listener in self.listeners:
            listener.hang_up()

    def started(self, container: Whereabouts) -> None:
        self.peers.expect(container)

    def invoke(self, event: Event) -> None:
        self.extensions.invoke(event)
        self.runtime.offer(event)


class Apis:
    """Serves one sandbox. ``tell`` gets each message, on the loop; ``broken`` the failure of samlocal's own side.

    ``notice`` gets what the user should know.

    ``post`` reaches what is served from any thread, before it is there too: the servers' imports take as long as the
    container's start and run beside it.
    """

    def __init__(
        self,
        route: Route,
        listening: socket.socket,
        *,
        endpoint: Endpoint | None,
        tell: Callable[[Message], None],
        broken: Callable[[BaseException], None],
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._notice = notice
        self._route = route
        self._listening = listening
        self._endpoint = endpoint
        self._tell = tell
        self._broken = broken
        self._relaying = self._open_relay()
        self._lock = threading.Lock()
        self._waiting: list[Callable[[Services], None]] = []
        self._served: Services | None = None
        self._loop: LoopThread | None = None
        self._thread: threading.Thread | None = None
        self._journal: Journal | None = None
        self.port = int(listening.getsockname()[1])
        self.telemetry = Telemetry(self._on_loop)
        self.container_host: str | None = None
        """Where the container's own listeners are reached from this machine, once that is known."""

    @property
    def variables(self) -> dict[str, str]:
        """The addresses of samlocal, as the container has them."""
        own = {"AWS_LAMBDA_RUNTIME_API": f"{self._route.seen_as}:{self.port}"}
        if self._endpoint is None:
            return own
        if self._relaying is None:
            return own | {"AWS_ENDPOINT_URL": self._endpoint.url}
        return own | {
            "AWS_ENDPOINT_URL": self._endpoint.at(self._route.seen_as, int(self._relaying.getsockname()[1]))
        }

    @property
    def grace(self) -> float:
        """Seconds that the shutdown of the processes there are may take."""
        return self._served.extensions.grace if self._served is not None else 0.0

    @property
    def external(self) -> bool:
        """Whether there are external extensions."""
        return self._served is not None and self._served.extensions.external

    def begin(self, journal: Journal) -> None:
        """Starts serving, once; returns at once."""
        self._journal = journal
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, args=(journal,), name="samlocal-serve", daemon=True)
            self._thread.start()

    def post(self, action: Callable[[Services], None]) -> None:
        """Calls a function on the loop, soon."""
        with self._lock:
            if self._served is None or self._loop is None:
                self._waiting.append(action)
            else:
                self._loop.call(action, self._served)

    def shut_down(self, shutdown: Shutdown, *, flush_seconds: float) -> None:
        """Sends the extensions what is buffered for them, then the word that the sandbox ends."""

        async def task(served: Services) -> None:
            import asyncio

            try:
                async with asyncio.timeout(flush_seconds):
                    await self.telemetry.flush()
            except TimeoutError:
                if self._journal is not None:
                    self._journal.line(_NOT_DELIVERED)
            served.extensions.shut_down(shutdown)

        def begin(served: Services) -> None:
            if self._loop is not None:
                self._loop.run(task(served), self._broken)

        self.post(begin)

    def close(self) -> None:
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)
        if self._loop is not None:
            self._loop.close()
        self._listening.close()
        if self._relaying is not None:
            self._relaying.close()

    def _on_loop(self, function: Callable[[], None]) -> None:
        self.post(lambda _: function())

    def _open_relay(self) -> socket.socket | None:
        """A socket beside the APIs' for an endpoint that only this machine can reach."""
        endpoint = self._endpoint
        if endpoint is None or not endpoint.on_loopback or self._route.network == HOST_NETWORK:
            return None
        return bound_socket(self._route.host)

    def _serve(self, journal: Journal) -> None:
        try:
            from samlocal.sandbox.apis.listener import LoopThread

            loop = LoopThread("samlocal-apis")
            self._loop = loop
            loop.call(self._compose, loop, journal)
        except BaseException as error:
            self._broken(error)

    def _compose(self, loop: LoopThread, journal: Journal) -> None:
        """Puts together what is served, on the loop."""
        try:
            from samlocal.sandbox.apis.extensions import Extensions
            from samlocal.sandbox.apis.extensions_api import ExtensionsApi
            from samlocal.sandbox.apis.listener import Listener
            from samlocal.sandbox.apis.runtime_api import RuntimeApi
            from samlocal.sandbox.apis.server import Server
            from samlocal.sandbox.apis.telemetry_api import TelemetryApi
            from samlocal.sandbox.network.peers import Peers
            from samlocal.sandbox.network.relay import relay

            teller = Teller(self._tell)
            extensions = Extensions(teller, journal)

            def tell(message: Message) -> None:
                teller(message)
                if isinstance(message, Ready):
                    extensions.runtime_ready()

            telemetry_api = TelemetryApi(extensions, self.telemetry, journal, host=lambda: self.container_host)
            extensions.init_ended = telemetry_api.close
            runtime = RuntimeApi(tell)
            extensions_api = ExtensionsApi(extensions, journal.subject)
            server = Server([*runtime.routes, *extensions_api.routes, *telemetry_api.routes], self._broken)
            peers = Peers(self._route, lambda: self._notice(_SHARED.format(network=self._route.network)))
            kept: list[tuple[socket.socket, Connected]] = [(self._listening, server.serve)]
            if self._relaying is not None and self._endpoint is not None:
                kept.append((self._relaying, relay(self._endpoint)))
            listeners = tuple(
                Listener(listening, admits=peers.admits, connected=connected, failed=self._broken)
                for listening, connected in kept
            )
            served = Services(
                runtime=runtime,
                extensions=extensions,
                telemetry_api=telemetry_api,
                teller=teller,
                peers=peers,
                listeners=listeners,
            )
            with self._lock:
                self._served = served
                for action in self._waiting:
                    loop.call(action, served)
                self._waiting.clear()
            for listener in listeners:
                loop.run(listener.run(), self._broken)
        except BaseException as error:
            self._broken(error)


def host_of_container(route: Route, address: str | None) -> str | None:
    """Where a container's listeners are reached from this machine, by the container's address on its network."""
    return LOOPBACK if route.network == HOST_NETWORK else address
