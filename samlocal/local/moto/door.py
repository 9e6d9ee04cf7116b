"""Who may ask the local endpoint what: the WSGI application in front of moto's.

It listens on loopback, where every page in a browser on this machine can send requests too, and whatever name a
page's own server has may be made to lead here (DNS rebinding). So it answers programs only: browsers name themselves
in ``Origin`` and ``Sec-Fetch-Site`` (Fetch standard; W3C Fetch Metadata), and ``Host`` is the name that was asked.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
import socket
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

CONTROL_HEADER = "X-Samlocal-Control"
"""Carries the secret that moto's own controls ask for."""

Environ: TypeAlias = dict[str, Any]
Application: TypeAlias = Callable[[Environ, Any], Iterable[bytes]]

# Names by which clients call this machine, or AWS, whose names nobody else can lead here. Each stands for those below
# it as well: S3's clients put the bucket before it, API Gateway's and function URLs' the API.
_NAMES = (
    "localhost",
    "host.docker.internal",
    "gateway.docker.internal",
    "host.containers.internal",
    "amazonaws.com",
    "amazonaws.com.cn",
    "api.aws",
    "on.aws",
)


class Door:
    """Lets requests through to moto, and counts them. ``control`` is the secret of ``CONTROL_HEADER``."""

    def __init__(self, application: Application, *, control: str) -> None:
        self._application = application
        self._control = control
        self.count = 0

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        refused = _foreign(environ)
        if refused:
            return _refused(start_response, refused)
        self.count += 1
        if environ.get("PATH_INFO") == "/samlocal/types":
            from moto.cloudformation.parsing import get_model_map

            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(sorted(get_model_map())).encode()]
        return self._application(environ, _without_cors(start_response))

    def guarded(self, application: Application) -> Application:
        """moto's own controls, which reset everything and show everything: for who knows the secret."""

        def guard(environ: Environ, start_response: Any) -> Iterable[bytes]:
            given = environ.get(f"HTTP_{CONTROL_HEADER.upper().replace('-', '_')}", "")
            if hmac.compare_digest(given.encode(), self._control.encode()):
                return application(environ, start_response)
            return _refused(start_response, "moto's controls are samlocal's own here: use `samlocal local reset`.")

        return guard


def _foreign(environ: Environ) -> str | None:
    """Why a request is not answered, None for a program's own."""
    host = environ.get("HTTP_HOST", "")
    if "HTTP_ORIGIN" in environ or environ.get("HTTP_SEC_FETCH_SITE", "none") != "none":
        return "samlocal's local environment answers programs, not pages in a browser."
    if not is_own(host):
        return f"samlocal's local environment is not called {host or 'nothing'!r}: use the address that it told."
    return None


def is_own(host: str) -> bool:
    """Whether a ``Host`` header names this listener, or what leads to it from a container.

    The port is left aside: the relay into a container has another one. So are addresses, as long as they are private
    or this machine's: what a page is served from has a name, when that is made to lead here.
    """
    name = host.rpartition("]")[0].removeprefix("[") if host.startswith("[") else host.partition(":")[0]
    name = name.rstrip(".").lower()
    if any(name == own or name.endswith(f".{own}") for own in _NAMES):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_private or _is_here(address)


def _is_here(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """A bridge may have any addresses; one of this machine's can be bound."""
    with socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
    return True


def _without_cors(start_response: Any) -> Any:
    """No page may read an answer, whatever moto or a bucket's own CORS rules say."""

    def started(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        kept = [(name, value) for name, value in headers if not name.lower().startswith("access-control-")]
        return start_response(status, kept, *more)

    return started


def _refused(start_response: Any, message: str) -> Iterable[bytes]:
    body = json.dumps({"__type": "AccessDeniedException", "message": message}).encode()
    start_response("403 Forbidden", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
