"""One build: what is to be made, and what the builder called the folders that it was made in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from samlocal.artifact.build.workflow import Workflow
from samlocal.function.build_target import BuildTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class BuilderFolders:
    """What a builder calls the folders: the one that it fills, and by its names those that it reads."""

    artifacts: str
    folders: Mapping[str, Path]
