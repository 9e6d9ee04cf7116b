"""A function's events, run in a sandbox of their own, with what it says and gives on its way out."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import FrameType
from typing import Any, TypeVar

from samlocal.cli.output import Output
from samlocal.cli.runs.events import Events
from samlocal.cli.runs.runs import Runs
from samlocal.engine import Engine
from samlocal.errors import SamlocalError
from samlocal.sandbox.layout import SandboxSpec
from samlocal.sandbox.outlet import Outlet
from samlocal.sandbox.sandbox import Request, Sandbox
from samlocal.sandbox.session import Session

T = TypeVar("T")

# How long the last of the log may take when the run is ended from outside.
_LAST_SECONDS = 1.0


async def run_events(
    engine: Engine,
    spec: SandboxSpec,
    events: Events,
    *,
    tenant_id: str | None,
    session: Session,
    output: Output,
    runs: Runs,
    started: Callable[[], None],
) -> None:
    """Runs events in their order, and shows what comes of each. ``started`` is called beside the first one's run."""
    log = Outlet(output.said)
    left = len(events.events) * events.repeat
    try:
        async with Sandbox(engine, spec, session=session, log=log) as sandbox:
            started()
            for event in events.runs():
                left -= 1
                runs.begin(event)
                streamed = bytearray()
                invocation = await sandbox.invoke(
                    Request(payload=event.payload, tenant_id=tenant_id),
                    chunk=partial(runs.chunk, streamed),
                )
                try:
                    if left:
                        await sandbox.settle()
                    elif sandbox.ends_at_once:
                        # The last of the log before the result, which does not wait for extensions that have yet to
                        # finish.
                        await sandbox.stop()
                    await log.drain()
                finally:
                    # Also when Ctrl-C comes in between: it has been answered.
                    await _written(partial(runs.show, event, invocation, bytes(streamed)))
        await log.drain()
    except SamlocalError:
        # Nothing is said of what went wrong before all is written that led to it.
        await log.drain()
        raise
    except asyncio.CancelledError:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_SECONDS):
                await log.drain()
        raise
    finally:
        log.close()


async def _written(write: Callable[[], None]) -> None:
    """Writes in a thread of its own: Ctrl-C ends a run also while nobody reads its payload."""
    outlet: Outlet[Callable[[], None]] = Outlet(lambda write: write())
    outlet.put(write)
    try:
        await outlet.drain()
        outlet.check()
    finally:
        outlet.close()


class _Threads(ThreadPoolExecutor):
    """Threads for what is awaited: one that waits for an answer nobody needs any more holds up no end."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        super().shutdown(wait=False, cancel_futures=True)


def run_to_its_end(main: Coroutine[Any, Any, T]) -> T:
    """Runs it on an event loop of its own. Ctrl-C, SIGTERM and SIGHUP end it alike: what was started is stopped."""
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        loop.set_default_executor(_Threads(thread_name_prefix="samlocal"))
        loop.set_exception_handler(_quiet_about_connections)
        tasks: list[asyncio.Task[Any]] = []

        async def run() -> T:
            tasks.extend(filter(None, [asyncio.current_task()]))
            return await main

        def cancel() -> None:
            for task in tasks:
                task.cancel()
            if not tasks:
                # It is about to begin.
                loop.call_soon(cancel)

        with _ending(loop, cancel):
            return runner.run(run())


@contextlib.contextmanager
def _ending(loop: asyncio.AbstractEventLoop, cancel: Callable[[], None]) -> Iterator[None]:
    """Has the first signal that would end the process ``cancel`` what runs; the next of them ends it at once."""
    handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}
    received: list[int] = []

    def end(number: int, _: object) -> None:
        received.append(number)
        for other in handlers:
            signal.signal(other, end_at_once)
        loop.call_soon_threadsafe(cancel)

    def end_at_once(number: int, frame: FrameType | None) -> None:
        for other, handler in handlers.items():
            signal.signal(other, handler)
        if asyncio.current_task(loop) is None:
            handlers[number](number, frame)
        else:
            # Raised in the midst of a task it would be no more than the task's way to its own end, where it waits in
            # good order. Raised between two of them it ends the loop, and that cancels all who wait.
            loop.call_soon_threadsafe(handlers[number], number, None)

    if threading.current_thread() is threading.main_thread():
        for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            before = signal.getsignal(ending)
            if callable(before):
                handlers[ending] = before
                signal.signal(ending, end)
    try:
        yield
    except asyncio.CancelledError:
        if received:
            handlers[received[0]](received[0], None)
        raise
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _quiet_about_connections(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A connection that breaks is no news, least of all on standard error."""
    if not isinstance(context.get("exception"), OSError):
        with contextlib.suppress(OSError):
            loop.default_exception_handler(context)
