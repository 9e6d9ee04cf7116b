"""A project that is served to a test, without a command."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import kit
from project_kit import Collected, settings_of

from samlocal.project.project import Project
from samlocal.sandbox.invocation import Invocation, Request
from samlocal.sandbox.result import Result, Success
from samlocal.sandbox.session import session
from samlocal.service.service import Service


class Silent:
    """A log that nobody reads."""

    def put(self, item: object) -> None: ...

    async def room(self) -> None: ...


@asynccontextmanager
async def serving(made: kit.Project, **more: Any) -> AsyncIterator[Service]:
    with Project(settings_of(made), Collected()) as own, session(made.sessions) as mine:
        async with Service(own, session=mine, **{"log": Silent(), **more}) as service:
            yield service


def run(made: kit.Project, test: Callable[[Service], Awaitable[None]], **more: Any) -> None:
    async def main() -> None:
        async with asyncio.timeout(120), serving(made, **more) as service:
            await test(service)

    asyncio.run(main())


async def result_of(service: Service, name: str, **event: Any) -> Result:
    """What comes of an event."""
    request = Request(payload=json.dumps(event).encode())
    invocation = await service.pool.invoke(await service.functions.id_of(name), request, chunk=lambda _: None)
    assert isinstance(invocation, Invocation), invocation
    return invocation.result


async def answer(service: Service, name: str, **event: Any) -> dict[str, Any]:
    result = await result_of(service, name, **event)
    assert isinstance(result, Success), result
    answered: dict[str, Any] = json.loads(result.payload)
    return answered
