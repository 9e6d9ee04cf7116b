"""What came of one event, for a test to assert on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from samlocal.sandbox.journal import Record
from samlocal.sandbox.report import Report
from samlocal.service.followed_logs import FollowedLog


class FunctionFailedError(AssertionError):
    """A test asks for the payload of a function that has failed. The message has the error and the function's log."""


class Answer(Struct, frozen=True, kw_only=True):
    """``data`` is the payload as it came, ``logs`` what the function and its extensions wrote, line by line.

    ``report`` has the figures of the REPORT line. ``error`` is the error as Lambda answers it (``errorType``,
    ``errorMessage``, ``stackTrace``), None where the function succeeded.
    """

    data: bytes
    logs: tuple[str, ...]
    report: Report
    error: Mapping[str, Any] | None = None

    @property
    def payload(self) -> Any:
        """The function's response. Raises FunctionFailedError, and ValueError where a streamed one is no JSON."""
        if self.error is not None:
            told = json.dumps(self.error, indent=2, ensure_ascii=False)
            raise FunctionFailedError("\n".join([f"the function has failed: {told}", *self.logs]))
        return json.loads(self.data) if self.data else None


class InvocationLog(FollowedLog):
    """What is written while an event runs, without Lambda's own lines."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def keep(self, record: Record) -> None:
        if record.text is not None and record.type in ("function", "extension"):
            self.lines.append(record.text)
