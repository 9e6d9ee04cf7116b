"""Which engine answers, and in what it is not Docker Engine: the one home of every such difference."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

_DOCKER = "Docker"
_PODMAN = "Libpod"


class LoopbackNetwork(Struct, frozen=True, kw_only=True):
    """The mode of a network of a container's own, on which ``address`` is the loopback of the engine's user."""

    mode: str
    address: str


class Product(Struct, frozen=True, kw_only=True):
    """An engine's make and version, and what containers need on it that they do not need on Docker Engine.

    ``tmpfs_owner`` is whether a tmpfs may be given an owner. ``needs_process_limit`` is whether a container that is
    given no limit of processes gets one that the engine may have no right to set. ``host_name`` is what containers
    call the engine's machine, and ``host_gateway`` what they are to be told that it is, nothing where they know.
    ``registry`` stands before the names of images that are from none. ``loopback_network`` is what an ordinary user's
    engine offers in place of a bridge to the machine.
    """

    name: str
    version: str
    is_docker: bool = True
    tmpfs_owner: bool = True
    needs_process_limit: bool = False
    host_name: str = "host.docker.internal"
    host_gateway: str = "host-gateway"
    registry: str = ""
    loopback_network: LoopbackNetwork | None = None

    def plain(self, image: str) -> str:
        """An image's name as Docker Engine lists it."""
        return image.removeprefix(self.registry)


def product(ping: Mapping[str, str]) -> Product:
    """The product whose answer to a ping has these headers (Docker Engine API, "Ping")."""
    make, _, rest = ping.get("Server", "").partition("/")
    version = rest.partition(" ")[0]
    if make != _PODMAN:
        return Product(name=f"{make or _DOCKER} Engine", version=version)
    return Product(
        name="Podman",
        version=version,
        is_docker=False,
        # It refuses tmpfs options that it does not know, and knows neither `uid` nor `gid` (containers/common,
        # pkg/util).
        tmpfs_owner=False,
        # 1048576, for which a service within a container has no right (podman, pkg/specgen/generate/oci.go).
        needs_process_limit=True,
        # Since 4.0 it stands in every container's hosts, where `host-gateway` is written out as it is before 4.8.
        host_name="host.containers.internal",
        host_gateway="",
        registry="localhost/",
        loopback_network=_loopback_network(version),
    )


def _loopback_network(version: str) -> LoopbackNetwork:
    """podman-run(1), ``--network``: slirp4netns is what an ordinary user has before version 5, pasta from then on."""
    if version.partition(".")[0] in ("3", "4"):
        return LoopbackNetwork(mode="slirp4netns:allow_host_loopback=true", address="10.0.2.2")
    # The same addresses, as the manual gives them for whoever comes from slirp4netns.
    return LoopbackNetwork(mode="pasta:--map-gw,-a,10.0.2.100,-n,24,-g,10.0.2.2", address="10.0.2.2")
