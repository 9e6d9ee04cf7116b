"""A function's container image as the template describes it: how it is built, and how it is started."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from samlocal.template.values import Json, text

if TYPE_CHECKING:
    from samlocal.function.properties import Properties
    from samlocal.template.model import Resource, Template


class ImageBuild(Struct, frozen=True, kw_only=True):
    """A Dockerfile and its context on this machine; ``dockerfile`` is relative to ``context``.

    ``tag`` is the name under which `sam build` would leave the image.
    """

    context: Path
    dockerfile: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    target: str | None = None
    tag: str | None = None


class ImageConfig(Struct, frozen=True, kw_only=True):
    """What the template puts in place of the Dockerfile's own; None leaves it (Lambda API, ImageConfig)."""

    entry_point: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    working_directory: str | None = None


# The same in the Metadata of `sam build` and of CDK (SAM developer guide, "Building a container image"; CDK, cloud
# assembly, "asset metadata").
_KEYS = (
    ("DockerContext", "Dockerfile", "DockerBuildArgs", "DockerBuildTarget"),
    ("aws:asset:path", "aws:asset:dockerfile-path", "aws:asset:docker-build-args", "aws:asset:docker-build-target"),
)


def image_build(template: Template, resource: Resource, properties: Properties) -> ImageBuild | None:
    """How the image is built, None where the Metadata say nothing of it."""
    metadata = resource.metadata
    for context, dockerfile, arguments, target in _KEYS:
        if context not in metadata and dockerfile not in metadata:
            continue

        def value(name: str) -> Json:
            return properties.item("Metadata", metadata.get(name))

        given = value(arguments) or {}
        if not isinstance(given, dict):
            raise properties.wrong("Metadata", f"{arguments} needs a mapping, got {text(given)}")
        tag = value("DockerTag")
        chosen = value(target)
        return ImageBuild(
            context=template.folder / text(value(context) or "."),
            dockerfile=text(value(dockerfile) or "Dockerfile"),
            arguments={name: text(argument) for name, argument in given.items()},
            target=None if chosen is None else text(chosen),
            tag=None if tag is None else f"{resource.logical_id.lower()}:{text(tag)}",
        )
    return None


def image_config(properties: Properties) -> ImageConfig:
    """Raises TemplateError for an entry point or a command that is no list."""
    given = properties.mapping("ImageConfig")

    def words(name: str) -> tuple[str, ...] | None:
        value = given.get(name)
        if value is None:
            return None
        if not isinstance(value, list):
            raise properties.wrong("ImageConfig", f"{name} needs a list, got {text(value)!r}")
        return tuple(text(word) for word in value)

    folder = given.get("WorkingDirectory")
    return ImageConfig(
        entry_point=words("EntryPoint"),
        command=words("Command"),
        working_directory=None if folder is None else text(folder),
    )
