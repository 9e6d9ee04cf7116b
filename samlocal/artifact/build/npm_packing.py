"""A Node project with the packages of this machine that it needs, packed for aws-lambda-builders to build."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from samlocal.artifact.build.npm_packages import (
    FIELDS,
    Workspace,
    local_packages,
    package_at,
    read_json,
    workspace_of,
)

# npm runs these where a package is packed, which they have been by then.
_PACKING = ("prepack", "prepare", "postpack", "prepublish", "prepublishOnly")

_NEVER_PACKED = shutil.ignore_patterns("node_modules", ".git", ".aws-sam")

INSTALL_LINKS = {"npm_config_install_links": "true"}
"""Has npm copy a folder that it is given, where it would make a link."""


def pack(source: Path, into: Path, *, seen_as: str, bundled: bool, npm_pack: Callable[[Path, Path], Path]) -> Path:
    """Packs the project and what it needs into a folder, and gives the project's.

    ``seen_as`` is what the builder calls the folder. ``bundled`` says that the project's sources are bundled, so that
    all of them are taken, else those that npm would publish. ``npm_pack`` packs a folder into another one and gives
    the archive. Raises what it raises.
    """
    packages, workspace = local_packages(source), workspace_of(source)
    places = {path: into / str(number) for number, path in enumerate(packages)}

    def seen(path: Path) -> str:
        place = places[path] / path.name if path.is_file() else places[path]
        return f"file:{seen_as}/{place.relative_to(into)}"

    for path, own in packages.items():
        place = places[path]
        manifest = read_json(path / "package.json")
        if path.is_file():
            place.mkdir()
            shutil.copy2(path, place)
            continue
        if (bundled and path == source) or not (manifest.get("name") and manifest.get("version")):
            shutil.copytree(path, place, ignore=_NEVER_PACKED, ignore_dangling_symlinks=True)
        else:
            _unpack(npm_pack(path, into), place)
        written = read_json(place / "package.json")
        _name(written, {name: seen(local) for name, local in own.items()}, path, workspace)
        if path != source:
            written.setdefault("name", path.name)
            written.setdefault("version", "0.0.0")
        (place / "package.json").write_text(json.dumps(written, indent=2), encoding="utf-8")
    _lock(source, places[source], workspace)
    return places[source]


def _name(manifest: dict[str, Any], packed: Mapping[str, str], folder: Path, workspace: Workspace | None) -> None:
    """Has a manifest name what was packed; what only development needs of this machine is left out."""
    for field in FIELDS:
        declared = manifest.get(field)
        if isinstance(declared, dict):
            manifest[field] = {name: packed.get(name, wanted) for name, wanted in declared.items()}
    development = manifest.get("devDependencies")
    if isinstance(development, dict):
        manifest["devDependencies"] = {
            name: wanted
            for name, wanted in development.items()
            if not (workspace and workspace.member(name)) and not package_at(folder, str(wanted))
        }
    scripts = manifest.get("scripts")
    if isinstance(scripts, dict):
        manifest["scripts"] = {name: script for name, script in scripts.items() if name not in _PACKING}


def _lock(source: Path, place: Path, workspace: Workspace | None) -> None:
    """The versions that the lock pins, but for the packages of this machine, whose places have changed."""
    beside = read_json(source / "package-lock.json")
    locked = beside.get("packages") if beside else workspace.lock if workspace else None
    for name in ("package-lock.json", "npm-shrinkwrap.json"):
        (place / name).unlink(missing_ok=True)
    if isinstance(locked, dict) and locked:
        own = f"{source.relative_to(workspace.root).as_posix()}/" if workspace and not beside else ""
        packages: dict[str, Any] = {}
        # What stands beside a member wins over what stands at the workspace's root.
        for prefix in dict.fromkeys(("", own)):
            for key, value in locked.items():
                if key.startswith(f"{prefix}node_modules/"):
                    packages[key.removeprefix(prefix)] = value
        links = {key for key, value in packages.items() if isinstance(value, dict) and value.get("link")}
        kept = {
            key: value
            for key, value in packages.items()
            if key not in links and not any(key.startswith(f"{link}/") for link in links)
        }
        manifest = read_json(place / "package.json")
        top = {name: manifest[name] for name in ("name", "version", *FIELDS, "devDependencies") if name in manifest}
        about = {"name": top.get("name", ""), "version": top.get("version", ""), "lockfileVersion": 3}
        content = {**about, "requires": True, "packages": {"": top, **kept}}
        (place / "package-lock.json").write_text(json.dumps(content, indent=2), encoding="utf-8")
    settings = next((path for path in (source / ".npmrc", *_of(workspace, ".npmrc")) if path.is_file()), None)
    if settings is not None:
        shutil.copy2(settings, place / ".npmrc")


def _of(workspace: Workspace | None, name: str) -> list[Path]:
    return [workspace.root / name] if workspace else []


def _unpack(archive: Path, place: Path) -> None:
    """What `npm pack` has made: everything lies in one folder, ``package/``."""
    aside = archive.with_suffix(".unpacked")
    with tarfile.open(archive) as opened:
        # Python before 3.11.4 knows no filters (its documentation, tarfile, "Extraction filters").
        opened.extraction_filter = getattr(tarfile, "data_filter", None)
        opened.extractall(aside)  # noqa: S202 - filtered
    (inside,) = aside.iterdir()
    inside.rename(place)
    shutil.rmtree(aside)
    archive.unlink()
