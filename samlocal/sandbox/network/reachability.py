"""Whether a container reaches samlocal, and what that costs: tried with one that only connects back."""

from __future__ import annotations

import select
import socket
import time

from samlocal.artifact.engine_disk.standpoint import Standpoint
from samlocal.engine import ContainerSpec, Engine
from samlocal.errors import EngineError
from samlocal.sandbox.layout import OPEN_FILES, USER
from samlocal.sandbox.network.relay_image import RelayImage
from samlocal.sandbox.network.route import Route, Unanswered, blocked_error, open_route
from samlocal.sandbox.session import Session

# Whatever of these the image has; a connection is all that is asked for.
_CONNECT = (
    'bash -c "exec 3<>/dev/tcp/$0/$1" || curl --silent --max-time 5 "http://$0:$1/" || '
    """python3 -c 'import socket, sys; socket.create_connection(sys.argv[1:3], 5)' "$0" "$1" || exit 77"""
)
_NO_WAY = 77
_PAUSE = 0.2


def try_reachability(
    engine: Engine, image: str, *, session: Session, network: str, standpoint: Standpoint, deadline: float = 10
) -> tuple[Route, float]:
    """The way that a container of the image has taken to this machine, and how long it took from its start (s).

    Raises EngineError where it has none: a firewall that drops what containers send looks like a deadline.
    """
    route, listening = open_route(engine, network, standpoint)
    port = int(listening.getsockname()[1])
    name = session.next_name()
    try:
        engine.create(_spec(image, name, session, route, port))
        began = time.monotonic()
        engine.start(name)
        _await(engine, name, listening, route, port, began + deadline)
        return route, time.monotonic() - began
    finally:
        listening.close()
        engine.remove(name, wait=False)


def try_relay(engine: Engine, image: RelayImage, *, session: Session, network: str) -> float:
    """What the way through a relay adds to a request, in seconds. Raises EngineError where there is none."""
    import asyncio

    async def tried() -> float:
        relay = await session.relays.relay(engine, image, network=network)
        return await relay.round_trip()

    return asyncio.run(tried())


def _await(engine: Engine, name: str, listening: socket.socket, route: Route, port: int, until: float) -> None:
    unanswered = Unanswered()
    while time.monotonic() < until:
        readable, _, _ = select.select([listening], [], [], _PAUSE)
        if readable:
            listening.accept()[0].close()
            return
        state = engine.state(name)
        if state is not None and state.running and unanswered.looks_blocked(state.pid, port):
            raise blocked_error(route, port)
        if state is not None and not state.running:
            how = "has nothing to connect with, or was refused" if state.exit_status == _NO_WAY else "ended"
            raise EngineError(
                f"The container that was to connect to {route.seen_as}:{port} {how} "
                f"(exit status {state.exit_status}).",
                tip="Run with --docker-network host.",
            )
    raise blocked_error(route, port)


def _spec(image: str, name: str, session: Session, route: Route, port: int) -> ContainerSpec:
    return ContainerSpec(
        name=name,
        image=image,
        platform=None,
        entrypoint=("/bin/sh", "-c"),
        command=(_CONNECT, route.seen_as, str(port)),
        working_dir="/",
        user=USER,
        environment={},
        mounts=(),
        labels=session.labels,
        network=route.network,
        extra_hosts=route.extra_hosts,
        memory=128,
        tmp_size=16,
        open_files=OPEN_FILES,
    )
