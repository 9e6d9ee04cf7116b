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

    ``tmpfs_owner`` is whether a tmpfs may be given an owner. ``needs_limits`` is whether a container that is given no
    limit of processes, or of open files, gets one that the engine may have no right to set. ``host_name`` is what
    containers call the engine's machine, and ``host_gateway`` what they are to be told that it is, nothing where they
    know.
    ``registry`` stands before the names of images that are from none. ``late_bridges`` is whether a network's bridge
    is there only with its first container. ``stops_to_remove`` is whether a removal by force begins with the signal
    that stops a container, and waits ten seconds for what it does. ``loopback_network`` is what an ordinary user's
    engine offers in place of a bridge to the machine.
    """

    name: str
    version: str
    is_docker: bool = True
    tmpfs_owner: bool = True
    needs_limits: bool = False
    host_name: str = "host.docker.internal"
    host_gateway: str = "host-gateway"
    registry: str = ""
    late_bridges: bool = False
    stops_to_remove: bool = False
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
        needs_limits=True,
        # Since 4.0 it stands in every container's hosts, where `host-gateway` is written out as it is before 4.8.
        host_name="host.containers.internal",
        host_gateway="",
        registry="localhost/",
        late_bridges=True,
        # Podman, libpod, removeContainer: a running one is stopped first, with the container's own signal.
        stops_to_remove=True,
        loopback_network=_loopback_network(version),
    )


def _loopback_network(version: str) -> LoopbackNetwork:
    """podman-run(1), ``--network``: slirp4netns is what an ordinary user has before version 5, pasta from then on."""
    if version.partition(".")[0] in ("3", "4"):
        return LoopbackNetwork(mode="slirp4netns:allow_host_loopback=true", address="10.0.2.2")
    # The same addresses, as the manual gives them for whoever comes from slirp4netns.
    return LoopbackNetwork(mode="pasta:--map-gw,-a,10.0.2.100,-n,24,-g,10.0.2.2", address="10.0.2.2")
