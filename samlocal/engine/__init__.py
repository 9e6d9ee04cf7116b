"""The only user of docker: the containers, images and networks of one Docker engine."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from samlocal.engine.attached import Input
from samlocal.engine.client import Connection, open_client
from samlocal.engine.container_spec import LABEL, ContainerSpec, Mount, Tmp
from samlocal.engine.containers import Containers, ContainerState
from samlocal.engine.context import Address, address_of
from samlocal.engine.disk import Carrier, Disk, OwnContainer
from samlocal.engine.failures import MountMissingError, translated
from samlocal.engine.images import PROBE, ImageDescription, Images, PullProgress
from samlocal.engine.lacks import Lack, lacks
from samlocal.engine.listener import listener
from samlocal.engine.networks import Network, Networks
from samlocal.engine.places import found_places
from samlocal.engine_choice import CURRENT
from samlocal.errors import EngineError

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

__all__ = [
    "LABEL",
    "PROBE",
    "Carrier",
    "ContainerSpec",
    "ContainerState",
    "Engine",
    "ImageDescription",
    "Input",
    "Mount",
    "MountMissingError",
    "Network",
    "OwnContainer",
    "PullProgress",
    "Tmp",
    "hand_over",
    "listener",
]


T = TypeVar("T")

# An engine makes containers one after the other anyway; what takes it long is the answer to a start.
_THREADS = 4

# How long requests under way are waited for at the end: a removal among them must still reach the engine.
_LAST_SECONDS = 5.0


class Engine(Containers, Disk, Images, Networks):
    """One Docker engine. ``address`` is its own as DOCKER_HOST has it.

    Every method raises EngineError when it does not answer.
    """

    _threads: ThreadPoolExecutor | None = None

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection.client, connection.product)
        self.address = connection.address
        self._under_way: set[Future[Any]] = set()

    @classmethod
    def connect(
        cls, environ: Mapping[str, str], *, at: str = CURRENT, notice: Callable[[str], None] | None = None
    ) -> Engine:
        """The engine ``at`` an address, or of the Docker context of that name.

        CURRENT is DOCKER_HOST's, else the current context's, else the first that answers at a known place. ``notice``
        is told when it accepts a request and stays silent.
        """
        named = address_of(at, environ)
        address, *others = (named,) if named else (Address(host=place) for place in found_places(environ))
        try:
            return cls(open_client(address, environ, notice=notice))
        except EngineError:
            for other in others:
                with suppress(EngineError):
                    return cls(open_client(other, environ, notice=notice))
            raise

    def version(self) -> str:
        """What answers, and where: ``Docker Engine 27.3.1 (API 1.47, linux/amd64) at unix:///var/run/docker.sock``."""
        with translated("its version cannot be read"):
            told = self._client.version()
            # Podman calls its platform by its system.
            name = (told.get("Platform") or {}).get("Name") if self.product.is_docker else None
            what = f"{name or self.product.name} {told.get('Version')}"
            return f"{what} (API {told.get('ApiVersion')}, {told.get('Os')}/{told.get('Arch')}) at {self.address}"

    def architecture(self) -> str:
        """Its machine's, as images have it: ``amd64``, ``arm64``."""
        with translated("its version cannot be read"):
            return str(self._client.version().get("Arch") or "")

    def lacks(self) -> tuple[Lack, ...]:
        """What it cannot do as it is set up. Podman takes up to a second for the answer."""
        with translated("it does not describe itself"):
            return tuple(lacks(self._client.info()))

    def identity(self) -> str:
        """What tells this engine from another at the same address."""
        with translated("the engine cannot be told from others"):
            told = self._client.info()
            return " ".join(str(told.get(name) or "") for name in self.product.identity)

    def own_user(self) -> str:
        """The user and the group of this process as containers have them, by their numbers (user_namespaces(7))."""
        return "0:0" if self.product.is_users else f"{os.getuid()}:{os.getgid()}"

    def begin(self, request: Callable[..., T], *arguments: object) -> Future[T]:
        """Makes a request in one of a few threads of the engine's own, for callers that must not wait for it."""
        if self._threads is None:
            from concurrent.futures import ThreadPoolExecutor

            self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="samlocal-engine")
        begun = self._threads.submit(request, *arguments)
        self._under_way.add(begun)
        begun.add_done_callback(self._under_way.discard)
        return begun

    async def ask(
        self, request: Callable[..., T], *arguments: object, unclaimed: Callable[[T], None] | None = None
    ) -> T:
        """The answer to a request, on an event loop. A request under way goes on when whoever asked is cancelled.

        ``unclaimed`` gets the answer then.
        """
        import asyncio

        asked = self.begin(request, *arguments)
        try:
            return await asyncio.wrap_future(asked)
        except asyncio.CancelledError:
            if unclaimed is not None:
                hand_over(asked, unclaimed)
            raise

    def close(self) -> None:
        """Waits, a little, for the requests under way."""
        if self._threads is not None:
            from concurrent.futures import wait

            wait(tuple(self._under_way), timeout=_LAST_SECONDS)
            self._threads.shutdown(wait=False)
        self._client.close()


def hand_over(begun: Future[T], taker: Callable[[T], None]) -> None:
    """Has ``taker`` called with what a request gives, in whatever thread; with nothing where it fails."""

    def ended(future: Future[T]) -> None:
        if not future.cancelled() and future.exception() is None:
            taker(future.result())

    begun.add_done_callback(ended)
