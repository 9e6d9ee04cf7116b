"""The containers of a Docker engine."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samlocal.engine.failures import image_tip, translated
from samlocal.errors import EngineError, ImageError

if TYPE_CHECKING:
    import docker

# Long enough to send a request; the engine carries it out whether or not anyone hears its answer.
_UNHEARD_SECONDS = 0.005

LABEL = "samlocal"
"""On everything that samlocal makes in Docker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A folder or file of the host, read-only in the container unless it is ``writable``."""

    source: Path
    target: str
    writable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec:
    """A container to be made. ``memory`` and ``tmp_size`` are in MB; ``environment`` replaces the image's own.

    A ``memory`` or ``open_files`` of 0 sets no limit, and ``read_only`` is for the root file system. ``published``
    are ports that this machine, and no other, reaches under the same numbers; ``capabilities`` are the ones left when
    all others are dropped.
    """

    name: str
    image: str
    platform: str | None
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    working_dir: str | None
    user: str
    environment: Mapping[str, str]
    mounts: tuple[Mount, ...]
    labels: Mapping[str, str]
    network: str
    extra_hosts: Mapping[str, str] = field(default_factory=dict)
    memory: int
    tmp_size: int
    open_files: int
    read_only: bool = True
    published: tuple[int, ...] = ()
    capabilities: tuple[str, ...] = ()
    hostname: str | None = None
    domain_name: str | None = None
    open_stdin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerState:
    """How a container stands. ``pid`` is the host's, 0 when it does not run; ``started_at`` is in epoch seconds."""

    running: bool
    exit_status: int
    out_of_memory: bool
    pid: int
    address: str | None
    started_at: float


class Containers:
    """What an engine runs. Every method raises EngineError when it does not answer."""

    def __init__(self, client: docker.APIClient) -> None:
        self._client = client

    def create(self, spec: ContainerSpec) -> str:
        """Makes a container and gives its id. It does not run yet."""
        import docker.types
        from docker.errors import ImageNotFound

        client = self._client
        host_config = client.create_host_config(
            # Not `binds`: those split at colons, and make a folder where the source is absent.
            mounts=[
                docker.types.Mount(mount.target, str(mount.source), type="bind", read_only=not mount.writable)
                for mount in spec.mounts
            ],
            network_mode=spec.network,
            extra_hosts=dict(spec.extra_hosts),
            read_only=spec.read_only,
            tmpfs={"/tmp": f"rw,nosuid,nodev,exec,mode=1777,size={spec.tmp_size}m"},  # noqa: S108 - in the container
            mem_limit=f"{spec.memory}m",
            memswap_limit=f"{spec.memory}m",
            ulimits=[docker.types.Ulimit(name="nofile", soft=spec.open_files, hard=spec.open_files)]
            if spec.open_files
            else None,
            cap_drop=["ALL"],
            cap_add=list(spec.capabilities),
            port_bindings={port: ("127.0.0.1", port) for port in spec.published},
            security_opt=["no-new-privileges"],
            init=True,
        )
        with translated("the container cannot be made"):
            try:
                made = client.create_container(
                    image=spec.image,
                    name=spec.name,
                    platform=spec.platform,
                    entrypoint=list(spec.entrypoint) or None,
                    command=list(spec.command),
                    working_dir=spec.working_dir,
                    user=spec.user,
                    environment=[f"{name}={value}" for name, value in spec.environment.items()],
                    labels=dict(spec.labels),
                    ports=list(spec.published),
                    host_config=host_config,
                    hostname=spec.hostname,
                    domainname=spec.domain_name,
                    stdin_open=spec.open_stdin,
                )
            except ImageNotFound as error:
                raise ImageError(f"The image {spec.image} is not there.", tip=image_tip(spec.image)) from error
            return str(made["Id"])

    def attach(self, container: str) -> Iterator[tuple[bytes | None, bytes | None]]:
        """What the container writes, as (standard output, standard error) pieces, to its end.

        Attach before the start, so that nothing is missed.
        """
        with translated("the container's output cannot be read"):
            pieces = self._client.attach(container, stdout=True, stderr=True, stream=True, demux=True)
            return _to_the_end(pieces)

    def input(self, container: str) -> Input:
        """The container's standard input, for one made with ``open_stdin``."""
        with translated("the container's input cannot be reached"):
            return Input(self._client.attach_socket(container, params={"stdin": 1, "stream": 1}))

    def start(self, container: str) -> None:
        with translated("the container cannot be started"):
            self._client.start(container)

    def state(self, container: str) -> ContainerState | None:
        """None when the container is gone."""
        from docker.errors import NotFound

        with translated("the container cannot be looked up"):
            try:
                described = self._client.inspect_container(container)
            except NotFound:
                return None
            state = described["State"]
            networks = described["NetworkSettings"].get("Networks") or {}
            addresses = (network.get("IPAddress") for network in networks.values())
            return ContainerState(
                running=bool(state["Running"]),
                exit_status=int(state["ExitCode"]),
                out_of_memory=bool(state["OOMKilled"]),
                pid=int(state["Pid"]),
                address=next((str(address) for address in addresses if address), None),
                started_at=datetime.datetime.fromisoformat(state["StartedAt"]).timestamp(),
            )

    def signal(self, container: str, name: str) -> None:
        """Sends a signal (``SIGTERM``) to the container's first process; one that has ended is no error."""
        from docker.errors import APIError

        with translated("the container cannot be signalled"):
            try:
                self._client.kill(container, name)
            except APIError as error:
                # 404: it is gone. 409: it does not run.
                if error.status_code not in (404, 409):
                    raise

    def remove(self, container: str, *, wait: bool = True) -> None:
        """Kills and removes a container; one that is gone already is no error.

        Without ``wait`` the request is sent and its answer left: the engine finishes by itself.
        """
        import requests

        client = self._client
        # The SDK's own call cannot leave before the answer: its timeout is the whole client's.
        url = f"{client.base_url}/v{client.api_version}/containers/{container}"
        try:
            answer = client.delete(
                url, params={"force": "1", "v": "1"}, timeout=client.timeout if wait else _UNHEARD_SECONDS
            )
        except requests.exceptions.RequestException as error:
            if wait:
                raise EngineError(f"The container {container} cannot be removed: {error}.") from error
            return
        # 404: it is gone. 409: somebody else's removal of it is under way.
        if not answer.ok and answer.status_code not in (404, 409):
            raise EngineError(f"The container {container} cannot be removed: {answer.text.strip()}.")

    def labelled(self) -> Mapping[str, Mapping[str, str]]:
        """Every container with samlocal's label, running or not: its labels by its id."""
        with translated("the containers cannot be listed"):
            found = self._client.containers(all=True, filters={"label": LABEL})
            return {str(container["Id"]): container["Labels"] for container in found}


class Input:
    """The standard input of a container, to write to."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, data: bytes) -> None:
        """What cannot be written any more is no error: the container's end shows elsewhere."""
        # The SDK gives the socket itself, or a reader around it.
        with suppress(OSError):
            getattr(self._stream, "_sock", self._stream).sendall(data)

    def close(self) -> None:
        # The SDK's reader has the connection's response and its socket, and closes neither.
        for part in (getattr(self._stream, "_response", None), getattr(self._stream, "_sock", None), self._stream):
            if part is not None:
                with suppress(OSError, ValueError):
                    part.close()


def _to_the_end(stream: Any) -> Iterator[tuple[bytes | None, bytes | None]]:
    """Closes the connection with the stream: the SDK leaves it to the garbage collector."""
    yield from stream
    # Its own close() leaves the file over the socket open.
    stream._response.close()
