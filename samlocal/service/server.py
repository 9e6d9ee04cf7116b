"""The sockets of what is served over HTTP: uvicorn, on an event loop that is somebody else's."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from samlocal.errors import ConfigurationError
from samlocal.service.slow_clients import HalfSent, leave_who_does_not_read

if TYPE_CHECKING:
    from starlette.types import ASGIApp

# A client whose request meets the end of its idle connection has a broken one, which not all of them try again.
_KEEP_ALIVE_SECONDS = 75

_HEAD_BYTES = 64 * 1024

# The most that macOS takes for a process (OPEN_MAX).
_OPEN_FILES = 10_240


def listening(host: str, port: int, *, option: str = "--port") -> socket.socket:
    """``option`` is the one that names the port. Raises ConfigurationError where nobody can listen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it, each answer waits 40 ms.
    listens = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # The port of a server that has just ended can be had again.
        listens.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listens.bind((host, port))
        listens.listen(512)
    except (OSError, OverflowError, ValueError) as error:
        # Beside what the system says: no port (OverflowError), no name of a host (ValueError).
        listens.close()
        why = getattr(error, "strerror", None) or error
        raise ConfigurationError(
            f"samlocal cannot listen on {host} port {port}: {why}.",
            tip=f"Name others with --host and {option} (0 takes a free one), or end what listens there.",
        ) from error
    return listens


def url_of(listens: socket.socket, *, tls: bool = False) -> str:
    """Where this machine's programs reach it."""
    host, port = listens.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "::1" if ":" in host else "127.0.0.1"
    scheme = "https" if tls else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def is_open(listens: socket.socket) -> bool:
    """Whether other machines may reach it."""
    return not ipaddress.ip_address(listens.getsockname()[0]).is_loopback


def _allow_connections() -> None:
    """Many clients keep connections open, and sandboxes need files too: systems begin with 256 (macOS) or 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _websocket_protocol() -> type[asyncio.Protocol]:
    from samlocal.service.websocket_protocol import WebSocketProtocol

    return WebSocketProtocol


@contextlib.asynccontextmanager
async def serving(
    application: ASGIApp,
    sockets: list[socket.socket],
    *,
    websockets: tuple[int, int] | None = None,
    tls: Path | None = None,
) -> AsyncIterator[None]:
    """Serves until the end of the block, which waits for the answers to all requests that have come.

    Who has not sent a whole one by then is refused, and who does not read the answer is left.
    ``tls`` holds a key and its certificate.
    ``websockets`` takes connections, too, by how many bytes a client's message and one frame of it may have: what is
    larger closes its connection with 1009.
    """
    import uvicorn

    from samlocal.service.http_protocol import PlainProtocol

    _allow_connections()

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            # They are the command's.
            yield

    half_sent = HalfSent(application)
    server = Server(
        uvicorn.Config(
            half_sent,
            http=PlainProtocol,
            ws=_websocket_protocol() if websockets else "none",
            # websockets takes two (message and frame), though uvicorn's type is of one.
            ws_max_size=cast("int", websockets),
            # Whoever wants pings sends them: AWS does not.
            ws_ping_interval=None,
            # The most that any kind of API takes: what may be too much is for the application to say.
            h11_max_incomplete_event_size=_HEAD_BYTES,
            ssl_certfile=tls,
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            proxy_headers=False,
        )
    )
    task = asyncio.create_task(server.serve(sockets=sockets))
    try:
        yield
    finally:
        half_sent.end()
        server.should_exit = True
        leaving = asyncio.create_task(leave_who_does_not_read(server.server_state.connections))
        try:
            await task
        finally:
            leaving.cancel()
