"""The networks of a Docker engine."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from samlocal.engine.failures import translated
from samlocal.errors import EngineError

if TYPE_CHECKING:
    import docker

_BRIDGE = "bridge"
_INTERFACE = "com.docker.network.bridge.name"


class Network(Struct, frozen=True, kw_only=True):
    """A network as its engine describes it.

    ``gateway`` is None where the engine names none: for its default bridge until its first restart (moby issue
    26799), and for a network that was made with a subnet alone. ``interface`` is the bridge on the engine's machine,
    and ``first`` the first address of the subnet, which the engine gives that bridge unless told otherwise; a network
    that is no bridge has neither.
    """

    gateway: str | None
    interface: str | None
    first: str | None


class Networks:
    """What an engine's containers may be on. Every method raises EngineError when it does not answer."""

    def __init__(self, client: docker.APIClient) -> None:
        self._client = client

    def network(self, name: str) -> Network:
        from docker.errors import NotFound

        with translated(f"the network {name} cannot be looked up"):
            try:
                return _network(self._client.inspect_network(name))
            except NotFound as error:
                raise EngineError(
                    f"There is no Docker network {name}.", tip="`docker network ls` shows those there are."
                ) from error


def _network(described: Mapping[str, Any]) -> Network:
    pools = (described.get("IPAM") or {}).get("Config") or ()
    # A network with IPv6 has a pool for each.
    gateways = [pool["Gateway"] for pool in pools if pool.get("Gateway") and ":" not in pool["Gateway"]]
    gateway = str(gateways[0]) if gateways else None
    if described.get("Driver") != _BRIDGE:
        return Network(gateway=gateway, interface=None, first=None)
    subnets = [pool["Subnet"] for pool in pools if pool.get("Subnet") and ":" not in pool["Subnet"]]
    return Network(
        gateway=gateway,
        # The name that the engine gives where nobody else does (moby, libnetwork's driver for bridges).
        interface=(described.get("Options") or {}).get(_INTERFACE) or f"br-{described['Id'][:12]}",
        first=str(next(iter(ipaddress.ip_network(subnets[0]).hosts()))) if subnets else None,
    )
