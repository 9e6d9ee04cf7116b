"""Packages of this machine that a Node project depends on: by ``file:``, or as members of one workspace.

npm links such packages, and a link leads nowhere once a function is built elsewhere. So each is packed as npm would
publish it, and the project is built from a copy whose dependencies name what was packed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

_MANIFEST = "package.json"
_PNPM = "pnpm-workspace.yaml"

# Where npm looks for what is installed with a package for production.
FIELDS = ("dependencies", "optionalDependencies")
_PROTOCOLS = ("file:", "link:", "portal:")


class Workspace(Struct, frozen=True, kw_only=True):
    """``members`` are packages by their names (npm documentation, "Workspaces")."""

    root: Path
    members: Mapping[str, Path]

    @property
    def lock(self) -> Mapping[str, Any]:
        """The lock's packages by their places, empty where there is none of npm 7 or later."""
        packages = read_json(self.root / "package-lock.json").get("packages")
        return packages if isinstance(packages, dict) else {}

    def member(self, name: str) -> Path | None:
        """Where npm takes a package from the workspace: it may have one of that name from the registry instead."""
        locked = self.lock.get(f"node_modules/{name}")
        if isinstance(locked, dict) and not locked.get("link"):
            return None
        return self.members.get(name)


def workspace_of(source: Path) -> Workspace | None:
    """The workspace that a package belongs to; None for one by itself."""
    for root in source.parents:
        patterns = _patterns(root)
        if not patterns:
            continue
        folders = {
            folder.parent
            for pattern in patterns
            if not pattern.startswith("!")
            for folder in root.glob(f"{pattern.strip('/').removeprefix('./')}/{_MANIFEST}")
            if "node_modules" not in folder.parts
        }
        for pattern in patterns:
            if pattern.startswith("!"):
                folders -= set(root.glob(pattern[1:].strip("/")))
        if source in folders:
            named = ((read_json(folder / _MANIFEST).get("name"), folder) for folder in sorted(folders))
            return Workspace(root=root, members={name: folder for name, folder in named if isinstance(name, str)})
    return None


def local_packages(source: Path) -> dict[Path, dict[str, Path]]:
    """The project and every package of this machine that it needs in production, each with its own such packages.

    Empty for a project that has none. An archive (``file:x.tgz``) is a package without any.
    """
    workspace = workspace_of(source)
    found: dict[Path, dict[str, Path]] = {}
    waiting = [source]
    while waiting:
        folder = waiting.pop()
        if folder in found:
            continue
        found[folder] = dict(_own(folder, workspace)) if folder.is_dir() else {}
        waiting += found[folder].values()
    return found if len(found) > 1 else {}


def read_json(path: Path) -> dict[str, Any]:
    """Empty for what cannot be read: npm says what is wrong with it."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _own(folder: Path, workspace: Workspace | None) -> Iterator[tuple[str, Path]]:
    manifest = read_json(folder / _MANIFEST)
    for field in FIELDS:
        declared = manifest.get(field)
        for name, wanted in declared.items() if isinstance(declared, dict) else ():
            path = package_at(folder, wanted) if isinstance(wanted, str) else None
            if path is None and workspace is not None:
                path = workspace.member(name)
            if path is not None and path.exists():
                yield name, path


def package_at(folder: Path, wanted: str) -> Path | None:
    """The package that ``file:../shared`` or ``../shared`` names; None for what comes from elsewhere."""
    for protocol in _PROTOCOLS:
        if wanted.startswith(protocol):
            # `file:///abs` and `file:/abs` are one.
            written = wanted.removeprefix(protocol)
            return (folder / (f"/{written.lstrip('/')}" if written.startswith("/") else written)).resolve()
    return (folder / wanted).resolve() if wanted.startswith(("./", "../", "/")) else None


def _patterns(root: Path) -> list[str]:
    declared = read_json(root / _MANIFEST).get("workspaces")
    if isinstance(declared, dict):
        declared = declared.get("packages")
    if declared is None and (root / _PNPM).is_file():
        import yaml

        try:
            content = yaml.safe_load((root / _PNPM).read_text(encoding="utf-8"))
        except (OSError, ValueError, yaml.YAMLError):
            return []
        declared = content.get("packages") if isinstance(content, dict) else None
    return [pattern for pattern in declared if isinstance(pattern, str)] if isinstance(declared, list) else []
