"""Whom a change on the disk concerns."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from watchfiles import Change, DefaultFilter

from samlocal.project.sources import Sources

_LEFT_BY_TOOLS = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        ".aws-sam",
        "__pycache__",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".hypothesis",
        ".idea",
        ".vscode",
    }
)
"""Folders in which tools write at any time, and nobody their code."""


class _Noise(DefaultFilter):
    """With watchfiles' own list of what editors and compilers leave beside a file, and logs.

    `samlocal up | tee up.log` would tell of each of its own lines as of a save.
    """

    ignore_dirs = tuple(_LEFT_BY_TOOLS)
    ignore_entity_patterns = (*DefaultFilter.ignore_entity_patterns, r"\.log$")


@cache
def _noise() -> _Noise:
    return _Noise()


def concerned(sources: Sources, paths: Iterable[Path]) -> bool:
    """Whether a plan that was made from these is another one where any of the paths has changed, come or gone."""
    return any(_concerns(path, sources) for path in paths)


def _concerns(path: Path, sources: Sources) -> bool:
    if path in sources.files:
        return True
    for place in (path, *path.parents):
        ignored = sources.trees.get(place)
        if ignored is None:
            continue
        below = path.relative_to(place)
        # Of the path above the tree nothing is looked at: a project may lie in a folder of any name.
        if not ignored & set(below.parts) and _noise()(Change.modified, str(below)):
            return True
    # A folder above has come or gone.
    return any(place.is_relative_to(path) for place in (*sources.files, *sources.trees))
