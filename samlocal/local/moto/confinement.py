"""What the local endpoint's process may do, which is to serve: everything else is refused.

moto runs containers for some services (Batch, Lambda) and calls addresses that its callers name (SNS to HTTP). A
function could so reach what the endpoint's process can reach and the function cannot: the Docker engine's socket,
which is root on this machine, everything that listens on loopback, and the user's files. An audit hook (PEP 578) sees
every connection, file and program of any code of the process, in whatever library, and nothing takes it away again.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from samlocal.local.moto.confined_files import Files

# Clients of container engines.
_ENGINES = frozenset({"aiodocker", "docker", "kubernetes", "podman", "python_on_whales"})

# Python's audit events of what starts a program or another process ("Audit events table" of its documentation).
_PROGRAMS = frozenset(
    {
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.startfile",
        "os.system",
        "pty.spawn",
        "subprocess.Popen",
    }
)


class ConfinedError(PermissionError):
    """Something in the endpoint's process went for what lies outside of it. An OSError, as a broken connection is."""


def confine(port: int, *, own: Path | None = None) -> None:
    """From now on this process connects to itself alone, at its ``port``, and starts no program. For good.

    Of files it has those of its program, to read, and those in its ``own`` folder.
    """
    for name in [name for name in sys.modules if name.partition(".")[0] in _ENGINES]:
        del sys.modules[name]
    sys.addaudithook(_hook(port, Files(own)))


def _hook(port: int, files: Files) -> Callable[[str, tuple[Any, ...]], None]:
    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        # Called for each import and each file that is opened, too: the common events are passed over first.
        if event in files.events:
            path = files.refused(event, arguments)
            if path is not None:
                raise ConfinedError(f"samlocal's local environment reaches no files but its own, not {path!r}.")
        elif event.startswith("socket."):
            _connection(event, arguments, port)
        elif event in _PROGRAMS:
            raise ConfinedError(f"samlocal's local environment starts no program ({event}).")
        elif event == "import" and str(arguments[0]).partition(".")[0] in _ENGINES:
            raise ImportError(f"samlocal's local environment reaches no container engine ({arguments[0]}).")

    return hear


def _connection(event: str, arguments: tuple[Any, ...], port: int) -> None:
    match event, arguments:
        case "socket.connect", (socket.socket(family=socket.AF_INET | socket.AF_INET6), (host, at, *_)):
            allowed = at == port and _is_loopback(host)
        case (("socket.connect" | "socket.sendto"), _):
            allowed = False
        case "socket.sendmsg", (_, address):
            # Without an address it goes where the socket has been connected to.
            allowed = address is None
        case (("socket.getaddrinfo" | "socket.gethostbyname"), (host, *_)):
            allowed = _is_loopback(host)
        case _:
            return
    if not allowed:
        raise ConfinedError(f"samlocal's local environment reaches nothing but itself, not {arguments[-1]!r} either.")


def _is_loopback(host: object) -> bool:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if name is None or name == "localhost":
        return True
    try:
        return ipaddress.ip_address(str(name)).is_loopback
    except ValueError:
        return False
