"""Event sources without functions: what runs them is a test's, queues and streams are the local endpoint's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from collections.abc import Mapping as Table
from typing import Any, TypeVar

import kit
from project_kit import Collected, settings_of

from samlocal.deployed.place import Place
from samlocal.endpoint.directory import Callee, Directory
from samlocal.event_pattern import event_pattern
from samlocal.project.project import Project
from samlocal.sandbox.result import FunctionError, Result, Success
from samlocal.sources.happening import Happening
from samlocal.sources.mapping import Mapping, NotPolled, SourceKind
from samlocal.sources.mappings import mappings
from samlocal.sources.pace import Pace
from samlocal.sources.running import Ran

T = TypeVar("T")

NOW = 1_700_000_000.0
PLACE = "us-east-1:123456789012"
FUNCTION = Callee(path="Fn", logical_id="Fn", name="Fn", place=Place(region="us-east-1", account="123456789012"))
RAISES = FunctionError(payload=b'{"errorType":"ValueError"}')
ANSWERS = Success(payload=b"null")


def failures(*ids: str) -> Success:
    """The answer of a function that reports these."""
    return Success(payload=json.dumps({"batchItemFailures": [{"itemIdentifier": each} for each in ids]}).encode())


class Clock:
    """Stands still, but for the pauses."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.pauses: list[float] = []

    def now(self) -> float:
        return self.seconds

    def epoch(self) -> float:
        return NOW + self.seconds

    def call_later(self, seconds: float, call: Callable[[], object]) -> Any:
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds


class Function:
    """Runs batches in place of a function: ``answer`` gives what comes of an event, None where it could not run."""

    def __init__(self, answer: Callable[[dict[str, Any]], Result | None] = lambda _: ANSWERS) -> None:
        self._answer = answer
        self.events: list[dict[str, Any]] = []
        self.traces: list[str | None] = []
        self.running = self.most = 0
        self.ready = asyncio.Event()
        self.ready.set()

    async def __call__(self, payload: bytes, /, *, trace: str | None = None) -> Ran:
        self.traces.append(trace)
        event = json.loads(payload)
        self.events.append(event)
        self.running += 1
        self.most = max(self.most, self.running)
        await self.ready.wait()
        self.running -= 1
        return Ran(request_id=f"request-{len(self.events)}", result=self._answer(event))

    @property
    def bodies(self) -> list[list[str]]:
        """Of the messages of each batch."""
        return [[record["body"] for record in event["Records"]] for event in self.events]


def of_queue(name: str, **more: Any) -> Mapping:
    """A mapping of the queue of this name."""
    filters = tuple(event_pattern(each) for each in more.pop("filters", ()))
    given: dict[str, Any] = {"batch_size": 10, **more}
    return Mapping(
        id=f"Fn{name}",
        uuid="the-uuid",
        callee=FUNCTION,
        kind=SourceKind.QUEUE,
        source=f"arn:aws:sqs:{PLACE}:{name}",
        filters=filters,
        **given,
    )


def read(made: kit.Project) -> list[Mapping | NotPolled]:
    """The mappings of a project's template."""
    with Project(settings_of(made), Collected()) as own:
        return list(mappings(Directory(own.application())))


class Told(list[Happening]):
    """What was told."""

    def of(self, kind: type[T]) -> list[T]:
        return [each for each in self if isinstance(each, kind)]


async def until(what: Callable[[], object], *, within: float = 60.0) -> None:
    """Waits for a state. Raises TimeoutError."""
    async with asyncio.timeout(within):
        while not what():
            await asyncio.sleep(0.01)


async def polled(poller: Any, pace: Pace, what: Callable[[], object]) -> None:
    """Has it poll until that is so, and until all is over then."""
    polling = asyncio.create_task(poller.poll())
    try:
        waiting = asyncio.create_task(until(what))
        await asyncio.wait({polling, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if polling.done():
            waiting.cancel()
            await polling
        await waiting
    finally:
        pace.stop()
        await polling


def run(test: Callable[[], Awaitable[T]]) -> T:
    async def main() -> T:
        async with asyncio.timeout(90):
            return await test()

    return asyncio.run(main())


def resource(type_: str, **properties: Any) -> Table[str, Any]:
    return {"Type": type_, "Properties": properties}
