"""What is buffered for an extension when the processes that subscribed are gone."""

from __future__ import annotations

import asyncio

from samlocal.sandbox.apis.subscription import Api, Buffering, Subscription, SubscriptionTerms
from samlocal.sandbox.apis.telemetry import Category, Telemetry


class Listener:
    """Takes a batch once it ``goes_on``."""

    def __init__(self) -> None:
        self.begun = 0
        self.got: list[list[bytes]] = []
        self.goes_on = asyncio.Event()
        self.is_closed = False

    async def send(self, batch: list[bytes]) -> None:
        self.begun += 1
        await self.goes_on.wait()
        self.got.append(batch)

    async def finish(self) -> None:
        """It reads no lines."""

    def close(self) -> None:
        self.is_closed = True


def subscribed(telemetry: Telemetry, listener: Listener, **buffering: int) -> None:
    terms = SubscriptionTerms(
        name="watcher",
        api=Api.TELEMETRY,
        schema="2022-12-13",
        types=("function",),
        buffering=Buffering(**buffering),
    )
    telemetry.subscribe(Subscription(terms, listener))


def test_what_waits_for_its_time_is_not_sent_to_whoever_comes_after() -> None:
    async def main() -> None:
        telemetry, listener = Telemetry(), Listener()
        subscribed(telemetry, listener, timeout_ms=25)
        telemetry.add(Category.FUNCTION, "function", "the last line")
        telemetry.restart()
        # The clock of what is to be sent is over by then.
        await asyncio.sleep(0.05)
        assert (listener.begun, listener.is_closed) == (0, True)

    asyncio.run(main())


def test_what_is_on_its_way_ends_and_leaves_no_task() -> None:
    async def main() -> None:
        telemetry, listener = Telemetry(), Listener()
        subscribed(telemetry, listener, max_items=1)
        telemetry.add(Category.FUNCTION, "function", "the last line")
        while not listener.begun:
            await asyncio.sleep(0)
        telemetry.end()
        async with asyncio.timeout(60):
            while asyncio.all_tasks() != {asyncio.current_task()}:
                await asyncio.sleep(0)
        telemetry.add(Category.FUNCTION, "function", "nobody's")
        listener.goes_on.set()
        await asyncio.sleep(0)
        assert (listener.begun, listener.got) == (1, [])

    asyncio.run(main())
