"""The sockets that one sandbox listens on, and their addresses as its container has them."""

from __future__ import annotations

import socket

from samlocal.engine import Engine
from samlocal.sandbox.network.endpoint import Endpoint
from samlocal.sandbox.network.route import HOST_NETWORK, Route, bound_socket, open_route


class Sockets:
    """``apis`` is for the APIs, ``relay`` beside it for an endpoint that only this machine can reach."""

    def __init__(self, route: Route, apis: socket.socket, endpoint: Endpoint | None) -> None:
        self.route = route
        self.apis = apis
        self.endpoint = endpoint
        self.port = int(apis.getsockname()[1])
        relayed = endpoint is not None and endpoint.on_loopback and route.network != HOST_NETWORK
        self.relay = bound_socket(route.host) if relayed else None

    @classmethod
    def open(cls, engine: Engine, network: str, endpoint: Endpoint | None) -> Sockets:
        """Raises EngineError where the network's containers cannot reach this machine."""
        route, listening = open_route(engine, network)
        try:
            return cls(route, listening, endpoint)
        except BaseException:
            listening.close()
            raise

    @property
    def variables(self) -> dict[str, str]:
        """The addresses of samlocal, as the container has them."""
        own = {"AWS_LAMBDA_RUNTIME_API": f"{self.route.seen_as}:{self.port}"}
        if self.endpoint is None:
            return own
        if self.relay is None:
            return own | {"AWS_ENDPOINT_URL": self.endpoint.url}
        return own | {"AWS_ENDPOINT_URL": self.endpoint.at(self.route.seen_as, int(self.relay.getsockname()[1]))}

    def close(self) -> None:
        self.apis.close()
        if self.relay is not None:
            self.relay.close()
