"""The disk of a Docker engine, which need not be this machine's: what it sees of this one, what can be put there."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import IO, TYPE_CHECKING, Any

from msgspec import Struct

from samlocal.engine.container_spec import LABEL
from samlocal.engine.failures import translated
from samlocal.engine.images import PROBE

if TYPE_CHECKING:
    import docker

# On what is filled: when it was made, in epoch seconds.
_MADE = f"{LABEL}.made"

_INSIDE = "/samlocal"


class OwnContainer(Struct, frozen=True, kw_only=True):
    """The container that this process runs in, as its engine describes it.

    ``mounts`` are places on the engine's disk by the places in the container where they are mounted, ``addresses``
    the container's own by the name of the network.
    """

    id: str
    mounts: Mapping[str, str]
    addresses: Mapping[str, str]
    on_host_network: bool


class Volume(Struct, frozen=True, kw_only=True):
    """A volume of samlocal's. ``folder`` is its place on the engine's disk, ``made`` in epoch seconds."""

    name: str
    folder: str
    made: float


class Carrier:
    """A container that never runs and has one volume mounted, through which that is filled."""

    def __init__(self, client: docker.APIClient, container: str) -> None:
        self._client = client
        self._container = container

    def has(self, name: str) -> bool:
        """Whether there is a file or folder of that name in the volume."""
        client = self._client
        with translated("the volume cannot be looked into"):
            url = f"{client.base_url}/v{client.api_version}/containers/{self._container}/archive"
            answer = client.head(url, params={"path": f"{_INSIDE}/{name}"}, timeout=client.timeout)
            if answer.status_code == HTTPStatus.NOT_FOUND:
                return False
            answer.raise_for_status()
            return True

    def put(self, archive: IO[bytes]) -> None:
        """Unpacks a tar archive in the volume; what its hard links name may be there already."""
        with translated("the volume cannot be filled"):
            self._client.put_archive(self._container, _INSIDE, archive)


class Disk:
    """What is asked of an engine's disk. Every method raises EngineError when the engine does not answer."""

    def __init__(self, client: docker.APIClient) -> None:
        self._client = client

    def own_container(self, ids: Iterable[str]) -> OwnContainer | None:
        """The first of these containers, by whole ids or their beginnings, that the engine knows."""
        from docker.errors import APIError, NotFound

        for id_ in ids:
            with translated(f"the container {id_} cannot be looked up"):
                try:
                    described = self._client.inspect_container(id_)
                except (NotFound, APIError):
                    continue
            # Another one may have this for its name.
            if str(described["Id"]).startswith(id_):
                return _own_container(described)
        return None

    def sees(self, image: str, path: str) -> bool:
        """Whether a file of this machine is there for the engine: it is asked to mount it, in a container of an image
        that never runs."""
        import docker.types
        from docker.errors import APIError

        client = self._client
        mount = docker.types.Mount(f"{_INSIDE}/probe", path, type="bind", read_only=True)
        with translated("a container cannot be made"):
            try:
                made = client.create_container(
                    image=image,
                    command=["-"],
                    entrypoint=["-"],
                    network_disabled=True,
                    labels={LABEL: "", PROBE: f"{time.time():.0f}"},
                    host_config=client.create_host_config(mounts=[mount]),
                )["Id"]
            except APIError as error:
                if path in str(error.explanation):
                    return False
                raise
            client.remove_container(made, force=True, v=True)
            return True

    def unpack(self, container: str, path: str, archive: IO[bytes]) -> None:
        """Unpacks a tar archive in a folder of a container."""
        with translated("the container cannot be filled"):
            self._client.put_archive(container, path, archive)

    def pack(self, container: str, path: str, out: IO[bytes]) -> None:
        """Writes a tar archive of a folder of a container, under the folder's own name."""
        with translated(f"{path} cannot be taken out of the container"):
            pieces, _ = self._client.get_archive(container, path)
            for piece in pieces:
                out.write(piece)

    def make_volume(self, name: str) -> str:
        """Makes a volume where there is none of this name; its place on the engine's disk."""
        with translated(f"the volume {name} cannot be made"):
            return str(self._client.create_volume(name, labels=_labels({}))["Mountpoint"])

    def remove_volume(self, name: str) -> None:
        """One that is gone, or in use, is no error."""
        from docker.errors import APIError

        with translated(f"the volume {name} cannot be removed"):
            try:
                self._client.remove_volume(name)
            except APIError as error:
                if error.status_code not in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):
                    raise

    def volumes(self) -> tuple[Volume, ...]:
        """Those that ``make_volume`` has made."""
        with translated("the volumes cannot be listed"):
            found = self._client.volumes(filters={"label": _MADE}).get("Volumes") or ()
            return tuple(
                Volume(name=str(each["Name"]), folder=str(each["Mountpoint"]), made=_made(each.get("Labels") or {}))
                for each in found
            )

    def mounted(self) -> frozenset[str]:
        """The places on the engine's disk that are mounted in samlocal's containers."""
        with translated("the containers cannot be listed"):
            found = self._client.containers(all=True, filters={"label": LABEL})
            return frozenset(
                str(mount.get("Source") or "") for container in found for mount in container.get("Mounts") or ()
            )

    @contextmanager
    def carrier(self, name: str, *, image: str, volume: str, labels: Mapping[str, str]) -> Iterator[Carrier | None]:
        """The way into a volume. As only one container has a name, it is one's alone; None where another has it."""
        import docker.types
        from docker.errors import APIError

        client = self._client
        mount = docker.types.Mount(_INSIDE, volume, type="volume", no_copy=True)
        with translated("a container cannot be made"):
            try:
                made = client.create_container(
                    image=image,
                    name=name,
                    command=["-"],
                    entrypoint=["-"],
                    network_disabled=True,
                    labels=_labels(labels),
                    host_config=client.create_host_config(mounts=[mount]),
                )["Id"]
            except APIError as error:
                if error.status_code != HTTPStatus.CONFLICT:
                    raise
                made = None
        if made is None:
            yield None
            return
        try:
            yield Carrier(client, made)
        finally:
            with translated("a container cannot be removed"):
                client.remove_container(made, force=True)


def _made(labels: Mapping[str, str]) -> float:
    made = labels.get(_MADE, "")
    return float(made) if made.isdigit() else time.time()


def _labels(labels: Mapping[str, str]) -> dict[str, str]:
    return {LABEL: "", **labels, _MADE: f"{time.time():.0f}"}


def _own_container(described: Mapping[str, Any]) -> OwnContainer:
    networks = described["NetworkSettings"].get("Networks") or {}
    return OwnContainer(
        id=str(described["Id"]),
        mounts={
            str(mount["Destination"]): str(mount["Source"])
            for mount in described.get("Mounts") or ()
            if mount.get("Source") and mount.get("Destination")
        },
        addresses={str(name): str(on["IPAddress"]) for name, on in networks.items() if on.get("IPAddress")},
        on_host_network=(described.get("HostConfig") or {}).get("NetworkMode") == "host",
    )
