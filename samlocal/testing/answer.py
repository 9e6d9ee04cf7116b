"""What came of one event, for a test to assert on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from samlocal.cli.runs.own_paths import own_paths
from samlocal.sandbox.journal import Record
from samlocal.sandbox.report import Report
from samlocal.service.followed_logs import FollowedLog


class FunctionFailedError(AssertionError):
    """A test asks for the payload of a function that has failed.

    The message begins with the error, and has the function's log, with files of this machine where it names them, or
    the stack trace where the log has none.
    """

    # What tests import it from: pytest shows that, and cuts its line off at the terminal's width.
    __module__ = "samlocal.testing"


class Answer(Struct, frozen=True, kw_only=True):
    """``data`` is the payload as it came, ``logs`` what the function and its extensions wrote, line by line.

    ``report`` has the figures of the REPORT line. ``error`` is the error as Lambda answers it (``errorType``,
    ``errorMessage``, ``stackTrace``), None where the function succeeded. ``shown`` are the logs as a person
    reads them.
    """

    data: bytes
    logs: tuple[str, ...]
    report: Report
    error: Mapping[str, Any] | None = None
    shown: tuple[str, ...] = ()

    @property
    def payload(self) -> Any:
        """The function's response. Raises FunctionFailedError, and ValueError where a streamed one is no JSON."""
        __tracebackhide__ = True  # of pytest: the test's own line is where it failed
        if self.error is not None:
            kind, message = (str(self.error.get(name) or "") for name in ("errorType", "errorMessage"))
            trace = [] if any(kind in line for line in self.shown) else self.error.get("stackTrace") or []
            told = ": ".join(filter(None, (kind, message))) or "the function has failed"
            raise FunctionFailedError("\n".join([told, *(str(line).rstrip() for line in trace), *self.shown]))
        return json.loads(self.data) if self.data else None


class InvocationLog(FollowedLog):
    """What is written while an event runs, without Lambda's own lines."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.shown: list[str] = []

    def keep(self, record: Record) -> None:
        if record.text is not None and record.type in ("function", "extension"):
            self.lines.append(record.text)
            paths = own_paths(record.sandbox.source, Path.cwd())
            parts = paths.parts(record.text) if paths else ()
            self.shown.append("".join(part.text for part in parts) or record.text)
