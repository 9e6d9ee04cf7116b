"""The images of a Docker engine."""

from __future__ import annotations

import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from msgspec import Struct

from samlocal.engine.container_spec import LABEL
from samlocal.engine.failures import cause, image_tip, translated
from samlocal.errors import BuildError, EngineError, ImageError

if TYPE_CHECKING:
    import docker

    from samlocal.engine.product import Product


PROBE = f"{LABEL}.probe"
"""On a container that was made to look into an image: when, in epoch seconds. It lives for a moment."""

_BUILD_TIP = (
    "Mend the Dockerfile. samlocal asks the engine's own builder; what needs BuildKit (`RUN --mount`) is built with "
    "`docker build` and named with ImageUri."
)


# Go, io/fs, ModeSymlink: a FileMode's bits are the engine's word for what a path is. `linkTarget` is not: Podman
# gives it for everything.
_SYMLINK = 1 << 27


class PullProgress(Struct, frozen=True, kw_only=True):
    """One step of a pull: what is done for which layer, and bytes where the engine tells them."""

    layer: str
    status: str
    current: int | None
    total: int | None


class ImageDescription(Struct, frozen=True, kw_only=True):
    """What an image says of itself: its id, its processor (``amd64``, ``arm64``), and how it is started."""

    id: str
    architecture: str
    entry_point: tuple[str, ...]
    command: tuple[str, ...]


class Images:
    """What an engine has for images, builds and pulls. Every method raises EngineError when it does not answer."""

    def __init__(self, client: docker.APIClient, product: Product) -> None:
        self._client = client
        self.product = product

    def images(self) -> list[str]:
        """The names of all images that are here."""
        with translated("the images cannot be listed"):
            return sorted(name for image in self._client.images() for name in self._names(image))

    def has_image(self, name: str) -> bool:
        from docker.errors import ImageNotFound

        with translated("the image cannot be looked up"):
            try:
                self._client.inspect_image(name)  # type: ignore[no-untyped-call]
            except ImageNotFound:
                return False
            return True

    def describe_image(self, name: str) -> ImageDescription | None:
        """None where the image is not there."""
        from docker.errors import ImageNotFound

        with translated("the image cannot be looked up"):
            try:
                described = self._client.inspect_image(name)  # type: ignore[no-untyped-call]
            except ImageNotFound:
                return None
            config = described.get("Config") or {}
            return ImageDescription(
                id=str(described["Id"]),
                architecture=str(described.get("Architecture") or ""),
                entry_point=tuple(config.get("Entrypoint") or ()),
                command=tuple(config.get("Cmd") or ()),
            )

    def has_file(self, image: str, path: str) -> bool:
        return self.modes(image, path)[path] is not None

    def modes(self, image: str, *paths: str) -> Mapping[str, int | None]:
        """The permission bits that files and folders of an image have, None for what it has not; a link has none.

        The container that is made for the question never runs.
        """
        from docker.utils import decode_json_header

        client = self._client
        with translated("the image cannot be looked into"):
            made = client.create_container(
                image=image,
                command=["-"],
                entrypoint=["-"],
                network_disabled=True,
                labels={LABEL: "", PROBE: f"{time.time():.0f}"},
            )["Id"]
            try:
                found: dict[str, int | None] = {}
                for path in paths:
                    # The SDK has no call that asks without fetching.
                    url = f"{client.base_url}/v{client.api_version}/containers/{made}/archive"
                    answer = client.head(url, params={"path": path}, timeout=client.timeout)
                    if answer.status_code == HTTPStatus.NOT_FOUND:
                        found[path] = None
                        continue
                    answer.raise_for_status()
                    described = decode_json_header(answer.headers["X-Docker-Container-Path-Stat"])
                    found[path] = 0 if int(described["mode"]) & _SYMLINK else int(described["mode"]) & 0o777
                return found
            finally:
                client.remove_container(made, force=True, v=True)

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
                fileobj=self._packed(context, dockerfile),
                custom_context=True,
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
            raise EngineError(f"The image of {context / dockerfile} cannot be built: {cause(error)}.") from error

    def _packed(self, context: Path, dockerfile: str) -> IO[bytes]:
        """What a build sends, as Docker's own client has it: the files are root's. Raises OSError.

        An ordinary user's engine knows few users' numbers beside, and refuses the others.
        """

        def as_roots(entry: tarfile.TarInfo) -> tarfile.TarInfo:
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            return entry

        packed = tempfile.TemporaryFile()  # noqa: SIM115 - the engine's client reads it to its end
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for name in self.context_files(context, dockerfile):
                archive.add(context / name, name, recursive=False, filter=as_roots)
        packed.seek(0)
        return packed

    def tag(self, image: str, name: str) -> None:
        repository, _, tag = name.rpartition(":")
        with translated(f"the image {image} cannot be called {name}"):
            self._client.tag(image, repository, tag)

    def drop_other_tags(self, name: str) -> None:
        """Removes the other tags of an image's repository; an image that a container still uses stays."""
        from docker.errors import APIError

        repository = name.rpartition(":")[0]
        with translated("the images cannot be listed"):
            for image in self._client.images(name=repository):
                for other in self._names(image):
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
                    raise ImageError(f"The image {name} cannot be pulled: {step['error']}.", tip=image_tip(name))
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
                f"The image {name} cannot be pulled: {error.explanation}.", tip=image_tip(name)
            ) from error
        except DockerException as error:
            raise EngineError(f"The image {name} cannot be pulled: {error}.") from error

    def _names(self, image: Mapping[str, Any]) -> Iterator[str]:
        return map(self.product.plain, image.get("RepoTags") or ())
