"""Whether a function's or a layer's folder holds sources that cannot run as they are."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from samlocal.artifact.build.python_project import python_project
from samlocal.function.build_target import BuildTarget

_PROJECTS = {
    "java": ("pom.xml", "build.gradle", "build.gradle.kts"),
    "dotnet": ("*.csproj", "*.fsproj"),
    "provided": ("go.mod", "Cargo.toml", "Makefile", "*.go"),
    "go": ("go.mod", "*.go"),
}

# What Lambda's runtimes bring (Lambda developer guide, "Building with Python", "Building with Node.js").
_OF_PYTHON = frozenset({"boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3"})
_OF_NODE = re.compile(r"aws-sdk|@aws-sdk/.*|@smithy/.*")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def is_unbuilt(target: BuildTarget) -> bool:
    """Only what is certain: a BuildMethod, dependencies that are not there, a project where a program is to be."""
    if target.metadata.method is not None:
        return True
    if target.asset:
        return False
    folder, runtime = target.source, target.runtime or ""
    if runtime.startswith("python"):
        return not set(_python_dependencies(folder)) <= _OF_PYTHON | _installed(folder)
    if runtime.startswith("nodejs"):
        return any(
            not _OF_NODE.fullmatch(name) and not (folder / "node_modules" / name).is_dir()
            for name in _node_dependencies(folder)
        )
    if runtime.startswith("ruby"):
        return _has_gems(folder) and not (folder / "vendor" / "bundle").is_dir()
    if runtime.startswith(("provided", "go1")) and _is_there(folder / "bootstrap"):
        return False
    return any(_has(folder, names) for language, names in _PROJECTS.items() if runtime.startswith(language))


def is_typescript(target: BuildTarget) -> bool:
    """Whether the handler's module is there in TypeScript alone, which no runtime of Lambda's loads."""
    module = (target.handler or "").rpartition(".")[0]
    if not (target.runtime or "").startswith("nodejs") or target.asset:
        return False
    written = any(_is_there(target.source / f"{module}{ending}") for ending in (".ts", ".mts", ".cts", ".tsx"))
    return written and not any(_is_there(target.source / f"{module}{ending}") for ending in (".js", ".mjs", ".cjs"))


def _is_there(path: Path) -> bool:
    """What cannot be looked at counts as absent: whoever reads the code tells why."""
    return os.access(path, os.F_OK)


def _has(folder: Path, names: tuple[str, ...]) -> bool:
    return any(any(folder.glob(name)) for name in names)


def _python_dependencies(folder: Path) -> Iterator[str]:
    """Names of distributions; of what has no name the line itself."""
    project = python_project(folder)
    if project is not None:
        yield from map(_distribution, project.dependencies or ("dependencies of Poetry",))
        return
    try:
        lines = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        text = line.partition("#")[0].strip()
        # Options that are not one more requirement.
        if text and (not text.startswith("-") or text.startswith(("-r", "-e", "--requirement", "--editable"))):
            yield _distribution(text)


def _distribution(requirement: str) -> str:
    """The name as PyPA compares it (packaging specification, "Names and normalization")."""
    found = _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else requirement


def _installed(folder: Path) -> set[str]:
    """What `pip install --target` has put beside the code."""
    return {
        # NAME-VERSION.dist-info (packaging specification, "Recording installed projects").
        _distribution(path.stem.partition("-")[0])
        for path in folder.glob("*-info")
        if path.suffix in (".dist-info", ".egg-info")
    }


def _has_gems(folder: Path) -> bool:
    try:
        return re.search(r"^\s*gem\b", (folder / "Gemfile").read_text(encoding="utf-8"), re.MULTILINE) is not None
    except (OSError, ValueError):
        return False


def _node_dependencies(folder: Path) -> tuple[str, ...]:
    try:
        manifest = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        return tuple(manifest.get("dependencies") or ())
    except (OSError, ValueError, AttributeError, TypeError):
        return ()
