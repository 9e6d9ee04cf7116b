"""The SDK's client, with a word to the user where the engine accepts a request and then stays silent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from samlocal.engine.context import Address
from samlocal.engine.failures import cause, own_limit
from samlocal.engine.listener import owner
from samlocal.engine.places import start_tip
from samlocal.engine.product import Product, product
from samlocal.errors import EngineError

if TYPE_CHECKING:
    import docker

    from samlocal.engine.ssh import Tunnel

_SILENT_SECONDS = 5.0
_LOOK_SECONDS = 0.5


class Connection(NamedTuple):
    """The SDK's client of what answers at an address."""

    client: docker.APIClient
    product: Product
    address: str


def open_client(address: Address, environ: Mapping[str, str], *, notice: Callable[[str], None] | None) -> Connection:
    """Raises EngineError where nobody answers. Every request ends at the SDK's own deadline, a minute."""
    from docker.errors import DockerException

    host, options = address.host, _tls(address, environ)
    tunnel = _tunnel(host, environ) if host.startswith("ssh://") else None
    try:
        return _connect(host, options, notice, tunnel)
    except DockerException as error:
        # The SDK wraps whatever its first question ends with.
        if isinstance(error.__context__, EngineError):
            raise error.__context__ from error
        raise EngineError(
            f"No Docker engine answers at {host}: {cause(error)}.", tip=own_limit(error) or _remedy(address, environ)
        ) from error
    # What the SDK says of an address or a configuration file that is none: it checks neither.
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        raise EngineError(
            f"Docker cannot be asked at {host}: {error}.",
            tip="Check DOCKER_HOST, the Docker context, and ~/.docker/config.json.",
        ) from error


def _tls(address: Address, environ: Mapping[str, str]) -> dict[str, Any]:
    """The SDK's options for TLS: Docker's variables say nothing of what a context is."""
    from docker.errors import DockerException
    from docker.utils import kwargs_from_env

    try:
        if address.context is None:
            return dict(kwargs_from_env(environment=dict(environ)))
        return {"tls": address.tls.config()} if address.tls is not None else {}
    except DockerException as error:
        if address.context is not None:
            raise EngineError(
                f"The certificates of the Docker context {address.context} cannot be used: {error}.",
                tip="`docker context inspect` shows where they are.",
            ) from error
        folder = environ.get("DOCKER_CERT_PATH") or "~/.docker"
        raise EngineError(
            f"DOCKER_TLS_VERIFY or DOCKER_CERT_PATH asks for TLS, and {folder} has not what it needs.",
            tip="Put ca.pem, cert.pem and key.pem there; without TLS unset both variables.",
        ) from error


def _remedy(address: Address, environ: Mapping[str, str]) -> str:
    """What to do about one that does not answer: Docker's own client asks the same engine."""
    if not address.named:
        return start_tip(environ)
    asked = f"--context {address.context}" if address.context else f"--host {address.host}"
    return f"See whether `docker {asked} version` answers, or name another engine."


def _tunnel(address: str, environ: Mapping[str, str]) -> Tunnel:
    from samlocal.engine.ssh import Tunnel

    return Tunnel.open(address, environ)


def _connect(
    address: str, options: Mapping[str, Any], notice: Callable[[str], None] | None, tunnel: Tunnel | None
) -> Connection:
    import logging

    from docker.api.client import APIClient
    from requests.exceptions import RequestException
    from requests.structures import CaseInsensitiveDict

    patience = None
    if notice is not None:
        patience = _Patience(
            lambda: notice(f"the Docker engine at {address} has been silent for 5 seconds; waiting on …")
        )
    headers: CaseInsensitiveDict[str] = CaseInsensitiveDict()
    log = logging.getLogger(__name__)

    class Client(APIClient):
        def close(self) -> None:
            super().close()
            if tunnel is not None:
                tunnel.close()

        def send(self, request: Any, **named: Any) -> Any:
            if tunnel is not None:
                tunnel.keep()
            began, how = time.monotonic(), "no answer"
            try:
                with patience.during() if patience is not None else nullcontext():
                    answer = super().send(request, **named)
                how = str(answer.status_code)
            except RequestException as error:
                error.add_note(address)
                raise
            else:
                return answer
            finally:
                # The path alone: headers hold a registry's keys, and bodies a function's variables.
                path, took = request.path_url.partition("?")[0], (time.monotonic() - began) * 1000
                log.debug("engine %s %s: %s in %.0f ms", request.method, path, how, took)

        def version(self, api_version: bool = True) -> Any:
            """The SDK asks this, without an API's version, for the one that the engine speaks.

            A ping says that as well, as Docker's own client has it, and Podman takes half a second for all the rest.
            """
            if api_version:
                return super().version()
            # A socket of this machine knows no proxies and no keys of the environment: requests would look for them,
            # and read ~/.netrc, at each question.
            self.trust_env = not address.startswith("unix://")
            answer = self.get(f"{self.base_url}/_ping", timeout=self.timeout)
            # Go's own answer (net/http, server.go).
            if answer.status_code == HTTPStatus.BAD_REQUEST and "HTTP request to an HTTPS server" in answer.text:
                raise EngineError(
                    f"The Docker engine at {address} is behind TLS, and was asked without.",
                    tip="Set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to a folder with ca.pem, cert.pem and "
                    "key.pem, or name a Docker context that has them.",
                )
            answer.raise_for_status()
            headers.update(answer.headers)
            return {"ApiVersion": headers["Api-Version"]}

    try:
        client = Client(version="auto", **{**options, "base_url": tunnel.address if tunnel is not None else address})
    except BaseException:
        if tunnel is not None:
            tunnel.close()
        raise
    return Connection(client, product(headers, owner=owner(address)), address)


class _Patience:
    """Calls ``said`` once, when a request has gone unanswered for long."""

    def __init__(self, said: Callable[[], None]) -> None:
        self._say = said
        self._said = False
        self._lock = threading.Lock()
        self._asked: dict[object, float] = {}
        self._watching = False

    @contextmanager
    def during(self) -> Iterator[None]:
        request = object()
        with self._lock:
            self._asked[request] = time.monotonic()
            if not self._watching and not self._said:
                self._watching = True
                threading.Thread(target=self._watch, name="samlocal-patience", daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                del self._asked[request]

    def _watch(self) -> None:
        """As long as there are requests: an engine that nobody asks is not watched."""
        while True:
            time.sleep(_LOOK_SECONDS)
            with self._lock:
                oldest = min(self._asked.values(), default=None)
                self._said = oldest is not None and time.monotonic() - oldest >= _SILENT_SECONDS
                self._watching = oldest is not None and not self._said
                if not self._watching:
                    break
        if self._said:
            self._say()
