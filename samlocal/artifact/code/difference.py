"""How the code that runs in the environment differs from the working copy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

# What building or running leaves behind, or what is never packed.
_LEFT_OUT = frozenset({"__pycache__", ".git", ".DS_Store", ".pytest_cache", ".mypy_cache"})

_SHOWN = 3


class Difference(Struct, frozen=True, kw_only=True):
    """Names of files, relative to the code's folder, in order."""

    changed: tuple[str, ...]
    only_deployed: tuple[str, ...]
    only_here: tuple[str, ...]

    def text(self) -> str:
        """A clause: ``app.py differs; 12 files are only deployed``. A build puts in what a source folder lacks."""
        parts = []
        if self.changed:
            parts.append(
                f"{_names(self.changed)} differ{'s' if len(self.changed) == 1 else ''} from the working copy"
            )
        if self.only_here:
            parts.append(f"{_names(self.only_here)} {_is(self.only_here)} only in the working copy")
        if self.only_deployed:
            parts.append(f"{_names(self.only_deployed)} {_is(self.only_deployed)} only in the deployed package")
        return "; ".join(parts) or "it is the same as the working copy"


def difference(deployed: Path, here: Path) -> Difference:
    """Compares two folders by their files' contents."""
    import filecmp

    theirs, ours = set(_files(deployed)), set(_files(here))
    return Difference(
        changed=tuple(
            sorted(name for name in theirs & ours if not filecmp.cmp(deployed / name, here / name, shallow=False))
        ),
        only_deployed=tuple(sorted(theirs - ours)),
        only_here=tuple(sorted(ours - theirs)),
    )


def _files(folder: Path) -> Iterator[str]:
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in _LEFT_OUT]
        for name in files:
            path = Path(root) / name
            if name not in _LEFT_OUT and not name.endswith(".pyc") and path.is_file():
                yield path.relative_to(folder).as_posix()


def _names(names: tuple[str, ...]) -> str:
    if len(names) > _SHOWN:
        return f"{', '.join(names[:_SHOWN])} and {len(names) - _SHOWN} more"
    return ", ".join(names)


def _is(names: tuple[str, ...]) -> str:
    return "is" if len(names) == 1 else "are"
