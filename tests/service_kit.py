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
from samlocal.sandbox.result import Success
from samlocal.sandbox.session import session
from samlocal.service.service import Service


class Silent:
    """A log that nobody reads."""

    def put(self, item: object) -> None: ...

    async def room(self) -> None: ...


@asynccontextmanager
async def serving(made: kit.Project, **more: Any) -> AsyncIterator[Service]:
    with Project(settings_of(made), Collected()) as own, session(made.sessions) as mine:
        async with Service(own, session=mine, log=Silent(), **more) as service:
            yield service


def run(made: kit.Project, test: Callable[[Service], Awaitable[None]], **more: Any) -> None:
    async def main() -> None:
        async with asyncio.timeout(60), serving(made, **more) as service:
            await test(service)

    asyncio.run(main())


async def answer(service: Service, name: str) -> dict[str, Any]:
    request = Request(payload=b"{}")
    invocation = await service.pool.invoke(await service.functions.id_of(name), request, chunk=lambda _: None)
    assert isinstance(invocation, Invocation), invocation
    assert isinstance(invocation.result, Success), invocation.result
    answered: dict[str, Any] = json.loads(invocation.result.payload)
    return answered
