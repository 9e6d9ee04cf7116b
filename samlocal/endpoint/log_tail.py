"""``LogType=Tail``: the last of an invocation's log, for the caller who asks for it.

Source: Lambda API reference, Invoke, ``LogResult``: the last 4 KB of the execution log, in Base64.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import Iterator

from samlocal.sandbox.journal import Log, Record, Remark
from samlocal.sandbox.log_format import render

_BYTES = 4096

# The log of an invocation ends a moment behind its answer; an engine that hangs is not waited for.
_LAST_SECONDS = 1.0


class LogTail:
    """One invocation's."""

    def __init__(self) -> None:
        self._text = b""
        self._whole = asyncio.Event()

    def add(self, record: Record) -> None:
        line = render(record)
        if line is not None:
            self._text = (self._text + line.encode("utf-8", "backslashreplace") + b"\n")[-_BYTES:]
        if record.type == "platform.report":
            self._whole.set()

    async def base64(self) -> str:
        """The tail, once the log is whole."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_SECONDS):
                await self._whole.wait()
        return base64.b64encode(self._text).decode()


class LogTails:
    """Stands between sandboxes and their log, and keeps the tails of those who are followed."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._tails: dict[str, LogTail] = {}

    @contextlib.contextmanager
    def follow(self, request_id: str) -> Iterator[LogTail]:
        """Begins before the invocation does."""
        tail = self._tails[request_id] = LogTail()
        try:
            yield tail
        finally:
            del self._tails[request_id]

    def put(self, item: Record | Remark) -> None:
        self._log.put(item)
        if self._tails and isinstance(item, Record) and item.request_id in self._tails:
            self._tails[item.request_id].add(item)

    async def room(self) -> None:
        await self._log.room()
