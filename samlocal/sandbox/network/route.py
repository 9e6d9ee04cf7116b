"""How a container reaches samlocal: the address to listen on, and the one the container uses."""

from __future__ import annotations

import errno
import socket
import struct
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct, field

from samlocal.artifact.engine_disk.standpoint import Side, Standpoint
from samlocal.engine import Engine, Network
from samlocal.errors import EngineError, system_reason

HOST_NETWORK = "host"
DEFAULT_NETWORK = "bridge"
LOOPBACK = "127.0.0.1"
_LOOPBACK_INTERFACE = "lo"

# What `bridge` is called by the engines that have one.
_DEFAULT_NETWORKS = ("bridge", "podman")

# State 02 in /proc/net/tcp: a connection that nobody has answered (Linux kernel, include/net/tcp_states.h).
_SYN_SENT = "02"

_IN_VAIN_SECONDS = 0.4
"""The client of AWS's Python runtime gives a connection up after one second."""

# Linux kernel, include/uapi/linux/sockios.h; struct ifreq in if.h.
_SIOCGIFADDR = 0x8915
_INTERFACE_REQUEST = "16s24x"

# Of binding to an address that is another machine's, and of connecting to one that nothing leads to.
_NOT_HERE = (errno.EADDRNOTAVAIL, errno.ENETUNREACH)

# Linux kernel, include/uapi/linux/in.h; Python has it from 3.14 on.
_IP_FREEBIND = 15


class NoWayError(EngineError):
    """Nothing that listens on this machine is in reach of a network's containers."""


class AddressNotHereError(EngineError):
    """The address is none of this machine's."""


def bound_socket(host: str, *, ahead: bool = False) -> socket.socket:
    """A listening socket on a free port.

    Raises AddressNotHereError when the host is not this machine's; ``ahead`` is for one that will be (Linux, ip(7),
    IP_FREEBIND).
    """
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it, each answer waits 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if ahead:
            listening.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
        listening.bind((host, 0))
        if not ahead:
            _check_reached(listening.getsockname())
        # Listening already: a runtime that connects before the loop runs waits in the backlog.
        listening.listen(128)
    except OSError as error:
        listening.close()
        if error.errno in _NOT_HERE:
            raise AddressNotHereError(
                f"{host} is no address of this machine.",
                tip="Is its loopback up (`ip link set lo up`)?" if host == LOOPBACK else None,
            ) from error
        raise EngineError(f"samlocal cannot listen on {host}: {system_reason(error)}.") from error
    listening.setblocking(False)
    return listening


