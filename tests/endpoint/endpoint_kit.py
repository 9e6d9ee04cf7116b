"""The endpoint with a pool that answers what a test says, and a template's own directory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import kit
from fake_pool import FakePool
from msgspec.structs import replace
from project_kit import Collected, settings_of

from samlocal.endpoint.answer import Answer
from samlocal.endpoint.api_error import ApiError
from samlocal.endpoint.directory import Callee, CurrentDirectory, Directory
from samlocal.endpoint.happening import Ended
from samlocal.endpoint.invoker import Invoker, Queues
from samlocal.endpoint.log_tail import LogTail, LogTails
from samlocal.project.project import Project
from samlocal.sandbox.invocation import Request
from samlocal.sandbox.journal import Record, Remark

T = TypeVar("T")

PLACE = "arn:aws:lambda:us-east-1:123456789012:function"
"""What a function's ARN begins with where nobody names a region or an environment."""


class Unread:
    """A log that nobody reads."""

    def put(self, item: Record | Remark) -> None: ...

    async def room(self) -> None: ...


def unforeseen(error: BaseException) -> None:
    raise error


def directory_of(made: kit.Project) -> Directory:
    with Project(settings_of(made), Collected()) as own:
        return Directory(own.application())


class Endpoint:
    """An Invoker with everything around it. ``queued`` are the events that nobody waits for."""

    def __init__(self, directory: Directory, pool: FakePool, *, queue: Queues | None = None) -> None:
        self.pool = pool
        self.queued: list[tuple[Callee, Request]] = []
        self.ended: list[Ended] = []
        self.functions = CurrentDirectory(lambda: directory)
        self.tails = LogTails(Unread(), LogTail)
        self.invoker = Invoker(
            pool,
            self.functions,
            self.tails,
            queue=queue or (lambda callee, request, over=None: self.queued.append((callee, request))),
            told=lambda happening: self.ended.append(happening) if isinstance(happening, Ended) else None,
        )

    async def invoke(
        self, name: str = "Fn", body: bytes = b"{}", *, qualifier: str | None = None, **headers: str
    ) -> Answer:
        """``x_amz_log_type`` is the header ``x-amz-log-type``."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.invoker.invoke(name, qualifier, given, body, request_id="the-request")

    async def refused(self, *arguments: Any, **more: Any) -> ApiError:
        try:
            answer = await self.invoke(*arguments, **more)
        except ApiError as error:
            return error
        raise AssertionError(f"it was answered: {answer}")


def run(test: Callable[[], Awaitable[T]]) -> T:
    async def main() -> T:
        async with asyncio.timeout(60):
            return await test()

    return asyncio.run(main())


def callee(name: str = "Fn", **more: Any) -> Callee:
    from samlocal.deployed.place import Place

    place = Place(region="us-east-1", account="123456789012")
    return replace(Callee(path=name, logical_id=name, name=name, place=place), **more)
