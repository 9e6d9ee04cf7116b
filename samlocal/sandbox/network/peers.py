"""Who may talk to a sandbox's APIs: the processes of its own container, and nobody else's.

The APIs know no passwords, on Lambda neither, where nobody else can reach them. Here every container on the bridge
can, and on the host's network every process of this machine.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from pathlib import Path

from samlocal.sandbox.network.route import HOST_NETWORK, LOOPBACK, Route, Whereabouts

# How long a connection waits for the engine to say where the container is.
_UNKNOWN_SECONDS = 60.0

# cgroup v2, and two of v1's hierarchies that engines put containers into.
_CGROUPS = tuple(Path("/sys/fs/cgroup", hierarchy) for hierarchy in ("", "pids", "memory"))


class Peers:
    """Judges connections, each once, on the event loop. Those that come before the container is known wait.

    ``shared`` is called once where others cannot be told from the container. An engine in a virtual machine hands its
    containers' connections over as this machine's own, so there loopback is all that can be asked for.
    """

    def __init__(self, route: Route, shared: Callable[[], None]) -> None:
        self._route = route
        self._shared = shared
        self._said = False
        self._known: asyncio.Future[Whereabouts] = asyncio.get_running_loop().create_future()

    def forget(self) -> None:
        """The container is gone; its address may be given to another."""
        if self._known.done():
            self._known = asyncio.get_running_loop().create_future()

    def expect(self, container: Whereabouts) -> None:
        if not self._known.done():
            self._known.set_result(container)

    async def admits(self, connection: socket.socket, address: str) -> bool:
        """Raises TimeoutError when nobody says where the container is."""
        if self._route.host == LOOPBACK and self._route.network != HOST_NETWORK:
            return True
        async with asyncio.timeout(_UNKNOWN_SECONDS):
            container = await asyncio.shield(self._known)
        if not container.process:
            return False
        if self._route.network == HOST_NETWORK and not self._route.is_relayed:
            return self._is_of_container(connection, container)
        if container.address is None:
            return self._cannot_tell()
        return address == container.address

    def _is_of_container(self, connection: socket.socket, container: Whereabouts) -> bool:
        found = _socket_of(connection)
        if found is None:
            return self._cannot_tell()
        inode, user = found
        try:
            return any(_holds(process, inode) for process in _processes_beside(container.process))
        except OSError:
            # Another user's processes are root's alone to look into; whose socket it is, is no secret.
            return user == container.user and self._cannot_tell()

    def _cannot_tell(self) -> bool:
        if not self._said:
            self._said = True
            self._shared()
        return True


def _socket_of(connection: socket.socket) -> tuple[int, int] | None:
    """The inode and the owner of the socket at the other end, on this machine; None where there is no telling.

    Linux kernel, Documentation/networking/proc_net_tcp.rst.
    """
    own, peer = (_as_in_table(*address[:2]) for address in (connection.getsockname(), connection.getpeername()))
    try:
        table = Path("/proc/net/tcp").read_text(encoding="ascii")
    except OSError:
        return None
    for line in table.splitlines()[1:]:
        _, local, remote, _, _, _, _, user, _, inode, *_ = line.split()
        if (local, remote) == (peer, own):
            return int(inode), int(user)
    # It has hung up already.
    return 0, -1


def _as_in_table(address: str, port: int) -> str:
    return f"{int.from_bytes(socket.inet_aton(address), 'little'):08X}:{port:04X}"


def _processes_beside(process: int) -> tuple[int, ...]:
    """Every process in the cgroup of one. Raises OSError where there is no telling."""
    for line in Path(f"/proc/{process}/cgroup").read_text(encoding="utf-8").splitlines():
        path = line.split(":", 2)[2].lstrip("/")
        for root in _CGROUPS:
            file = root / path / "cgroup.procs"
            if path and file.is_file():
                return tuple(int(number) for number in file.read_text(encoding="ascii").split())
    raise FileNotFoundError("no cgroup")


def _holds(process: int, inode: int) -> bool:
    """Whether a socket is among the open files of a process. Raises PermissionError."""
    wanted = f"socket:[{inode}]"
    folder = f"/proc/{process}/fd"
    try:
        for name in os.listdir(folder):  # noqa: PTH208 - a thousand paths would be made for one answer
            try:
                if os.readlink(f"{folder}/{name}") == wanted:  # noqa: PTH115
                    return True
            except FileNotFoundError:
                continue
    except (FileNotFoundError, ProcessLookupError):
        # It has ended meanwhile.
        pass
    return False