def _check_reached(address: tuple[str, int]) -> None:
    """A network namespace without any address takes each for its own (Linux, inet_addr_type()). Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect(address)


class Route(Struct, frozen=True, kw_only=True):
    """``host`` is where samlocal listens, ``seen_as`` what the container calls that.

    Where a relay listens on the engine's side there is no ``host`` here. ``ahead`` says that it is an address which
    the machine has once the container is there, ``publishes`` whether ports that the engine publishes on the loopback
    of its machine are on this one's.
    """

    network: str
    host: str
    seen_as: str
    ahead: bool = False
    extra_hosts: Mapping[str, str] = field(default_factory=dict)
    publishes: bool = True

    @property
    def is_relayed(self) -> bool:
        return not self.host


class Whereabouts(Struct, frozen=True, kw_only=True):
    """A container that runs, as its engine tells of it: its address on the network, its first process and its user.

    ``process`` is 0 when it has ended already.
    """

    address: str | None
    process: int
    user: int


def takes_relay(engine: Engine, network: str, standpoint: Standpoint | None) -> bool:
    """Whether the network's containers reach this machine by the engine's own connection alone."""
    if standpoint is not None and standpoint.side is not Side.BESIDE:
        return standpoint.side is Side.APART
    if network == HOST_NETWORK:
        return False
    if engine.product.is_here and _has_loopback_alone():
        # The engine's bridges would be here, too: this process has a network of its own (`unshare --net`).
        return True
    # An ordinary user's bridges lead to no other place.
    own = engine.product.loopback_network
    return own is not None and network not in _DEFAULT_NETWORKS


def _has_loopback_alone() -> bool:
    return sys.platform == "linux" and not any(
        _interface_address(name) for _, name in socket.if_nameindex() if name != _LOOPBACK_INTERFACE
    )


def open_route(engine: Engine, network: str, standpoint: Standpoint | None) -> tuple[Route, socket.socket]:
    """A way from the network's containers to this machine, with a socket that listens there. Never 0.0.0.0.

    Where samlocal runs in a container of that engine itself, that is its own address on a network that both are on.
    Else on a Linux engine it is this machine's address on the bridge, if this process has the machine's network. An
    engine in a virtual machine (Docker Desktop, Colima) has its bridges elsewhere, and hands ``host.docker.internal``
    to this machine's loopback. Raises NoWayError where it takes a relay, and EngineError.
    """
    if takes_relay(engine, network, standpoint):
        raise NoWayError(f"Containers of the engine at {engine.address} on {network} cannot reach this machine.")
    if standpoint is not None and standpoint.side is Side.AROUND:
        return _beside_own_container(engine, network, standpoint)
    if network == HOST_NETWORK:
        return Route(network=network, host=LOOPBACK, seen_as=LOOPBACK), bound_socket(LOOPBACK)
    own = engine.product.loopback_network
    if own is not None:
        # Asked first: its bridge may have the address of one that this machine has too, which is another one.
        return Route(network=own.mode, host=LOOPBACK, seen_as=own.address), bound_socket(LOOPBACK)
    address = _host_address(engine.network(network))
    if address is None:
        raise EngineError(
            f"Containers on the Docker network {network} cannot reach this machine: it has no address there.",
            tip="Name another with --docker-network; `--docker-network host` always has a way.",
        )
    try:
        return Route(network=network, host=address, seen_as=address), bound_socket(address)
    except AddressNotHereError:
        if engine.product.late_bridges:
            route = Route(network=network, host=address, seen_as=address, ahead=True)
            return route, bound_socket(address, ahead=True)
        if engine.product.is_here:
            # Its bridge would be here, too: this process has a network of its own (`unshare --net`).
            raise NoWayError(f"Containers on the Docker network {network} cannot reach this process.") from None
        name, told = engine.product.host_name, engine.product.host_gateway
        route = Route(network=network, host=LOOPBACK, seen_as=name, extra_hosts={name: told} if told else {})
        return route, bound_socket(LOOPBACK)


def _beside_own_container(engine: Engine, network: str, standpoint: Standpoint) -> tuple[Route, socket.socket]:
    # It may have been started anew since, at another address.
    own = engine.own_container([standpoint.own.id] if standpoint.own else [])
    if own is not None and own.on_host_network:
        return open_route(engine, network, None)
    addresses = own.addresses if own is not None else {}
    chosen = network if network in addresses or network != DEFAULT_NETWORK else next(iter(addresses), network)
    if chosen not in addresses:
        raise EngineError(
            f"samlocal runs in a container that is not on the Docker network {chosen}: functions there cannot reach "
            "it.",
            tip=f"`docker network connect {chosen} {socket.gethostname()}` puts it there, or name one that it is on: "
            f"{', '.join(addresses) or 'there is none'}.",
        )
    return Route(network=chosen, host=addresses[chosen], seen_as=addresses[chosen], publishes=False), bound_socket(
        addresses[chosen]
    )


def _host_address(network: Network) -> str | None:
    """The address of the engine's machine on a network, None where it has none.

    Where the engine names none the bridge is asked, which has it since before the first container. A bridge that is
    not this machine's has the first address of its subnet.
    """
    if network.gateway is not None or network.interface is None:
        return network.gateway
    try:
        socket.if_nametoindex(network.interface)
    except OSError:
        return network.first
    return _interface_address(network.interface)


def _interface_address(name: str) -> str | None:
    """The IPv4 address of one of this machine's network interfaces (Linux, netdevice(7)), None where it has none."""
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            answer = fcntl.ioctl(asking, _SIOCGIFADDR, struct.pack(_INTERFACE_REQUEST, name.encode()))
        except OSError:
            return None
    # struct ifreq: the name, then a struct sockaddr_in (family and port, two bytes each, and the address).
    return socket.inet_ntoa(answer[20:24])


class Unanswered:
    """A container's connections to samlocal that nobody has answered yet, look by look.

    One that is found waiting once may be answered in the next moment, on a machine that is busy.
    """

    def __init__(self) -> None:
        self._since: dict[tuple[int, str], float] = {}

    def looks_blocked(self, pid: int, port: int) -> bool:
        """Whether the process tries in vain to connect to the port: so a host firewall that drops packets looks.

        False where the engine's processes are not this machine's.
        """
        now = time.monotonic()
        self._since = {key: self._since.get(key, now) for key in _unanswered(pid, port)}
        return any(now - since >= _IN_VAIN_SECONDS for since in self._since.values())


def _unanswered(pid: int, port: int) -> Iterator[tuple[int, str]]:
    """Their own addresses in the process's network (Linux kernel, Documentation/networking/proc_net_tcp.rst)."""
    try:
        table = Path(f"/proc/{pid}/net/tcp").read_text(encoding="ascii")
    except OSError:
        return
    for line in table.splitlines()[1:]:
        _, local, remote, state, *_ = line.split()
        if state == _SYN_SENT and int(remote.rpartition(":")[2], 16) == port:
            yield pid, local


def blocked_error(route: Route, port: int) -> EngineError:
    return EngineError(
        f"The container cannot reach samlocal at {route.seen_as}:{port}: a firewall on this machine drops what "
        "containers send to it.",
        tip="Run with --docker-network host, or let the bridge in (`sudo ufw allow in on docker0`).",
    )
