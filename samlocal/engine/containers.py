"""The containers of a Docker engine."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from samlocal.engine.attached import Input
from samlocal.engine.container_spec import LABEL, ContainerSpec, Tmp, host_config
from samlocal.engine.failures import MountMissingError, image_tip, translated
from samlocal.errors import EngineError, ImageError

if TYPE_CHECKING:
    import docker
    import requests

    from samlocal.engine.product import Product
    from samlocal.engine.streams import Output

_DAY = 24 * 60 * 60 * 1_000_000_000

# Long enough to send a request; the engine carries it out whether or not anyone hears its answer.
_UNHEARD_SECONDS = 0.005

# Podman's word for a container that is neither running nor yet cleaned up behind its end.
_BETWEEN_STATES = "container state improper"
_BETWEEN_SECONDS = 0.05


class ContainerState(Struct, frozen=True, kw_only=True):
    """How a container stands. ``pid`` is the host's, 0 when it does not run; ``started_at`` is in epoch seconds."""

    running: bool
    exit_status: int
    out_of_memory: bool
    pid: int
    address: str | None
    started_at: float


class Containers:
    """What an engine runs. Every method raises EngineError when it does not answer."""

    def __init__(self, client: docker.APIClient, product: Product) -> None:
        self._client = client
        self.product = product

    @property
    def deadline(self) -> float:
        """Seconds after which a request that has gone unanswered fails."""
        return float(self._client.timeout)

    def create(self, spec: ContainerSpec) -> str:
        """Makes a container and gives its id. It does not run yet."""
        with translated("the container cannot be made"):
            made = self._make(spec)
            if spec.processes and any("pids limit" in warning.lower() for warning in made.get("Warnings") or ()):
                # Where no cgroup can count them (Podman as an ordinary user on cgroup v1) the kernel counts the
                # user's own.
                self.remove(str(made["Id"]))
                made = self._make(replace(spec, processes=0, user_processes=spec.processes))
            return str(made["Id"])

    def _make(self, spec: ContainerSpec) -> dict[str, Any]:
        from docker.errors import APIError, ImageNotFound

        hostname, domain_name = spec.hostname, spec.domain_name
        if domain_name is not None and not self.product.domain_name:
            hostname, domain_name = f"{hostname}.{domain_name}", None
        try:
            made: dict[str, Any] = self._client.create_container(
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
                host_config=host_config(self._client, spec, self.product),
                hostname=hostname,
                domainname=domain_name,
                stdin_open=spec.open_stdin,
                stop_signal="SIGKILL" if self.product.stops_to_remove else None,
                # An image's own check would run its processes among the function's. Podman would look every 30 s
                # whether there is one.
                healthcheck={"test": ["NONE"], "interval": _DAY},
            )
        except ImageNotFound as error:
            raise ImageError(f"The image {spec.image} is not there.", tip=image_tip(spec.image)) from error
        except APIError as error:
            if spec.tmp is Tmp.LIMITED_DISK and "quota" in str(error.explanation):
                # The engine's disk was another one when it was asked.
                return self._make(replace(spec, tmp=Tmp.DISK))
            if _names_no_mount(str(error.explanation)):
                raise MountMissingError(f"Docker: the container cannot be made: {error.explanation}.") from error
            raise
        return made

    def limits_volumes(self) -> bool:
        """Whether the engine's disk can limit the size of a volume (xfs with project quotas can)."""
        from docker.errors import APIError

        with translated("the engine's disk cannot be looked at"):
            try:
                made = self._client.create_volume(driver_opts={"size": "1m"}, labels={LABEL: "probe"})
            except APIError:
                return False
            self._client.remove_volume(made["Name"], force=True)
            return True

    def attach(self, container: str) -> Iterator[tuple[bytes | None, bytes | None]]:
        """What the container writes, as (standard output, standard error) pieces, to its end.

        Attach before the start, so that nothing is missed.
        """
        with translated("the container's output cannot be read"):
            pieces = self._client.attach(container, stdout=True, stderr=True, stream=True, demux=True)
            return _to_the_end(pieces)

    def output(self, container: str) -> Output:
        """What ``attach`` gives, for an event loop."""
        from samlocal.engine.streams import Output

        with translated("the container's output cannot be read"):
            return Output(self._client.attach_socket(container, params={"stdout": 1, "stderr": 1, "stream": 1}))

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

    def memory_usage(self, container: str) -> int | None:
        """The bytes that the container is charged for now, None when it does not run."""
        from docker.errors import APIError, InvalidVersion

        with translated("the container's memory cannot be read"):
            try:
                told = self._client.stats(container, stream=False, one_shot=True)
            except (APIError, InvalidVersion):
                return None
            usage = (told.get("memory_stats") or {}).get("usage")
            return None if usage is None else int(usage)

    def run_in(self, container: str, command: tuple[str, ...]) -> str | None:
        """What a program prints when it is run in a container that runs; None where it cannot be."""
        from docker.errors import APIError

        with translated("nothing can be run in the container"):
            try:
                started = self._client.exec_create(container, list(command), stderr=False)
                printed: bytes = self._client.exec_start(started["Id"])
            except APIError:
                return None
            return printed.decode(errors="replace")

    def remove(self, container: str, *, wait: bool = True) -> bool:
        """Kills and removes a container, and says whether it was there to be removed; one that is gone is no error.

        Without ``wait`` the request is sent and its answer left, where the engine finishes by itself.
        """
        import requests

        wait = wait or self.product.drops_requests
        until = time.monotonic() + self.deadline
        try:
            answer = self._delete(container, wait=wait)
            # It has ended by itself meanwhile, which Podman is not done with.
            while _BETWEEN_STATES in answer.text and time.monotonic() < until:
                time.sleep(_BETWEEN_SECONDS)
                answer = self._delete(container, wait=wait)
        except requests.exceptions.RequestException as error:
            if wait:
                raise EngineError(f"The container {container} cannot be removed: {error}.") from error
            return True
        # 404: it is gone. 409: somebody else's removal of it is under way.
        if not answer.ok and answer.status_code not in (404, 409):
            raise EngineError(f"The container {container} cannot be removed: {answer.text.strip()}.")
        return bool(answer.ok)

    def _delete(self, container: str, *, wait: bool) -> requests.Response:
        """Raises requests' exceptions."""
        client = self._client
        # The SDK's own call cannot leave before the answer: its timeout is the whole client's.
        return client.delete(
            f"{client.base_url}/v{client.api_version}/containers/{container}",
            params={"force": "1", "v": "1"},
            # The first is for the way there, which may be long.
            timeout=(client.timeout, client.timeout if wait else _UNHEARD_SECONDS),
        )

    def labelled(self) -> Mapping[str, Mapping[str, str]]:
        """Every container with samlocal's label, running or not: its labels by its id."""
        with translated("the containers cannot be listed"):
            found = self._client.containers(all=True, filters={"label": LABEL})
            return {str(container["Id"]): container["Labels"] for container in found}


def _names_no_mount(explanation: str) -> bool:
    """Docker's words, and Podman's, for a mount whose source is not there."""
    said = explanation.lower()
    return "bind source path does not exist" in said or ("statfs" in said and "no such file" in said)


def _to_the_end(stream: Any) -> Iterator[tuple[bytes | None, bytes | None]]:
    """Closes the connection with the stream: the SDK leaves it to the garbage collector."""
    yield from stream
    # Its own close() leaves the file over the socket open.
    stream._response.close()
