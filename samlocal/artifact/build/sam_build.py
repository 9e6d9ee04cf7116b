"""What ``sam build`` has left in ``.aws-sam/build``."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from samlocal.artifact.build.sources import roots
from samlocal.artifact.build.workflow import Workflow
from samlocal.errors import TemplateError
from samlocal.function.build_target import BuildTarget
from samlocal.template.document import Map
from samlocal.template.reader import read


def sam_built(target: BuildTarget, workflow: Workflow, builds: Iterable[Path]) -> tuple[Path, bool] | None:
    """The built folder, and whether it is newer than everything that it was made from.

    ``builds`` are the folders that ``sam build`` may have written.
    """
    for build in builds:
        built = _folder(build, target)
        if built is not None:
            return built, _time(build, built) > _newest(target, workflow)
    return None


def was_built(target: BuildTarget, builds: Iterable[Path]) -> bool:
    """Whether ``sam build`` has ever built it, and what it made is still there."""
    return any(build.is_dir() and _folder(build, target) is not None for build in builds)


def _folder(build: Path, target: BuildTarget) -> Path | None:
    """Where the built template says, since functions that share code may share a folder; else the id's own."""
    *stacks, name = target.path.split("/")
    template = build.joinpath(*stacks, "template.yaml")
    if template.is_file():
        try:
            resources = read(template).root.get("Resources")
        except TemplateError:
            resources = None
        resource = resources.get(name) if isinstance(resources, Map) else None
        properties = resource.get("Properties") if isinstance(resource, Map) else None
        if isinstance(properties, Map):
            for key in ("CodeUri", "Code", "ContentUri", "Content"):
                written = properties.get(key)
                if isinstance(written, str) and (template.parent / written).is_dir():
                    return (template.parent / written).resolve()
    own = build / target.path
    return own.resolve() if own.is_dir() else None


def _time(build: Path, built: Path) -> float:
    template = build / "template.yaml"
    return (template if template.is_file() else built).stat().st_mtime


def _newest(target: BuildTarget, workflow: Workflow) -> float:
    newest = target.metadata.template.stat().st_mtime
    ignored = workflow.ignored | {".aws-sam", ".git", "node_modules", "__pycache__", ".venv", "venv"}
    for root in roots(target, workflow):
        newest = max(newest, root.stat().st_mtime)
        for folder, names, files in os.walk(root):
            names[:] = [name for name in names if name not in ignored]
            for name in files:
                newest = max(newest, (Path(folder) / name).lstat().st_mtime)
    return newest
