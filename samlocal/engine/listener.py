"""Who listens at an engine's socket, as this machine's kernel says."""

from __future__ import annotations

import socket
import struct
import sys
from pathlib import Path

from msgspec import Struct

_UNIX = "unix://"
# struct ucred: process, user, group.
_CREDENTIALS = "3i"


class Listener(Struct, frozen=True, kw_only=True):
    """The user, and the program's name, that have made the socket a listening one."""

    user: int
    program: str


def listener(address: str) -> Listener | None:
    """None where there is no telling: Linux alone says it, of its own sockets (unix(7), SO_PEERCRED)."""
    if sys.platform != "linux" or not address.startswith(_UNIX):
        return None
    with socket.socket(socket.AF_UNIX) as asking:
        try:
            asking.connect(address.removeprefix(_UNIX))
            told = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(_CREDENTIALS))
            process, user, _ = struct.unpack(_CREDENTIALS, told)
            program = Path(f"/proc/{process}/comm").read_text(encoding="utf-8").strip()
        except OSError:
            return None
    return Listener(user=user, program=program)
