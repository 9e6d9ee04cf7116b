"""What the manifests of a build name outside of its folder: such files and folders take part in it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

_MANIFESTS = (
    "requirements.txt",
    "pyproject.toml",
    "package.json",
    "tsconfig.json",
    "go.mod",
    "Cargo.toml",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "settings.gradle",
    "settings.gradle.kts",
    "Gemfile",
    "Makefile",
)

_UPWARDS = re.compile(r"(?:\.\.[/\\])+[^\s\"'<>,;:()\[\]{}#$`|&]*")

# `-r /abs.txt`, `--find-links=/abs`, `/abs/x.whl`, `name @ file:///abs` and `"name": "file:/abs"`.
_ABSOLUTE = re.compile(r"(?:(?:^|[\s=])|file:(?://)?)(/[^\s\"'<>,;:()\[\]{}#$`|&]+)", re.MULTILINE)
_WITH_ABSOLUTE = frozenset({"requirements.txt", "pyproject.toml", "package.json"})

# pip takes options of other files in as its own (pip documentation, "Requirements File Format").
_INCLUDED = re.compile(r"^\s*(?:-r|-c|--requirement|--constraint)[\s=]*([^\s#]+)", re.MULTILINE)


def named_outside(place: Path, project: Path) -> Iterator[Path]:
    """What a manifest, or the manifests of a folder, name by ``../`` or by a whole path.

    ``project`` is the template's folder: nothing above it is taken for a part of the build.
    """
    manifests = [place] if place.is_file() else [place / name for name in _MANIFESTS]
    if place.is_dir():
        manifests += place.glob("*.csproj")
    seen: set[Path] = set()
    while manifests:
        manifest = manifests.pop()
        if manifest in seen:
            continue
        seen.add(manifest)
        try:
            text = manifest.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        requirements = manifest.suffix in (".txt", ".in")
        if requirements:
            manifests += (_from(manifest, written) for written in _INCLUDED.findall(text) if "://" not in written)
        absolute = _ABSOLUTE.findall(text) if requirements or manifest.name in _WITH_ABSOLUTE else []
        for written in (*_UPWARDS.findall(text), *absolute):
            path = _from(manifest, written)
            if path.suffix == ".csproj":
                path = path.parent
            # A folder above everything is the project's at most, never the whole home folder.
            above = place.is_relative_to(path) and not path.is_relative_to(project)
            if path.exists() and not above and path != Path("/"):
                yield path


def _from(manifest: Path, written: str) -> Path:
    return Path(os.path.normpath(manifest.parent / written.replace("\\", "/")))
