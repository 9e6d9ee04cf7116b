"""The Docker engine that all contenders use: what it is, the images on it, and what is removed from it at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import docker
import sam_cli
from docker.errors import APIError, DockerException

DEFAULT_HOST = "unix:///var/run/docker.sock"


class NoEngineError(Exception):
    """There is no engine that every contender can use."""


def host(environ: Mapping[str, str]) -> str:
    """DOCKER_HOST's value. Raises NoEngineError for an engine that is not behind a Unix socket."""
    value = environ.get("DOCKER_HOST") or DEFAULT_HOST
    if urlsplit(value).scheme != "unix":
        raise NoEngineError(f"The benchmark needs an engine behind a Unix socket, not {value}.")
    return value


@contextmanager
def connected(address: str, scratch: Path) -> Iterator[docker.APIClient]:
    """The engine; at the end of the block everything that the run has made on it is removed. Raises NoEngineError."""
    try:
        client = docker.APIClient(base_url=address, version="auto")
    except DockerException as error:
        raise NoEngineError(f"No Docker engine answers at {address}: {error}") from error
    before = _layered_images(client)
    try:
        yield client
    finally:
        made = _own_images(client) | (_layered_images(client) - before)
        _remove_containers(client, scratch, made)
        for name in made:
            client.remove_image(name, force=True)
        client.close()


def tag_for_sam_cli(client: docker.APIClient, image: str) -> None:
    """Gives the image a name that only SAM CLI uses: no other program takes it for AWS's."""
    repository, _, tag = sam_cli.IMAGE.rpartition(":")
    client.tag(image, repository, tag, force=True)


def marked(client: docker.APIClient, scratch: Path) -> int:
    """How many containers there are whose labels name the scratch folder."""
    return sum(is_marked(container, scratch) for container in client.containers(all=True))


def description(client: docker.APIClient) -> str:
    information = client.info()
    return f"{client.version()['Version']} ({information['Driver']}, cgroup v{information.get('CgroupVersion', '1')})"


def _own_images(client: docker.APIClient) -> set[str]:
    return _tags(client, f"{sam_cli.OWN}/*")


def _layered_images(client: docker.APIClient) -> set[str]:
    return _tags(client, sam_cli.LAYERED)


def _tags(client: docker.APIClient, repository: str) -> set[str]:
    return {tag for image in client.images(name=repository) for tag in image["RepoTags"] or ()}


def _remove_containers(client: docker.APIClient, scratch: Path, images: set[str]) -> None:
    """Those that a killed contender left: marked with the scratch folder, or of the run's own images."""
    for container in client.containers(all=True):
        if container["Image"] in images or is_marked(container, scratch):
            try:
                client.remove_container(container["Id"], force=True, v=True)
            except APIError as error:
                # 404: it is gone. 409: its removal is under way.
                if error.status_code not in (404, 409):
                    raise


def is_marked(container: Mapping[str, Any], scratch: Path) -> bool:
    return any(str(value).startswith(str(scratch)) for value in (container["Labels"] or {}).values())
