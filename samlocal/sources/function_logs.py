"""The logs of functions go to their log groups in the environment on this machine, where those have subscribers.

Nobody else reads them there: they are shown where the functions run.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from samlocal.aws import Aws
from samlocal.errors import SamlocalError
from samlocal.local.runner import Runner
from samlocal.local.server import LocalServer
from samlocal.sandbox.journal import Log, Record, Remark
from samlocal.sandbox.log_format import render
from samlocal.sandbox.tasks import Tasks
from samlocal.sources.pace import Pace

# Lines that come together go together, as Lambda sends them.
_TOGETHER_SECONDS = 0.5

# How long it counts which groups have subscribers.
_KNOWN_SECONDS = 10.0

_AT_ONCE = 1_000


class FunctionLogs:
    """Stands between sandboxes and their log. Use it as a context manager, on an event loop, around them.

    ``server`` is the environment as it is now and ``aws`` its caller, both called in a thread; ``failed`` gets faults
    of samlocal's own.
    """

    def __init__(
        self,
        log: Log,
        server: Callable[[], LocalServer],
        aws: Callable[[], Aws],
        *,
        failed: Callable[[BaseException], None],
    ) -> None:
        self._log = log
        self._server = server
        self._aws = aws
        self._tasks = Tasks(failed)
        self._pace = Pace()
        self._waiting: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self._subscribed: tuple[float, frozenset[str]] = 0.0, frozenset()
        self._streams: set[tuple[str, str]] = set()
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
        place = item.sandbox.logging.group, item.sandbox.instance
        if not self._waiting:
            self._tasks.start(self._write())
        self._waiting.setdefault(place, []).append({"timestamp": int(item.time.timestamp() * 1000), "message": text})

    async def room(self) -> None:
        await self._log.room()

    async def _write(self) -> None:
        await self._pace.pause(_TOGETHER_SECONDS)
        waiting, self._waiting = self._waiting, {}
        # One behind the other: the lines of a stream stay in their order.
        async with self._writes:
            await asyncio.to_thread(self._send, waiting)

    def _send(self, waiting: dict[tuple[str, str], list[dict[str, Any]]]) -> None:
        try:
            for (group, stream), lines in waiting.items():
                if not self._has_subscribers(group):
                    continue
                aws = self._aws()
                if (group, stream) not in self._streams:
                    aws.call("logs", "create_log_stream", logGroupName=group, logStreamName=stream)
                    self._streams.add((group, stream))
                for first in range(0, len(lines), _AT_ONCE):
                    some = lines[first : first + _AT_ONCE]
                    aws.call("logs", "put_log_events", logGroupName=group, logStreamName=stream, logEvents=some)
        except SamlocalError:
            # The environment is gone, or its group is: what is shown has all lines.
            self._subscribed = 0.0, frozenset()

    def _has_subscribers(self, group: str) -> bool:
        asked, groups = self._subscribed
        if not asked or time.monotonic() - asked > _KNOWN_SECONDS:
            groups = frozenset(Runner(self._server()).subscribed())
            self._subscribed = time.monotonic(), groups
        return group in groups
