"""Where this machine's package managers keep what they have downloaded, to be mounted in build containers."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from samlocal.artifact.build.workflow import Workflow


class CacheFolder(Struct, frozen=True, kw_only=True):
    """A folder that is there, and the variable that tells the tool of it; ``form`` is how it is written there."""

    folder: Path
    variable: str
    form: str = "{}"


def cache_folders(workflow: Workflow, environ: Mapping[str, str]) -> Iterator[CacheFolder]:
    """Those of a workflow's tools. The places are the tools' documented defaults."""
    home = Path(environ.get("HOME") or "/")
    caches = Path(
        environ.get("XDG_CACHE_HOME") or home / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    )
    known: dict[str, tuple[tuple[str, Path, str], ...]] = {
        "pip": (("PIP_CACHE_DIR", caches / "pip", "{}"),),
        "uv": (("UV_CACHE_DIR", Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "uv", "{}"),),
        "npm": (("npm_config_cache", home / ".npm", "{}"),),
        "esbuild": (("npm_config_cache", home / ".npm", "{}"),),
        "maven": (("MAVEN_OPTS", home / ".m2" / "repository", "-Dmaven.repo.local={}"),),
        "gradle": (("GRADLE_USER_HOME", home / ".gradle", "{}"),),
        "go": (
            ("GOMODCACHE", Path(environ.get("GOPATH") or home / "go") / "pkg" / "mod", "{}"),
            ("GOCACHE", caches / "go-build", "{}"),
        ),
        "cargo": (("CARGO_HOME", home / ".cargo", "{}"),),
        "dotnet": (("NUGET_PACKAGES", home / ".nuget" / "packages", "{}"),),
    }
    for variable, folder, form in known.get(workflow.name, ()):
        named = environ.get(variable) if form == "{}" else None
        place = Path(named) if named else folder
        if place.is_dir():
            yield CacheFolder(folder=place.resolve(), variable=variable, form=form)
