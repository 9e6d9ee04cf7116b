"""The only user of docker: the containers, images and networks of one Docker engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from samlocal.engine.attached import Input
from samlocal.engine.client import open_client
from samlocal.engine.container_spec import LABEL, ContainerSpec, Mount, Tmp
from samlocal.engine.containers import Containers, ContainerState
from samlocal.engine.context import check_address, context_host
from samlocal.engine.disk import Carrier, Disk, OwnContainer
from samlocal.engine.failures import MountMissingError, cause, translated
from samlocal.engine.images import PROBE, ImageDescription, Images, PullProgress
from samlocal.engine.networks import Network, Networks
from samlocal.errors import EngineError

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    import docker

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
]


T = TypeVar("T")

# An engine makes containers one after the other anyway; what takes it long is the answer to a start.
_THREADS = 4

# How long requests under way are waited for at the end: a removal among them must still reach the engine.
_LAST_SECONDS = 5.0

# docker.constants, which need not be loaded to know it.
_DEFAULT = "unix:///var/run/docker.sock"

_START = "Start Docker (Docker Desktop, Colima, `systemctl start docker`), or set DOCKER_HOST."


class Engine(Containers, Disk, Images, Networks):
    """One Docker engine. Every method raises EngineError when it does not answer."""

    _threads: ThreadPoolExecutor | None = None

    def __init__(self, client: docker.APIClient, *, address: str) -> None:
        """``address`` is where it was asked, such as ``unix:///var/run/docker.sock``."""
        super().__init__(client)
        self.address = address
        self._under_way: set[Future[Any]] = set()

    @classmethod
    def connect(cls, environ: Mapping[str, str], *, notice: Callable[[str], None] | None = None) -> Engine:
        """The engine at DOCKER_HOST, else the current Docker context's, else the default socket's.

        ``notice`` is told when it accepts a request and stays silent.
        """
        from docker.errors import DockerException
        from docker.utils import kwargs_from_env

        host = environ.get("DOCKER_HOST") or context_host(environ)
        where = host or "its default socket"
        try:
            options = kwargs_from_env(environment=dict(environ))
        except DockerException as error:
            folder = environ.get("DOCKER_CERT_PATH") or "~/.docker"
            raise EngineError(
                f"DOCKER_TLS_VERIFY or DOCKER_CERT_PATH asks for TLS, and {folder} has not what it needs.",
                tip="Put ca.pem, cert.pem and key.pem there; without TLS unset both variables.",
            ) from error
        if host:
            check_address(host)
            options["base_url"] = host
        try:
            return cls(open_client(options, notice=notice), address=host or _DEFAULT)
        except DockerException as error:
            raise EngineError(f"No Docker engine answers at {where}: {cause(error)}.", tip=_START) from error
        # What the SDK says of an address or a configuration file that is none: it checks neither.
        except (ValueError, AttributeError, TypeError, KeyError) as error:
            raise EngineError(
                f"Docker cannot be asked at {where}: {error}.",
                tip="Check DOCKER_HOST, the Docker context, and ~/.docker/config.json.",
            ) from error

    def version(self) -> str:
        """What answers, and where: ``Docker Engine 27.3.1 (API 1.47, linux/amd64) at unix:///var/run/docker.sock``."""
        with translated("its version cannot be read"):
            told = self._client.version()
            name = (told.get("Platform") or {}).get("Name") or "Docker Engine"
            what = f"{name} {told.get('Version')} (API {told.get('ApiVersion')}, {told.get('Os')}/{told.get('Arch')})"
            # The SDK calls a socket http+docker://localhost.
            where = self._client.base_url
            return what if where.startswith("http+docker") else f"{what} at {where}"

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
