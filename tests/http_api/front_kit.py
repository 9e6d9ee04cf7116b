"""A front with a pool that answers what a test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from samlocal.http_api.authorizers.token_authorizers import Verifies
from samlocal.http_api.backend import Exchanged
from samlocal.http_api.exchange import HttpAnswer, HttpRequest
from samlocal.http_api.front import Front
from samlocal.http_api.model import Api
from samlocal.pool.throttle import Throttled
from samlocal.sandbox.invocation import Invocation, Request
from samlocal.sandbox.report import Report
from samlocal.sandbox.result import Result, Success

T = TypeVar("T")

RESPONSE = {"statusCode": 200, "headers": {"X-Said": "yes"}, "body": "done"}


class FakePool:
    """Answers with ``outcome`` after so many ``seconds``; ``parts`` are streamed before it, announced as
    ``content_type``, all but the first once it ``goes_on``. ``said`` is what some functions return in its place."""

    def __init__(
        self,
        outcome: Result | Throttled | Exception | None = None,
        *,
        parts: tuple[bytes, ...] = (),
        content_type: str | None = None,
        goes_on: asyncio.Event | None = None,
        seconds: float = 0.0,
        said: Mapping[str, object] | None = None,
    ) -> None:
        self._outcome = outcome or Success(payload=json.dumps(RESPONSE).encode())
        self._parts = parts
        self._content_type = content_type
        self._goes_on = goes_on
        self._seconds = seconds
        self._said = said or {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.requests: list[Request] = []

    async def invoke(
        self,
        function_id: str,
        request: Request,
        *,
        chunk: Callable[[bytes], None],
        answered: Callable[[Result], None] | None = None,
        streams: Callable[[str], None] | None = None,
    ) -> Invocation | Throttled:
        self.asked.append((function_id, json.loads(request.payload)))
        self.requests.append(request)
        await asyncio.sleep(self._seconds)
        if function_id in self._said:
            return _invocation(request, Success(payload=json.dumps(self._said[function_id]).encode()))
        if isinstance(self._outcome, Exception):
            raise self._outcome
        if isinstance(self._outcome, Throttled):
            return self._outcome
        if streams is not None and self._content_type is not None:
            streams(self._content_type)
        for part in self._parts:
            # As a sandbox does it.
            await asyncio.to_thread(chunk, part)
            if self._goes_on is not None:
                await self._goes_on.wait()
        if answered is not None:
            answered(self._outcome)
        return _invocation(request, self._outcome)


def _invocation(request: Request, result: Result) -> Invocation:
    request_id = request.request_id or "made up"
    report = Report(request_id=request_id, duration=1.0, memory_size=128)
    return Invocation(request_id=request_id, result=result, report=report)


class Heard:
    """What is told, kept."""

    def __init__(self) -> None:
        self.exchanges: list[Exchanged] = []
        self.remarks: list[str] = []
        self.over: list[tuple[str, BaseException | None]] = []
        self._functions: dict[str, str] = {}

    def begun(self, function: str, request_id: str) -> None:
        self._functions[request_id] = function

    def ended(
        self, request_id: str, came_of_it: Invocation | Throttled | None, failure: BaseException | None = None
    ) -> None:
        self.over.append((self._functions[request_id], failure))

    def exchanged(self, exchanged: Exchanged) -> None:
        self.exchanges.append(exchanged)

    def remarked(self, text: str) -> None:
        self.remarks.append(text)


class LeapingLoop(asyncio.SelectorEventLoop):
    """Its time leaps where a test says so: what is to be waited for has been."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead

    def leap(self, seconds: float) -> None:
        self.ahead += seconds


def ran_in_leaps(main: Callable[[LeapingLoop], Coroutine[Any, Any, T]]) -> T:
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, LeapingLoop)
        return runner.run(main(loop))


def ran(main: Coroutine[Any, Any, T]) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(60):
            return await main

    return asyncio.run(bounded())


def answered(
    api: Api,
    request: HttpRequest,
    pool: FakePool | None = None,
    *,
    heard: Heard | None = None,
    tokens: Callable[[], Verifies] | None = None,
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers with small names, and all of the body."""

    async def main() -> tuple[int, dict[str, str], bytes]:
        front = Front(api, pool or FakePool(), heard or Heard(), tokens)
        answer = await front.answer(request)
        body = await _whole(answer)
        await front.close()
        return answer.status, {name.lower(): value for name, value in answer.headers}, body

    return ran(main())


async def _whole(answer: HttpAnswer) -> bytes:
    if answer.stream is None:
        return answer.body
    return b"".join([part async for part in answer.stream])
