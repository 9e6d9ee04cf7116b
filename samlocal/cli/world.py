"""What surrounds a run: the environment, the folders and the streams. Tests give their own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, TextIO

from msgspec import Struct

from samlocal.cli.streams import Streams
from samlocal.errors import ConfigurationError


class World(Struct, frozen=True, kw_only=True):
    """``stdout`` is for the function's payload only, everything else goes to ``stderr``."""

    environ: Mapping[str, str]
    cwd: Path
    stdin: BinaryIO
    stdout: BinaryIO
    stderr: TextIO

    @classmethod
    def of_process(cls, streams: Streams) -> World:
        """Raises ConfigurationError in a working folder that has been removed."""
        try:
            cwd = Path.cwd()
        except OSError as error:
            raise ConfigurationError(
                f"The working folder cannot be used: {error.strerror}.", tip="Go to a folder that is there (cd)."
            ) from error
        return cls(environ=os.environ, cwd=cwd, stdin=streams.stdin, stdout=streams.stdout, stderr=streams.stderr)

    @classmethod
    def nowhere(cls, streams: Streams) -> World:
        """Enough of a world to say what is wrong with it."""
        return cls(
            environ=os.environ, cwd=Path(os.sep), stdin=streams.stdin, stdout=streams.stdout, stderr=streams.stderr
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
