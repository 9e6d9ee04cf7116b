"""What a function is made of: its code and its layers."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from samlocal.function.build_metadata import BuildMetadata
from samlocal.function.image_config import ImageBuild

SERVERLESS_FOLDER = ".serverless"
"""Where the Serverless Framework puts a service's package."""


class LocalCode(Struct, frozen=True, kw_only=True, tag=True):
    """A folder or an archive beside the template; ``built_from`` is the source of a folder that a build made."""

    path: Path
    built_from: Path | None = None


class InlineCode(Struct, frozen=True, kw_only=True, tag=True):
    """Source that stands in the template."""

    source: str


class S3Code(Struct, frozen=True, kw_only=True, tag=True):
    """An archive in S3."""

    bucket: str
    key: str
    version: str | None = None


class ImageCode(Struct, frozen=True, kw_only=True, tag=True):
    """A container image: built here where ``build`` says how, else ``uri``, None where the template names none."""

    uri: str | None
    build: ImageBuild | None = None


class DeployedCode(Struct, frozen=True, kw_only=True, tag=True):
    """The package that Lambda runs now; ``sha256`` is base64, as Lambda tells it.

    ``working_copy`` is the code that the template names.
    """

    function: str
    sha256: str
    working_copy: LocalCode | InlineCode | S3Code


Code: TypeAlias = LocalCode | InlineCode | S3Code | ImageCode | DeployedCode


def source_of(code: Code) -> Path | None:
    """Where on this machine the files lie that somebody has written, None where they do not."""
    return code.built_from or code.path if isinstance(code, LocalCode) else None


class LocalLayer(Struct, frozen=True, kw_only=True, tag=True):
    """A layer of the template whose content lies beside it; ``built_from`` as in LocalCode."""

    logical_id: str
    path: Path
    build: BuildMetadata | None = None
    built_from: Path | None = None


class StoredLayer(Struct, frozen=True, kw_only=True, tag=True):
    """A layer of the template whose content is an archive in S3."""

    logical_id: str
    content: S3Code


class RemoteLayer(Struct, frozen=True, kw_only=True, tag=True):
    """A layer version in AWS. ``placeholder`` is the expression for which the ARN is made up, None for a real one."""

    arn: str
    placeholder: str | None = None


Layer: TypeAlias = LocalLayer | StoredLayer | RemoteLayer
