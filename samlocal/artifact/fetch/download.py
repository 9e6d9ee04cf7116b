"""A file brought in over the network: gone on with where it broke off, and whole or not at all."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from samlocal.artifact.cache import sha256_of
from samlocal.aws import AwsCallError, AwsUnreachableError, Body

# How often in a row it may break without a byte having come.
_TRIES = 5
_FIRST_PAUSE_SECONDS = 0.2

# The part on disk is longer than what there is: begin anew (RFC 9110, 416 Range Not Satisfiable).
_NO_SUCH_RANGE = ("416", "InvalidRange")
# A signed URL that is no longer good: ask for another (S3 answers 403, its error page says "Request has expired").
_EXPIRED = "403"


class DownloadError(Exception):
    """What came is not what was promised. Its text is a sentence."""


def download(
    into: Path,
    *,
    open_at: Callable[[int, bool], AbstractContextManager[Body]],
    sha256: str | None,
    size: int | None,
    step: Callable[[int, int | None], None],
) -> None:
    """Fills ``into``, or goes on with what is in it.

    ``open_at`` opens the body at an offset; its second argument says that the way to it should be asked for anew.
    ``sha256`` is in hexadecimal, None where nobody promises one. ``step`` gets bytes done and in all. Raises
    DownloadError, AwsError when the server refuses or the connection does not come back, and OSError of the disk.
    """
    resumed = into.exists() and into.stat().st_size > 0
    _fill(into, open_at, size, step)
    if sha256 is None or sha256_of(into) == sha256:
        return
    found = sha256_of(into)
    into.unlink()
    if resumed:
        # The beginning may have been another file's, or damaged on disk.
        download(into, open_at=open_at, sha256=sha256, size=size, step=step)
        return
    raise DownloadError(f"What was downloaded is not what AWS promised: its SHA-256 is {found}, not {sha256}.")


def _fill(
    into: Path,
    open_at: Callable[[int, bool], AbstractContextManager[Body]],
    size: int | None,
    step: Callable[[int, int | None], None],
) -> None:
    failures = 0
    while True:
        done = into.stat().st_size if into.exists() else 0
        if size is not None and done == size:
            return
        try:
            with open_at(done, failures > 0) as body:
                total = size if size is not None else body.total
                got = _append(into, body, total, step)
            if total is None or got == total:
                return
            broken: AwsCallError | AwsUnreachableError = AwsUnreachableError(
                f"The connection ended at {got:,} of {total:,} bytes."
            )
        except AwsCallError as error:
            if error.code in _NO_SUCH_RANGE:
                into.unlink(missing_ok=True)
            elif error.code != _EXPIRED and not error.code.startswith("5"):
                raise
            broken = error
        except AwsUnreachableError as error:
            broken = error
        now = into.stat().st_size if into.exists() else 0
        failures = 1 if now > done else failures + 1
        if failures >= _TRIES:
            raise broken
        time.sleep(_FIRST_PAUSE_SECONDS * 2 ** (failures - 1))


def _append(into: Path, body: Body, total: int | None, step: Callable[[int, int | None], None]) -> int:
    """Writes the body behind what is there; the size then."""
    handle = os.open(into, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.truncate(body.start)
        file.seek(body.start)
        done = body.start
        for piece in body.pieces:
            # Unbuffered as far as the reader is concerned: a process that is killed keeps what it has.
            file.write(piece)
            file.flush()
            done += len(piece)
            if total is not None and done > total:
                raise DownloadError(f"More than the promised {total:,} bytes came.")
            step(done, total)
    return done
