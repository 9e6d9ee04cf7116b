"""One build: what is to be made, and what the builder called the folders that it was made in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from samlocal.artifact.build.workflow import Workflow
from samlocal.function.build_target import BuildTarget


class Job(Struct, frozen=True, kw_only=True):
    """One build: what, into which folder, with which folder for dependencies kept apart.

    ``manifest`` names the dependencies, ``fetch`` says that their folder is to be filled; ``debug`` leaves out
    optimizations. ``packed`` is what is built in the sources' place, where they had to be packed first.
    """

    target: BuildTarget
    workflow: Workflow
    folder: Path
    scratch: Path
    manifest: Path | None
    dependencies: Path | None
    fetch: bool
    debug: bool
    packed: Path | None = None


class BuilderFolders(Struct, frozen=True, kw_only=True):
    """What a builder calls the folders: the one that it fills, and by its names those that it reads."""

    artifacts: str
    folders: Mapping[str, Path]
