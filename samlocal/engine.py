"""The only user of docker: the containers, images and networks of one Docker engine."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samlocal.errors import BuildError, EngineError, ImageError

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


@dataclass(frozen=True, slots=True, kw_only=True)
class PullProgress:
    """One step of a pull: what is done for which layer, and bytes where the engine tells them."""

    layer: str
    status: str
    current: int | None
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageDescription:
    """What an image says of itself: its id, and how it is started."""

    id: str
    entry_point: tuple[str, ...]
    command: tuple[str, ...]


class Engine:
    """One Docker engine. Every method raises EngineError when it does not answer."""

    def __init__(self, client: docker.APIClient) -> None:
        self._client = client

    @classmethod
    def connect(cls, environ: Mapping[str, str]) -> Engine:
        """The engine at DOCKER_HOST, else the current Docker context's, else the default socket's."""
        from docker.api.client import APIClient
        from docker.errors import DockerException
        from docker.utils import kwargs_from_env

        options = kwargs_from_env(environment=dict(environ))
        if "base_url" not in options:
            host = _context_host(environ)
            if host:
                options["base_url"] = host
        try:
            return cls(APIClient(version="auto", **options))
        except DockerException as error:
            where = options.get("base_url", "its default socket")
            raise EngineError(
                f"No Docker engine answers at {where}: {_cause(error)}.",
                tip="Start Docker (Docker Desktop, Colima, `systemctl start docker`), or set DOCKER_HOST.",
            ) from error

    def version(self) -> str:
        """What answers, and where: ``Docker Engine 27.3.1 (API 1.47, linux/amd64) at unix:///var/run/docker.sock``."""
        with _translated("its version cannot be read"):
            told = self._client.version()
            name = (told.get("Platform") or {}).get("Name") or "Docker Engine"
            what = f"{name} {told.get('Version')} (API {told.get('ApiVersion')}, {told.get('Os')}/{told.get('Arch')})"
            # The SDK calls a socket http+docker://localhost.
            where = self._client.base_url
            return what if where.startswith("http+docker") else f"{what} at {where}"

    # images

    def images(self) -> list[str]:
        """The names of all images that are here."""
        with _translated("the images cannot be listed"):
            return sorted(name for image in self._client.images() for name in image.get("RepoTags") or ())

    def has_image(self, name: str) -> bool:
        from docker.errors import ImageNotFound

        with _translated("the image cannot be looked up"):
            try:
                self._client.inspect_image(name)  # type: ignore[no-untyped-call]
            except ImageNotFound:
                return False
            return True

    def describe_image(self, name: str) -> ImageDescription | None:
        """None where the image is not there."""
        from docker.errors import ImageNotFound

        with _translated("the image cannot be looked up"):
            try:
                described = self._client.inspect_image(name)  # type: ignore[no-untyped-call]
            except ImageNotFound:
                return None
            config = described.get("Config") or {}
            return ImageDescription(
                id=str(described["Id"]),
                entry_point=tuple(config.get("Entrypoint") or ()),
                command=tuple(config.get("Cmd") or ()),
            )

    def has_file(self, image: str, path: str) -> bool:
        """Whether an image has a file. Its container is made for the question and never runs."""
        from docker.errors import NotFound

        with _translated("the image cannot be looked into"):
            made = self._client.create_container(image=image, command=["-"], entrypoint=["-"], network_disabled=True)
            try:
                pieces, _ = self._client.get_archive(made["Id"], path)
                for _ in pieces:
                    pass
            except NotFound:
                return False
            finally:
                self._client.remove_container(made["Id"], force=True)
            return True

    def context_files(self, context: Path, dockerfile: str) -> tuple[str, ...]:
        """What a build sends to the engine: the context's files but for those that .dockerignore leaves out."""
        from docker.utils import exclude_paths

        ignored = context / ".dockerignore"
        patterns = ignored.read_text(encoding="utf-8").splitlines() if ignored.is_file() else []
        wanted = [line.strip() for line in patterns if line.strip() and not line.strip().startswith("#")]
        return tuple(sorted(exclude_paths(str(context), wanted, dockerfile=dockerfile)))

    def build(
        self,
        context: Path,
        *,
        dockerfile: str,
        name: str,
        arguments: Mapping[str, str],
        target: str | None,
        platform: str | None,
        pull: bool,
        log: Callable[[str], None],
    ) -> None:
        """Builds an image with the engine's own builder; ``log`` gets its lines. Raises BuildError with the last."""
        from docker.errors import APIError, DockerException

        last: list[str] = []
        try:
            steps = self._client.build(
                path=str(context),
                dockerfile=dockerfile,
                tag=name,
                buildargs=dict(arguments),
                target=target,
                platform=platform,
                pull=pull,
                rm=True,
                forcerm=True,
                decode=True,
            )
            for step in steps:
                for line in str(step.get("stream", "")).splitlines():
                    if line.strip():
                        last = [*last[-9:], line]
                        log(line)
                if "error" in step:
                    raise BuildError(
                        f"The image of {context / dockerfile} cannot be built: {step['error']}\n"
                        + "\n".join(f"  {line}" for line in last),
                        tip=_BUILD_TIP,
                    )
        except APIError as error:
            raise BuildError(
                f"The image of {context / dockerfile} cannot be built: {error.explanation}.", tip=_BUILD_TIP
            ) from error
        except (DockerException, OSError) as error:
            raise EngineError(f"The image of {context / dockerfile} cannot be built: {_cause(error)}.") from error

    def tag(self, image: str, name: str) -> None:
        repository, _, tag = name.rpartition(":")
        with _translated(f"the image {image} cannot be called {name}"):
            self._client.tag(image, repository, tag)

    def drop_other_tags(self, name: str) -> None:
        """Removes the other tags of an image's repository; an image that a container still uses stays."""
        from docker.errors import APIError

        repository = name.rpartition(":")[0]
        with _translated("the images cannot be listed"):
            for image in self._client.images(name=repository):
                for other in image.get("RepoTags") or ():
                    if other != name and other.rpartition(":")[0] == repository:
                        with suppress(APIError):
                            self._client.remove_image(other)

    def pull(
        self,
        name: str,
        *,
        platform: str | None,
        progress: Callable[[PullProgress], None],
        login: tuple[str, str] | None = None,
    ) -> None:
        """Pulls an image, with a registry's user and password where ``login`` gives them.

        Raises ImageError when the registry does not give it.
        """
        from docker.errors import APIError, DockerException

        repository, _, tag = name.rpartition(":")
        if "@" in name:
            # The engine takes a digest where a tag stands.
            repository, _, tag = name.partition("@")
        elif "/" in tag or not repository:
            repository, tag = name, "latest"
        try:
            steps = self._client.pull(
                repository,
                tag=tag,
                platform=platform,
                stream=True,
                decode=True,
                auth_config={"username": login[0], "password": login[1]} if login else None,
            )
            for step in steps:
                if "error" in step:
                    raise ImageError(f"The image {name} cannot be pulled: {step['error']}.", tip=_image_tip(name))
                detail = step.get("progressDetail") or {}
                progress(
                    PullProgress(
                        layer=str(step.get("id", "")),
                        status=str(step.get("status", "")),
                        current=detail.get("current"),
                        total=detail.get("total"),
                    )
                )
        except APIError as error:
            raise ImageError(
                f"The image {name} cannot be pulled: {error.explanation}.", tip=_image_tip(name)
            ) from error
        except DockerException as error:
            raise EngineError(f"The image {name} cannot be pulled: {error}.") from error

    # networks

    def gateway(self, network: str) -> str | None:
        """The host's address on a bridge network, None where the network has none."""
        from docker.errors import NotFound

        with _translated(f"the network {network} cannot be looked up"):
            try:
                described = self._client.inspect_network(network)
            except NotFound as error:
                raise EngineError(
                    f"There is no Docker network {network}.", tip="`docker network ls` shows those there are."
                ) from error
            for pool in described.get("IPAM", {}).get("Config") or ():
                gateway = pool.get("Gateway")
                if gateway and ":" not in gateway:
                    return str(gateway)
        return None

    # containers

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
        with _translated("the container cannot be made"):
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
                raise ImageError(f"The image {spec.image} is not there.", tip=_image_tip(spec.image)) from error
            return str(made["Id"])

    def attach(self, container: str) -> Iterator[tuple[bytes | None, bytes | None]]:
        """What the container writes, as (standard output, standard error) pieces, to its end.

        Attach before the start, so that nothing is missed.
        """
        with _translated("the container's output cannot be read"):
            pieces = self._client.attach(container, stdout=True, stderr=True, stream=True, demux=True)
            return _to_the_end(pieces)

    def input(self, container: str) -> Input:
        """The container's standard input, for one made with ``open_stdin``."""
        with _translated("the container's input cannot be reached"):
            return Input(self._client.attach_socket(container, params={"stdin": 1, "stream": 1}))

    def start(self, container: str) -> None:
        with _translated("the container cannot be started"):
            self._client.start(container)

    def state(self, container: str) -> ContainerState | None:
        """None when the container is gone."""
        from docker.errors import NotFound

        with _translated("the container cannot be looked up"):
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

        with _translated("the container cannot be signalled"):
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
        with _translated("the containers cannot be listed"):
            found = self._client.containers(all=True, filters={"label": LABEL})
            return {str(container["Id"]): container["Labels"] for container in found}

    def close(self) -> None:
        self._client.close()


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


