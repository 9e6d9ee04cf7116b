"""Who listens at an engine's socket, as this machine's kernel says."""

from __future__ import annotations

import socket
import struct
import sys
from pathlib import Path

from msgspec import Struct

# As the SDK has them.
_UNIX = ("unix", "http+unix")
# struct ucred: process, user, group.
_CREDENTIALS = "3i"


# What holds the socket of an engine that runs on this machine; systemd does before the first request. A virtual
# machine's is held by what passes it on (gvproxy, ssh).
_SERVERS = ("dockerd", "podman", "systemd")


class Listener(Struct, frozen=True, kw_only=True):
    """The process that has made the socket a listening one, its user, and its program's name.

    ``process`` is 0, and ``program`` empty, where it is none of those that can be seen from here
    (pid_namespaces(7)): one of another container, or outside of this one.
    """

    process: int
    user: int
    program: str


def listener(address: str) -> Listener | None:
    """None where there is no telling: Linux alone says it, of its own sockets (unix(7), SO_PEERCRED)."""
    scheme, _, path = address.partition("://")
    if sys.platform != "linux" or scheme not in _UNIX:
        return None
    with socket.socket(socket.AF_UNIX) as asking:
        try:
            asking.connect(f"/{path.lstrip('/')}")
            told = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(_CREDENTIALS))
            process, user, _ = struct.unpack(_CREDENTIALS, told)
            program = Path(f"/proc/{process}/comm").read_text(encoding="utf-8").strip() if process else ""
        except OSError:
            return None
    return Listener(process=process, user=user, program=program)


def owner(address: str) -> int | None:
    """The user whose engine it is, None where it does not run on this machine."""
    who = listener(address)
    return who.user if who is not None and who.program in _SERVERS else None
