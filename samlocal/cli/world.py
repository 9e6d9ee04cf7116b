"""What surrounds a run: the environment, the folders and the streams. Tests give their own."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """``stdout`` is for the function's payload only, everything else goes to ``stderr``."""

    environ: Mapping[str, str]
    cwd: Path
    stdin: BinaryIO
    stdout: BinaryIO
    stderr: TextIO

    @classmethod
    def of_process(cls) -> World:
        return cls(
            environ=os.environ,
            cwd=Path.cwd(),
            stdin=sys.stdin.buffer,
            stdout=sys.stdout.buffer,
            stderr=sys.stderr,
        )

    def path(self, given: Path) -> Path:
        """A path that the user gave, short where it can be: messages show it as it was typed."""
        return given if self.cwd == Path.cwd() else self.cwd / given

    @property
    def cache_folder(self) -> Path:
        """SAMLOCAL_CACHE_DIR, else the user's cache folder."""
        named = self.environ.get("SAMLOCAL_CACHE_DIR")
        if named:
            return self.cwd / named
        import platformdirs

        return platformdirs.user_cache_path("samlocal")
