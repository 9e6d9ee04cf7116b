"""A fault of samlocal's own, met by a process that runs events for other commands.

What a log holds of it are the places in the code: messages may quote the user's values, and are the caller's alone.
"""

from __future__ import annotations

import sys
import traceback


def in_a_line(error: BaseException) -> str:
    return "".join(traceback.format_exception_only(error)).strip().replace("\n", " ")[:300]


def place(error: BaseException) -> str:
    """The kind of the error and where it arose: ``LookupError at composition.py:88``."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__qualname__}{where}"


def log_fault(error: BaseException) -> None:
    """Into the log of a process whose standard error that is."""
    print(f"{type(error).__module__}.{type(error).__qualname__}", file=sys.stderr)  # noqa: T201
    traceback.print_tb(error.__traceback__)
