"""What surrounds a command: a project's surroundings, and the streams. Tests give their own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, TextIO

from samlocal.cli.streams import Streams
from samlocal.errors import ConfigurationError
from samlocal.project.surroundings import Surroundings


class World(Surroundings, frozen=True, kw_only=True):
    """``stdout`` is for the function's payload only, everything else goes to ``stderr``."""

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
        return cls._of(streams, cwd)

    @classmethod
    def nowhere(cls, streams: Streams) -> World:
        """Enough of a world to say what is wrong with it."""
        return cls._of(streams, Path(os.sep))

    @classmethod
    def _of(cls, streams: Streams, cwd: Path) -> World:
        # A copy: `os.environ` encodes and decodes at each look, and each line that is shown looks for colours.
        environ = dict(os.environ)
        return cls(environ=environ, cwd=cwd, stdin=streams.stdin, stdout=streams.stdout, stderr=streams.stderr)
