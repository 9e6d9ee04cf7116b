"""Where a function's own files lie on this machine, in what it writes of them."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path

# Lambda developer guide, "Using Lambda environment variables": LAMBDA_TASK_ROOT. Node's modules have URLs.
_IN_TASK = re.compile(r"(?:file://)?/var/task/(?P<path>[^\s:\"'()\\]+)")
# Java names a class and a file, and no folder: `at example.Orders.put(Orders.java:12)`.
_IN_JAVA = re.compile(
    r"(?P<head>\bat (?P<package>[\w.]*?)\.?[\w$]+\.[\w$<>]+\()(?P<file>\w+\.(?:java|kt|scala)):(?P<line>\d+)\)"
)
_JAVA_FOLDERS = ("src/main/java", "src/main/kotlin", "src/main/scala", "src", "")


class OwnPaths:
    """Of one function whose code lies in ``source``; paths are shown from ``cwd``."""

    def __init__(self, source: Path, cwd: Path) -> None:
        self._source = source
        self._cwd = cwd
        self._shown = lru_cache(maxsize=512)(self._look)

    def put_into(self, line: str) -> str:
        """The line with paths that an editor opens, for files that are there."""
        if "/var/task/" in line:
            line = _IN_TASK.sub(lambda found: self._shown(found["path"]) or found[0], line)
        return _IN_JAVA.sub(self._java, line)

    def _java(self, found: re.Match[str]) -> str:
        package = found["package"].replace(".", "/")
        for folder in _JAVA_FOLDERS:
            shown = self._shown(f"{folder}/{package}/{found['file']}")
            if shown is not None:
                return f"{found['head']}{shown}:{found['line']})"
        return found[0]

    def _look(self, path: str) -> str | None:
        there = self._source / path
        if ".." in there.parts or not there.is_file():
            return None
        return os.path.relpath(there, self._cwd) if there.is_relative_to(self._cwd) else str(there)
