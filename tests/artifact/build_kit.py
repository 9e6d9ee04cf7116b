"""Builds in the tests: this machine's own package caches and registries, and tools that may be absent."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from kit import Outcome, Project

_REGISTRIES = re.compile(
    r"(https?|no)_proxy|pip_\w+|npm_config_\w+|goproxy|ssl_cert_\w+|\w*ca_bundle|node_extra_ca_certs", re.I
)


def tools_environment() -> dict[str, str]:
    """How this machine's tools reach their registries, and what they have fetched already."""
    home = Path.home()
    own = {name: value for name, value in os.environ.items() if _REGISTRIES.fullmatch(name)}
    return own | {
        "PIP_CACHE_DIR": str(home / ".cache" / "pip"),
        "npm_config_cache": str(home / ".npm"),
        "MAVEN_OPTS": f"-Dmaven.repo.local={home / '.m2' / 'repository'}",
        "GOCACHE": str(home / ".cache" / "go-build"),
        "GOMODCACHE": str(home / "go" / "pkg" / "mod"),
    }


def needs(*tools: str) -> None:
    """Skips a test where a tool is not there."""
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not on the PATH")


def only(folder: Path, *tools: str) -> str:
    """A PATH that holds these tools and nothing else."""
    folder.mkdir()
    for tool in tools:
        found = shutil.which(tool)
        assert found, tool
        (folder / tool).symlink_to(found)
    return str(folder)


def build(project: Project, *args: str, **environ: str) -> dict[str, Any]:
    """Runs ``samlocal build`` and gives what it says of each function and layer, by its id."""
    outcome = run(project, *args, **environ).succeeded()
    return {built["path"]: built | {"log": outcome.lines} for built in outcome.payload}


def run(project: Project, *args: str, **environ: str) -> Outcome:
    return project.run("build", *args, "--output", "json", environ=tools_environment() | environ, within=180)


def states(built: dict[str, Any]) -> dict[str, str]:
    return {path: about["state"] for path, about in built.items()}


def files(built: dict[str, Any]) -> set[str]:
    """What a built folder holds."""
    folder = Path(built["folder"])
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def map_of(built: dict[str, Any], name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((Path(built["folder"]) / name).read_text())
    return content
