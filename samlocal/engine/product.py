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
    """An engine's make and version, and what containers need on it that they do not need on root's Docker Engine.

    ``is_here`` is whether it is a process of this machine's, as far as can be told. ``is_users`` is whether it is an
    ordinary user's own, who is root in its containers. ``tmpfs_owner`` is whether a tmpfs may be given an owner,
    ``domain_name`` whether a container may be given a domain. ``needs_limits`` is whether a container that is given
    no limit of processes, or of open files, gets one that the engine may have no right to set. ``host_name`` is what
    containers call the engine's machine, and ``host_gateway`` what they are to be told that it is, nothing where they
    know. ``registries`` are what it writes before the names of images. ``stops_to_remove`` is whether a removal by
    force begins with the signal that stops a container, and waits ten seconds for what it does. ``drops_requests`` is
    whether a request is given up when whoever made it hangs up. ``identity`` are the fields of its description of
    itself that together are this engine's alone, and stay.

    Of its networks: ``late_bridges`` is whether a bridge is there only with its first container, ``secluded`` whether
    all of them are a place of their own, from which nothing leads to this machine. ``loopback_network`` is what
    stands in for a bridge there.
    """

    name: str
    version: str
    is_docker: bool = True
    is_here: bool = False
    is_users: bool = False
    tmpfs_owner: bool = True
    domain_name: bool = True
    needs_limits: bool = False
    host_name: str = "host.docker.internal"
    host_gateway: str = "host-gateway"
    registries: tuple[str, ...] = ()
    stops_to_remove: bool = False
    drops_requests: bool = False
    identity: tuple[str, ...] = ("ID",)
    late_bridges: bool = False
    secluded: bool = False
    loopback_network: LoopbackNetwork | None = None

    def plain(self, image: str) -> str:
        """An image's name as Docker Engine lists it."""
        written = next((registry for registry in self.registries if image.startswith(registry)), "")
        return image.removeprefix(written)


def product(ping: Mapping[str, str], *, owner: int | None) -> Product:
    """The product whose answer to a ping has these headers (Docker Engine API, "Ping").

    ``owner`` is the user whose engine it is, None where it does not run on this machine.
    """
    make, _, rest = ping.get("Server", "").partition("/")
    version = rest.partition(" ")[0]
    is_users = owner is not None and owner != 0
    if make != _PODMAN:
        return Product(
            name=f"{make or _DOCKER} Engine",
            version=version,
            is_here=owner is not None,
            is_users=is_users,
            # runc has to write it to /proc/sys, which is root's.
            domain_name=not is_users,
            # dockerd-rootless.sh closes the way to the user's loopback (rootlesskit, `--disable-host-loopback`).
            secluded=is_users,
        )
    return Product(
        name="Podman",
        version=version,
        is_docker=False,
        is_here=owner is not None,
        is_users=is_users,
        # It refuses tmpfs options that it does not know, and knows neither `uid` nor `gid` (containers/common,
        # pkg/util).
        tmpfs_owner=False,
        # It takes one and leaves it out of the container's hosts.
        domain_name=False,
        # 1048576, for which a service within a container has no right (podman, pkg/specgen/generate/oci.go).
        needs_limits=True,
        # Since 4.0 it stands in every container's hosts, where `host-gateway` is written out as it is before 4.8.
        host_name="host.containers.internal",
        host_gateway="",
        # The last two are what Docker leaves out; what is loaded or tagged without any is from localhost.
        registries=("localhost/", "docker.io/library/", "docker.io/"),
        # Podman, libpod, removeContainer: a running one is stopped first, with the container's own signal.
        stops_to_remove=True,
        # Each waits for its turn with its connection's own context (podman, pkg/parallel).
        drops_requests=True,
        # Its ID is another one in each answer (podman, pkg/api/handlers/compat/info.go).
        identity=("Name", "DockerRootDir"),
        late_bridges=owner == 0,
        loopback_network=_loopback_network(version) if is_users else None,
    )


def _loopback_network(version: str) -> LoopbackNetwork:
    """podman-run(1), ``--network``: slirp4netns is what an ordinary user has before version 5, pasta from then on."""
    if version.partition(".")[0] in ("3", "4"):
        return LoopbackNetwork(mode="slirp4netns:allow_host_loopback=true", address="10.0.2.2")
    # The same addresses, as the manual gives them for whoever comes from slirp4netns.
    return LoopbackNetwork(mode="pasta:--map-gw,-a,10.0.2.100,-n,24,-g,10.0.2.2", address="10.0.2.2")
