"""Where samlocal is reached by the container of one sandbox, and how it reaches into it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from samlocal.artifact.engine_disk.standpoint import Standpoint
from samlocal.engine import Engine
from samlocal.sandbox.network.endpoint import Endpoint
from samlocal.sandbox.network.route import HOST_NETWORK, Route, bound_socket, open_route

if TYPE_CHECKING:
    from samlocal.sandbox.network.relay_container import RelayContainer, Take
    from samlocal.sandbox.network.relay_image import RelayImage
    from samlocal.sandbox.session import Session


class Door(Struct, frozen=True, kw_only=True):
    """Leads to an ``endpoint`` that only this machine can reach, or to the APIs where that is None.

    ``listening`` is None where a relay listens for it.
    """

    endpoint: Endpoint | None
    port: int
    listening: socket.socket | None


class Sockets:
    """The doors of one sandbox. ``endpoints`` are by the variables that name them to the function."""

    def __init__(self, route: Route, doors: tuple[Door, ...], endpoints: Mapping[str, Endpoint]) -> None:
        """The first door is the APIs'."""
        self.route = route
        self.doors = doors
        self.endpoints = endpoints
        self._relay: RelayContainer | None = None

    @classmethod
    def open(
        cls, engine: Engine, network: str, endpoints: Mapping[str, Endpoint], standpoint: Standpoint | None
    ) -> Sockets:
        """Listens already. Raises EngineError where the network's containers cannot reach this machine."""
        route, listening = open_route(engine, network, standpoint)
        opened = [listening]
        try:
            doors = [Door(endpoint=None, port=_port(listening), listening=listening)]
            for endpoint in _relayed(endpoints, network=route.network):
                opened.append(bound_socket(route.host, ahead=route.ahead))
                doors.append(Door(endpoint=endpoint, port=_port(opened[-1]), listening=opened[-1]))
        except BaseException:
            for each in opened:
                each.close()
            raise
        return cls(route, tuple(doors), endpoints)

    @classmethod
    async def far(
        cls, engine: Engine, network: str, endpoints: Mapping[str, Endpoint], *, image: RelayImage, session: Session
    ) -> Sockets:
        """The same where a relay has to listen, on the engine's side. Raises EngineError."""
        relay = await session.relays.relay(engine, image, network=network)
        led_to = (None, *_relayed(endpoints, network=None))
        doors = (
            Door(endpoint=endpoint, port=port, listening=None)
            for endpoint, port in zip(led_to, await relay.listen(len(led_to)), strict=True)
        )
        made = cls(Route(network=network, host="", seen_as=relay.address, publishes=False), tuple(doors), endpoints)
        made._relay = relay
        return made

    @property
    def port(self) -> int:
        """Of the APIs."""
        return self.doors[0].port

    @property
    def variables(self) -> dict[str, str]:
        """The addresses of samlocal, as the container has them."""
        return {"AWS_LAMBDA_RUNTIME_API": f"{self.route.seen_as}:{self.port}"} | {
            name: self._seen(endpoint) for name, endpoint in self.endpoints.items()
        }

    async def connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to a listener in the container, whose address is ``host``. Raises OSError."""
        if self._relay is not None:
            return await self._relay.connect(host, port)
        return await asyncio.open_connection(host, port)

    def serve(self, takers: Sequence[Take]) -> None:
        """Gives each door's connections to its taker, where a relay listens for them."""
        if self._relay is not None:
            self._relay.serve([door.port for door in self.doors], takers)

    async def broken(self) -> None:
        """Raises EngineError when the way that somebody else holds open is so no longer."""
        if self._relay is not None:
            await self._relay.broken()

    def close(self) -> None:
        for door in self.doors:
            if door.listening is not None:
                door.listening.close()
        if self._relay is not None:
            self._relay.leave([door.port for door in self.doors])

    def _seen(self, endpoint: Endpoint) -> str:
        port = next((door.port for door in self.doors if door.endpoint == endpoint), None)
        return endpoint.url if port is None else endpoint.at(self.route.seen_as, port)


def _relayed(endpoints: Mapping[str, Endpoint], *, network: str | None) -> tuple[Endpoint, ...]:
    """Those that only this machine can reach."""
    if network == HOST_NETWORK:
        return ()
    return tuple(endpoint for endpoint in dict.fromkeys(endpoints.values()) if endpoint.on_loopback)


def _port(listening: socket.socket) -> int:
    return int(listening.getsockname()[1])
