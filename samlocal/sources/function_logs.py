"""The logs of functions go to the environment on this machine: to their log groups, and to whoever follows them.

Nobody else reads them there: they are shown where the functions run.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Self

from samlocal.errors import SamlocalError
from samlocal.local.log_line import LogLine
from samlocal.local.runner import Runner
from samlocal.local.server import LocalServer
from samlocal.sandbox.journal import Log, Record, Remark
from samlocal.sandbox.log_format import render
from samlocal.sandbox.tasks import Tasks
from samlocal.sources.pace import Pace

# Lines that come together go together, as Lambda sends them.
_TOGETHER_SECONDS = 0.5

_AT_ONCE = 1_000


class FunctionLogs:
    """Stands between sandboxes and their log. Use it as a context manager, on an event loop, around them.

    ``server`` is the environment as it is now, called in a thread; ``failed`` gets faults of samlocal's own.
    """

    def __init__(
        self, log: Log, server: Callable[[], LocalServer], *, failed: Callable[[BaseException], None]
    ) -> None:
        self._log = log
        self._server = server
        self._tasks = Tasks(failed)
        self._pace = Pace()
        self._waiting: list[LogLine] = []
        self._writes = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._pace.stop()
        await self._tasks.done()

    def put(self, item: Record | Remark) -> None:
        self._log.put(item)
        if not isinstance(item, Record) or (text := render(item)) is None:
            return
        if not self._waiting:
            self._tasks.start(self._write())
        self._waiting.append(_line(item, text))

    async def room(self) -> None:
        await self._log.room()

    async def _write(self) -> None:
        await self._pace.pause(_TOGETHER_SECONDS)
        waiting, self._waiting = self._waiting, []
        # One behind the other: the lines of a stream stay in their order.
        async with self._writes:
            await asyncio.to_thread(self._send, waiting)

    def _send(self, lines: list[LogLine]) -> None:
        # Where the environment is gone: what is shown has all lines.
        with contextlib.suppress(SamlocalError):
            runner = Runner(self._server())
            for first in range(0, len(lines), _AT_ONCE):
                runner.wrote(lines[first : first + _AT_ONCE])


def _line(record: Record, text: str) -> LogLine:
    return LogLine(
        time=record.time.timestamp(),
        function=record.function,
        group=record.sandbox.logging.group,
        stream=record.sandbox.instance,
        request_id=record.request_id,
        source=record.type,
        level=None if record.level is None else record.level.name,
        text=text,
    )
