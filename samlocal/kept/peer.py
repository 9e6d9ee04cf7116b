"""Who is at the other end of a connection."""

from __future__ import annotations

import os
import socket
import struct

_LOCAL_PEERCRED = 1
"""macOS, unix(4): an ``xucred``, its version and the user before the groups."""


def is_ours(connection: socket.socket) -> bool:
    """Whether it is a process of this user's, as the kernel says; the folder keeps others out before."""
    if hasattr(socket, "SO_PEERCRED"):
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        _, user, _ = struct.unpack("3i", credentials)
    else:
        _, user = struct.unpack_from("2I", connection.getsockopt(0, _LOCAL_PEERCRED, 76))
    return bool(user == os.getuid())
