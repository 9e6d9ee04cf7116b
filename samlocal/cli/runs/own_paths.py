"""Where a function's own files lie on this machine, in what it writes of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

# Lambda developer guide, "Using Lambda environment variables": LAMBDA_TASK_ROOT.
_IN_PYTHON = r'File "/var/task/(?P<python>[^"]+)", line (?P<python_line>\d+)'
# Node's modules have URLs; what follows is a line, and Node's column (`app.rb:3:in`, `app.mjs:3:9`).
_IN_TASK = r"(?:file://)?/var/task/(?P<path>[^\s:\"'()\\]+)(?::(?P<line>\d+)(?P<column>:\d+)?)?"
# Java names a class and a file, and no folder: `at example.Orders.put(Orders.java:12)`.
_IN_JAVA = (
    r"(?P<head>(?<![\w.$])(?P<package>[\w.]*?)\.?[\w$]+\.[\w$<>]+\()"
    r"(?P<file>\w+\.(?:java|kt|scala)):(?P<java_line>\d+)(?=\))"
)
_PLACE = re.compile(f"{_IN_PYTHON}|{_IN_TASK}|{_IN_JAVA}")
_JAVA_FOLDERS = ("src/main/java", "src/main/kotlin", "src/main/scala", "src", "")


class Part(Struct, frozen=True, kw_only=True):
    """Of a line; ``link`` is the URL of the file that it names, with the number of its line behind a ``#``."""

    text: str
    link: str | None = None


@lru_cache(maxsize=128)
def own_paths(source: str | None, cwd: Path) -> OwnPaths | None:
    """Those of one function, which are looked for once; None where its files are not here."""
    return None if source is None else OwnPaths(Path(source), cwd)


class OwnPaths:
    """Of one function whose code lies in ``source``; paths are shown from ``cwd``."""

    def __init__(self, source: Path, cwd: Path) -> None:
        self._source = cwd / source
        self._cwd = cwd
        self._found = lru_cache(maxsize=512)(self._look)

    def parts(self, line: str) -> Iterator[Part]:
        """The line, where files that are there stand as an editor opens them: ``src/app.py:3``."""
        at = 0
        for found in _PLACE.finditer(line):
            place = self._place(found)
            if place is not None:
                head = found["head"] or ""
                yield Part(text=line[at : found.start()] + head)
                yield place
                at = found.end()
        yield Part(text=line[at:])

    def _place(self, found: re.Match[str]) -> Part | None:
        if found["file"] is not None:
            package = found["package"].replace(".", "/")
            paths = [f"{folder}/{package}/{found['file']}" for folder in _JAVA_FOLDERS]
        else:
            paths = [found["python"] or found["path"]]
        file = next(filter(None, map(self._found, paths)), None)
        if file is None:
            return None
        line = found["python_line"] or found["line"] or found["java_line"]
        shown = os.path.relpath(file, self._cwd) if file.is_relative_to(self._cwd) else str(file)
        if line is None:
            return Part(text=shown, link=file.as_uri())
        return Part(text=f"{shown}:{line}{found['column'] or ''}", link=f"{file.as_uri()}#{line}")

    def _look(self, path: str) -> Path | None:
        there = Path(os.path.normpath(self._source / path))
        return there if ".." not in Path(path).parts and there.is_file() else None
