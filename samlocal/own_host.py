"""By which names this machine's own listeners are called.

They listen on loopback, where every page in a browser on this machine can send requests too, and whatever name a
page's own server has may be made to lead here (DNS rebinding). So they answer programs only: browsers name themselves
in ``Origin`` and ``Sec-Fetch-Site`` (Fetch standard; W3C Fetch Metadata), and ``Host`` is the name that was asked.
"""

from __future__ import annotations

import functools
import ipaddress
import socket
from typing import TypeAlias

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

# Names by which clients call this machine, or AWS, whose names nobody else can lead here. Each stands for those below
# it as well: S3's clients put the bucket before it, API Gateway's and function URLs' the API.
_NAMES = (
    "localhost",
    "host.docker.internal",
    "gateway.docker.internal",
    "host.containers.internal",
    "samlocal.internal",
    "amazonaws.com",
    "amazonaws.com.cn",
    "api.aws",
    "on.aws",
)


def foreign(*, host: str, origin: str | None, fetch_site: str | None, who: str) -> str | None:
    """Why ``who`` does not answer a request with these headers, None for a program's own."""
    if origin is not None or (fetch_site or "none") != "none":
        return f"{who} answers programs, not pages in a browser."
    if not is_own(host):
        return f"{who} is not called {host or 'nothing'!r}: use the address that it told."
    return None


def is_own(host: str) -> bool:
    """Whether a ``Host`` header names this listener, or what leads to it from a container.

    The port is left aside: the relay into a container has another one. So are addresses, as long as they are private
    or this machine's: what a page is served from has a name, when that is made to lead here.
    """
    found = _named(host)
    return found if isinstance(found, bool) else _is_here(found)


# Clients call the same few names with each request.
@functools.lru_cache(maxsize=256)
def _named(host: str) -> bool | _Address:
    """What the name alone says; an address that may be this machine's or not."""
    name = host.rpartition("]")[0].removeprefix("[") if host.startswith("[") else host.partition(":")[0]
    name = name.rstrip(".").lower()
    if any(name == own or name.endswith(f".{own}") for own in _NAMES):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return True if address.is_loopback or address.is_private else address


def _is_here(address: _Address) -> bool:
    """A bridge may have any addresses; one of this machine's can be bound."""
    with socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
    return True
