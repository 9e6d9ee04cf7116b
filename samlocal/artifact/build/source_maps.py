"""Source maps that name the sources on this machine, where a debugger and a reader look for them."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath


def point_at_sources(folder: Path, *, seen_as: str, folders: Mapping[str, Path]) -> None:
    """Rewrites a build's maps, which name the copies that it was made from, in a folder that is gone.

    ``seen_as`` is what the builder called the folder, and ``folders`` are those that it read, by its names. Node
    prints such a path in a stack trace, and a debugger finds the breakpoint's file by it.
    """
    for path in folder.rglob("*.map"):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            place = PurePosixPath(seen_as) / path.parent.relative_to(folder) / str(content.get("sourceRoot") or "")
            sources = [_original(name, place, folders) for name in content["sources"]]
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            # A dependency's own map, of whatever form.
            continue
        content.pop("sourceRoot", None)
        path.write_text(json.dumps(content | {"sources": sources}, ensure_ascii=False), encoding="utf-8")


def put_into_programs(folder: Path) -> None:
    """Puts each map into its program, for a debugger, which has no other way to a folder of the cache."""
    for path in folder.rglob("*.map"):
        program = path.with_suffix("")
        named = f"//# sourceMappingURL={path.name}".encode()
        if not program.is_file() or named not in (content := program.read_bytes()):
            continue
        inside = b"//# sourceMappingURL=data:application/json;base64," + base64.b64encode(path.read_bytes())
        program.write_bytes(content.replace(named, inside))
        path.unlink()


def _original(name: str, place: PurePosixPath, folders: Mapping[str, Path]) -> str:
    if "://" in name:
        return name
    path = PurePosixPath(os.path.normpath(place / name))
    for folder, source in folders.items():
        if path.is_relative_to(folder):
            return str(source / path.relative_to(folder))
    return str(path)
