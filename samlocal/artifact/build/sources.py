"""What a build is made from, as one hash: the sources, and what lies outside of their folder and takes part."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from samlocal.artifact.build.manifests import named_outside
from samlocal.artifact.build.npm_packages import local_packages, workspace_of
from samlocal.artifact.build.workflow import (
    CARGO,
    ESBUILD,
    GO,
    GRADLE,
    NPM,
    Workflow,
    manifest_path,
    source_folder,
    workflow_of,
)
from samlocal.artifact.cache import hash_of
from samlocal.function.build_target import BuildTarget
from samlocal.records import read_record, write_record

# Names that no build takes in, or that the manifest beside them stands for.
_IGNORED = frozenset(
    {
        ".aws-sam",
        ".git",
        ".hg",
        ".svn",
        ".venv",
        "venv",
        "node_modules",
        "__pycache__",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".tox",
        ".nox",
        ".idea",
        ".vscode",
        ".DS_Store",
    }
)

# A file changed so shortly before it was read can change again within the clock's grain (git's "racy" files).
_SETTLED_SECONDS = 1.0

# Size, time of change, time of the inode's change, inode, content's hash.
_Known: TypeAlias = tuple[int, int, int, int, str]


class SourceHashes:
    """Hashes folders by content. A file that has not been touched since is not read again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, root: Path, *, ignored: frozenset[str]) -> str:
        """A folder's or a file's names, executable bits and contents, but for names that are ignored."""
        memo = self._folder / f"{hash_of(str(root))}.json"
        known = read_record(memo, dict[str, _Known]) or {}
        seen: dict[str, _Known] = {}
        read = 0
        digest = hashlib.sha256()
        for name, path, status in sorted(_files(root, _IGNORED | ignored)):
            stamp = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
            before = known.get(name)
            if before is not None and before[:4] == stamp:
                content = before[4]
            else:
                read += 1
                content = _content(path)
            if time.time() - status.st_mtime > _SETTLED_SECONDS:
                seen[name] = (*stamp, content)
            executable = "x" if status.st_mode & 0o111 else "-"
            digest.update(f"{name}\0{executable}{content}\0".encode(errors="surrogateescape"))
        if read or seen.keys() != known.keys():
            write_record(memo, seen)
        return digest.hexdigest()


def source_hash(target: BuildTarget, workflow: Workflow, hashes: SourceHashes) -> str:
    """Everything on the disk that a target's build reads."""
    source = source_folder(target, workflow)
    parts: list[str] = []
    for root in roots(target, workflow):
        parts += [os.path.relpath(root, source), hashes.of(root, ignored=workflow.ignored)]
    return hash_of(*parts)


def origins(target: BuildTarget) -> Iterator[tuple[Path, frozenset[str]]]:
    """The folders and files that a target is built from, with the names in each that take no part."""
    workflow = workflow_of(target)
    if workflow is None:
        return
    for root in roots(target, workflow):
        yield root, _IGNORED | workflow.ignored


def roots(target: BuildTarget, workflow: Workflow) -> tuple[Path, ...]:
    """The folders and files that take part: the sources', and what their manifests point at outside of these."""
    source = source_folder(target, workflow)
    manifest = manifest_path(target, workflow)
    found = [source]
    project = _project(target, workflow)
    if project is not None:
        found.append(project)
    if manifest is not None and manifest.is_file():
        found.append(manifest)
    if workflow in (NPM, ESBUILD):
        found += _packages(source)
    waiting = list(found)
    while waiting:
        for outside in named_outside(waiting.pop(), target.metadata.folder.resolve()):
            if not any(outside.is_relative_to(root) for root in found):
                found.append(outside)
                waiting.append(outside)
    # What lies in another root counts once.
    return tuple(
        root
        for index, root in enumerate(found)
        if not any(
            root.is_relative_to(other) and (root != other or index > place)
            for place, other in enumerate(found)
            if place != index
        )
    )


def _project(target: BuildTarget, workflow: Workflow) -> Path | None:
    """The project's folder above the sources, where the language's tool reads from there."""
    if workflow is ESBUILD:
        if (target.source / "package.json").exists():
            return None
        # Without a manifest esbuild bundles in place, and an import may leave the folder.
        folder = _above(target.source, "package.json", "tsconfig.json")
        return folder or target.metadata.folder.resolve()
    if workflow is GO:
        return _above(target.source, "go.work") or _above(target.source, "go.mod")
    if workflow is CARGO:
        for folder in target.source.parents:
            manifest = folder / "Cargo.toml"
            if manifest.is_file() and "[workspace]" in manifest.read_text(encoding="utf-8", errors="replace"):
                return folder
    if workflow is GRADLE:
        return _above(target.source, "settings.gradle", "settings.gradle.kts")
    return None


def _packages(source: Path) -> Iterator[Path]:
    """Packages of this machine that npm takes in, and the lock of the workspace that pins the others' versions."""
    packages = [package for package in local_packages(source) if package != source]
    yield from packages
    workspace = workspace_of(source) if packages else None
    if workspace is not None:
        yield from (
            path for name in ("package.json", "package-lock.json") if (path := workspace.root / name).is_file()
        )


def _above(folder: Path, *names: str) -> Path | None:
    for candidate in (folder, *folder.parents):
        if any((candidate / name).is_file() for name in names):
            return candidate
    return None


def _files(root: Path, ignored: frozenset[str]) -> Iterator[tuple[str, str, os.stat_result]]:
    """Names relative to the root, paths and what the disk says of them; links are followed, but not in circles."""
    if root.is_file():
        yield "", str(root), root.stat()
        return
    waiting: list[tuple[str, str, tuple[str, ...]]] = [("", str(root), (os.path.realpath(root),))]
    while waiting:
        prefix, folder, above = waiting.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError:
            continue
        for entry in entries:
            if entry.name in ignored:
                continue
            if entry.is_dir():
                real = os.path.realpath(entry.path) if entry.is_symlink() else entry.path
                if real not in above:
                    waiting.append((f"{prefix}{entry.name}/", entry.path, (*above, real)))
            elif entry.is_file():
                yield prefix + entry.name, entry.path, entry.stat()


def _content(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "unreadable"
