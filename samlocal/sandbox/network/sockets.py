"""The sockets that one sandbox listens on, and their addresses as its container has them."""

from __future__ import annotations

import socket
from collections.abc import Mapping

from samlocal.engine import Engine
from samlocal.sandbox.network.endpoint import Endpoint
from samlocal.sandbox.network.route import HOST_NETWORK, Route, bound_socket, open_route


class Sockets:
    """``apis`` is for the APIs, ``relays`` beside it are for endpoints that only this machine can reach.

    ``endpoints`` are by the variables that name them to the function.
    """

    def __init__(self, route: Route, apis: socket.socket, endpoints: Mapping[str, Endpoint]) -> None:
        self.route = route
        self.apis = apis
        self.endpoints = endpoints
        self.port = int(apis.getsockname()[1])
        self.relays: dict[Endpoint, socket.socket] = {}
        try:
            for endpoint in dict.fromkeys(endpoints.values()):
                if endpoint.on_loopback and route.network != HOST_NETWORK:
                    self.relays[endpoint] = bound_socket(route.host)
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(cls, engine: Engine, network: str, endpoints: Mapping[str, Endpoint]) -> Sockets:
        """Raises EngineError where the network's containers cannot reach this machine."""
        route, listening = open_route(engine, network)
        return cls(route, listening, endpoints)

    @property
    def variables(self) -> dict[str, str]:
        """The addresses of samlocal, as the container has them."""
        return {"AWS_LAMBDA_RUNTIME_API": f"{self.route.seen_as}:{self.port}"} | {
            name: self._seen(endpoint) for name, endpoint in self.endpoints.items()
        }

    def close(self) -> None:
        for each in (self.apis, *self.relays.values()):
            each.close()

    def _seen(self, endpoint: Endpoint) -> str:
        relay = self.relays.get(endpoint)
        return endpoint.url if relay is None else endpoint.at(self.route.seen_as, int(relay.getsockname()[1]))
