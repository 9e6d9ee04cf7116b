"""``--log-file``: the functions' log in a file, in place of standard error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from msgspec.structs import replace

from samlocal.cli.options.configured import variable
from samlocal.errors import ConfigurationError

if TYPE_CHECKING:
    from samlocal.sandbox.journal import Record

F = TypeVar("F", bound=Callable[..., Any])

log_file_option = click.option(
    "-l",
    "--log-file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    envvar=variable("log_file"),
    help="Write the functions' log into this file, not to standard error.",
)


class LogFile:
    """A new file with the lines of functions' logs; ``failed`` is told, once, that no more can be written."""

    def __init__(self, path: Path, *, failed: Callable[[str], None]) -> None:
        """Raises ConfigurationError where there can be no such file."""
        self._path = path
        self._failed = failed
        try:
            # Each line is there at once.
            self._file = path.open("w", buffering=1, encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise ConfigurationError(
                f"{path}: the log cannot be written there: {error.strerror}.", tip="Name another file: -l/--log-file."
            ) from error

    def take(self, record: Record) -> Record:
        """Writes the record's line, and gives the record without it."""
        from samlocal.sandbox.log_format import render

        line = render(record)
        if line is not None and not self._file.closed:
            try:
                self._file.write(f"{line}\n")
            except OSError as error:
                self._give_up(error)
        return replace(record, text=None, fields=None)

    def _give_up(self, error: OSError) -> None:
        import contextlib

        # Closing writes what is left, which fails again.
        with contextlib.suppress(OSError):
            self._file.close()
        self._failed(f"{self._path}: the log cannot be written any more: {error.strerror}. What comes now is lost.")


def log_file(ctx: click.Context, *, failed: Callable[[str], None]) -> LogFile | None:
    """The file that ``--log-file`` names, None where it names none. Raises ConfigurationError."""
    named: Path | None = ctx.params["log_file"]
    return None if named is None else LogFile(ctx.obj.cwd / named, failed=failed)
