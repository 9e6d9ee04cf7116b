"""A pool in which no function runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from samlocal.pool.throttle import Throttled
from samlocal.sandbox.invocation import Invocation, Request
from samlocal.sandbox.report import Report
from samlocal.sandbox.result import Result, Success


class FakePool:
    """Answers with ``outcomes`` in order, the last of them again and again; ``parts`` are streamed before it."""

    def __init__(self, *outcomes: Result | Throttled | Exception, parts: tuple[bytes, ...] = ()) -> None:
        self._outcomes = list(outcomes) or [Success(payload=b'"done"')]
        self._parts = parts
        self.asked: list[tuple[str, Request]] = []
        self.ready = asyncio.Event()
        self.ready.set()

    async def invoke(
        self,
        function_id: str,
        request: Request,
        *,
        chunk: Callable[[bytes], None],
        answered: Callable[[Result], None] | None = None,
        streams: Callable[[str], None] | None = None,
    ) -> Invocation | Throttled:
        self.asked.append((function_id, request))
        outcome = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        if isinstance(outcome, Throttled):
            return outcome
        for part in self._parts:
            # As a sandbox does it.
            await asyncio.to_thread(chunk, part)
        if answered is not None:
            answered(outcome)
        await self.ready.wait()
        request_id = request.request_id or "made up"
        return Invocation(
            request_id=request_id,
            result=outcome,
            report=Report(request_id=request_id, duration=1.0, memory_size=128),
        )