class _translated:  # noqa: N801 - reads as the statement it is
    """Turns the Docker SDK's exceptions into EngineError."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is None:
            return
        import requests
        from docker.errors import APIError, DockerException

        if isinstance(error, APIError):
            raise EngineError(f"Docker: {self._what}: {error.explanation or error}.") from error
        if isinstance(error, (DockerException, requests.exceptions.RequestException)):
            raise EngineError(
                f"Docker: {self._what}: {_cause(error)}.", tip="Is the Docker engine still running?"
            ) from error


def _to_the_end(stream: Any) -> Iterator[tuple[bytes | None, bytes | None]]:
    """Closes the connection with the stream: the SDK leaves it to the garbage collector."""
    yield from stream
    # Its own close() leaves the file over the socket open.
    stream._response.close()


def _cause(error: BaseException) -> str:
    """The innermost reason: the SDK wraps a missing socket four times."""
    while error.__context__ is not None:
        error = error.__context__
    text = str(error)
    return text if len(text) < 200 else f"{text[:200]}…"


def _context_host(environ: Mapping[str, str]) -> str | None:
    """The current Docker context's address: the SDK itself looks only at DOCKER_HOST."""
    folder = Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME", os.sep)) / ".docker")
    name = environ.get("DOCKER_CONTEXT")
    if name is None:
        try:
            name = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("currentContext")
        except (OSError, ValueError):
            return None
    if not name or name == "default":
        return None
    from docker.context import ContextAPI
    from docker.errors import DockerException

    try:
        context: Any = ContextAPI.get_context(name)
    except (DockerException, OSError, ValueError) as error:
        raise EngineError(f"The Docker context {name} cannot be read: {error}.") from error
    if context is None:
        raise EngineError(f"There is no Docker context {name}.", tip="`docker context ls` shows those there are.")
    return str(context.Host) if context.Host else None


_BUILD_TIP = (
    "Mend the Dockerfile. samlocal asks the engine's own builder; what needs BuildKit (`RUN --mount`) is built with "
    "`docker build` and named with ImageUri."
)


def _image_tip(name: str) -> str:
    return (
        f"Check the network, pull it by hand (`docker pull {name}`), or name another image with "
        "--image RUNTIME=IMAGE. In samlocal's own checkout `make images` builds stand-ins."
    )
