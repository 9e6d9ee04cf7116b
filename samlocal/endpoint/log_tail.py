"""``LogType=Tail``: the last of an invocation's log, for the caller who asks for it.

Source: Lambda API reference, Invoke, ``LogResult``: the last 4 KB of the execution log, in Base64.
"""

from __future__ import annotations

import base64
from typing import TypeAlias

from samlocal.sandbox.journal import Record
from samlocal.sandbox.log_format import render
from samlocal.service.followed_logs import FollowedLog, FollowedLogs

_BYTES = 4096


class LogTail(FollowedLog):
    """One invocation's."""

    def __init__(self) -> None:
        super().__init__()
        self._text = b""

    def keep(self, record: Record) -> None:
        line = render(record)
        if line is not None:
            self._text = (self._text + line.encode("utf-8", "backslashreplace") + b"\n")[-_BYTES:]

    async def base64(self) -> str:
        """The tail, once the log is whole."""
        await self.whole()
        return base64.b64encode(self._text).decode()


LogTails: TypeAlias = FollowedLogs[LogTail]
