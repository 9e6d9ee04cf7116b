"""What a user may choose about a debugger."""

from __future__ import annotations

import shlex
from pathlib import Path

from msgspec import Struct

from samlocal.errors import ConfigurationError


class DebugOptions(Struct, frozen=True, kw_only=True):
    """What the user asks for: ``path`` is the folder of a debugger that has to be brought along, such as dlv.

    ``behind`` is the port of the debugger itself where a ``DebugPort`` listens at ``port``.
    """

    port: int
    behind: int | None = None
    wait: bool = True
    arguments: tuple[str, ...] = ()
    path: Path | None = None

    @property
    def inside(self) -> int:
        """Where the debugger in the sandbox listens."""
        return self.port if self.behind is None else self.behind


def split_arguments(text: str) -> tuple[str, ...]:
    """``--debug-args`` as a shell would read it. Raises ConfigurationError."""
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise ConfigurationError(f"--debug-args {text!r}: {error}.", tip="Mind the quotes.") from error
