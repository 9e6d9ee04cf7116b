"""A pool that remembers the last event of each function."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from samlocal.function.limits import RESPONSE_BYTES
from samlocal.pool.pool import Pool
from samlocal.pool.throttle import Throttled
from samlocal.project.last_events import LastEvent, LastEvents
from samlocal.sandbox.invocation import Invocation, Request
from samlocal.sandbox.result import Result

# Of a function that is busy not each event is written, but the last one within so long of its end: or within so many
# times what it takes to write it, where events are large.
_REST_SECONDS = 0.02
_REST_TIMES = 5


class RememberingPool(Pool):
    """Has each event that has run be put down, beside the loop."""

    def __init__(self, *args: Any, last_events: LastEvents, **more: Any) -> None:
        super().__init__(*args, **more)
        self._last_events = last_events
        self._writes = _Writes(last_events.put)

    async def invoke(
        self,
        function_id: str,
        request: Request,
        *,
        chunk: Callable[[bytes], None],
        answered: Callable[[Result], None] | None = None,
        streams: Callable[[str], None] | None = None,
    ) -> Invocation | Throttled:
        streamed, is_known = bytearray(), False

        def part(data: bytes) -> None:
            # What is longer than any answer is not kept, and one piece more says that it is.
            if len(streamed) <= RESPONSE_BYTES:
                streamed.extend(data)
            chunk(data)

        def known(result: Result) -> None:
            nonlocal is_known
            # Before its caller knows: who saves it next, saves this one.
            is_known = True
            self._remember(function_id, request, result)
            if answered is not None:
                answered(result)

        outcome = await super().invoke(function_id, request, chunk=part, answered=known, streams=streams)
        if isinstance(outcome, Invocation) and (streamed or not is_known):
            self._remember(function_id, request, outcome.result, bytes(streamed))
        return outcome

    async def close(self) -> None:
        try:
            await super().close()
        finally:
            self._writes.close()

    def _remember(self, function_id: str, request: Request, result: Result, streamed: bytes = b"") -> None:
        self._writes.put(self._last_events.made(function_id, request.payload, result, streamed))


class _Writes:
    """Writes in a thread of its own, of each function what is the newest when its turn comes."""

    def __init__(self, write: Callable[[LastEvent], None]) -> None:
        self._write = write
        self._newest: dict[str, LastEvent] = {}
        self._lock = threading.Lock()
        self._come = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def put(self, last: LastEvent) -> None:
        with self._lock:
            self._newest[last.function] = last
        self._come.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="samlocal-last-events", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """What is there is still written."""
        self._closing.set()
        self._come.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set() or self._newest:
            self._come.wait()
            self._come.clear()
            with self._lock:
                newest, self._newest = self._newest, {}
            began = time.monotonic()
            for last in newest.values():
                self._write(last)
            self._closing.wait(max(_REST_SECONDS, _REST_TIMES * (time.monotonic() - began)))
