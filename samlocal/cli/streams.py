"""The standard streams as a run needs them, whatever state the shell handed them over in.

A stream that the shell closed (``>&-``) leaves its number to the next file that is opened, so it is filled first, in
the manner of gnulib's ``stdopen``: what reads from a closed standard input or writes to a closed standard output is
told EBADF, as it would have been.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import sys
from typing import TYPE_CHECKING, BinaryIO, TextIO

from msgspec import Struct

from samlocal.errors import OutputError, ReaderGoneError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_STDIN, _STDOUT, _STDERR = range(3)


class Streams(Struct, frozen=True, kw_only=True):
    stdin: BinaryIO
    stdout: BinaryIO
    stderr: TextIO


def standard_streams() -> Streams:
    """The process's own streams. Python's names for them (``sys.stderr``) mean the same ones afterwards."""
    _fill(_STDIN, os.O_WRONLY)
    _fill(_STDOUT, os.O_RDONLY)
    _fill(_STDERR, os.O_RDWR)
    stdin = sys.stdin.buffer if sys.stdin is not None else io.BufferedReader(io.FileIO(_STDIN, closefd=False))
    # No buffers: theirs would be locked by a thread that writes to a reader who does not read, and no signal gets
    # through to one who waits for a lock.
    stdout = _Payload(_STDOUT, "w", closefd=False)
    messages = _Messages(_STDERR, "w", closefd=False)
    stderr = io.TextIOWrapper(
        messages, encoding=getattr(sys.stderr, "encoding", "utf-8"), errors="backslashreplace", line_buffering=True
    )
    # The help goes through sys.stdout; a locale without its characters gets their numbers.
    sys.stdout = io.TextIOWrapper(
        stdout, encoding=getattr(sys.stdout, "encoding", "utf-8"), errors="backslashreplace", line_buffering=True
    )
    sys.stderr = stderr
    return Streams(stdin=stdin, stdout=stdout, stderr=stderr)


def flush(streams: Streams) -> None:
    """Raises OutputError where standard output does not take the rest."""
    with contextlib.suppress(ValueError):
        streams.stdout.flush()
    streams.stderr.flush()


class _Written(io.FileIO):
    """A file that is written to its end, also where another process has set it non-blocking.

    The flag belongs to the open file: a terminal's or a pipe's other users share it.
    """

    def write(self, data: ReadableBuffer, /) -> int:
        left = memoryview(data).cast("B")
        size = left.nbytes
        while left:
            # FileIO gives None where it would block; typeshed leaves that out.
            written: int | None = super().write(left)
            if written is None:
                select.select([], [self], [])
            else:
                left = left[written:]
        return size


class _Payload(_Written):
    """Standard output: a payload that does not arrive is an error, once."""

    _has_failed = False

    def write(self, data: ReadableBuffer, /) -> int:
        if self._has_failed:
            return memoryview(data).nbytes
        try:
            return super().write(data)
        except OSError as error:
            self._has_failed = True
            if isinstance(error, BrokenPipeError):
                raise ReaderGoneError("Whoever read standard output has gone.") from error
            raise OutputError(
                f"Standard output cannot be written: {error.strerror}.",
                tip="Send it where there is room: the payload did not arrive whole.",
            ) from error


class _Messages(_Written):
    """Standard error: what cannot be written is lost, and costs nobody the payload."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def _fill(number: int, mode: int) -> None:
    try:
        os.fstat(number)
    except OSError:
        # The lowest number that is free, and those below have been filled.
        os.set_inheritable(os.open(os.devnull, mode), True)
