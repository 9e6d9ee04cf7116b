"""One connection to a process that runs a project's functions for other commands, on its event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Protocol, TypeAlias, TypeVar

from samlocal.errors import SamlocalError, UnforeseenError
from samlocal.kept import messages
from samlocal.kept.failure import failure
from samlocal.kept.fault import in_a_line
from samlocal.kept.frames import BrokenFrameError, Reads
from samlocal.kept.listener import Listener
from samlocal.kept.peer import is_ours
from samlocal.kept.requests import tell_requests
from samlocal.sandbox.invocation import Invocation

T = TypeVar("T")

_HELLO_SECONDS = 10.0

_PIECE = 1 << 16

Failed: TypeAlias = Callable[[Exception], str]
"""Gets a fault of samlocal's own, and says where more of it is found: the tip of whoever waits for the event."""


class Runs(Protocol):
    """What runs the events of one function, for one command."""

    async def planned(self) -> messages.Planned:
        """Raises SamlocalError."""

    async def run(self, payload: bytes) -> Invocation:
        """Raises SamlocalError."""

    async def finish(self) -> None:
        """Waits, a little, for the last of the log."""


class Host(Protocol):
    """What is behind a socket."""

    def is_outdated(self, hello: messages.Hello) -> bool:
        """Whether it is another samlocal that asks, or wants it gone; it is about to end then."""

    async def accept(self, opened: messages.Open, listener: Listener) -> Runs | messages.Refused:
        """Raises SamlocalError."""

    def listed(self) -> messages.Listed:
        """What is kept here."""

    async def stop(self, asked: messages.Stop) -> messages.Stopped:
        """Ends sandboxes."""


async def serve(host: Host, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, failed: Failed) -> None:
    """Answers one question, or runs the events of one command, who hears all of it before the connection ends."""
    listener = Listener(writer)
    try:
        if is_ours(writer.get_extra_info("socket")):
            await _serve(host, reader, listener, failed)
        await listener.heard()
    except (BrokenFrameError, TimeoutError):
        # It does not speak as we do, or not at all.
        return
    finally:
        writer.close()


async def _serve(host: Host, reader: asyncio.StreamReader, listener: Listener, failed: Failed) -> None:
    async with asyncio.timeout(_HELLO_SECONDS):
        hello = Reads[messages.Hello](messages.Hello)
        said = await _next(hello, reader)
        if said is None:
            return
        if host.is_outdated(said):
            listener.say(messages.Refused(reason=messages.Refusal.VERSION))
            return
        questions = Reads[messages.Question](messages.Question)
        questions.feed(hello.rest())
        question = await _next(questions, reader)
    match question:
        case messages.Open():
            await _run(host, question, _Requests(questions, reader), listener, failed)
        case messages.List():
            listener.say(host.listed())
        case messages.Stop():
            listener.say(await host.stop(question))
        case _:
            return


class _Requests:
    """What a command asks for once its run is open. Its end ends what is done for it."""

    def __init__(self, questions: Reads[messages.Question], reader: asyncio.StreamReader) -> None:
        self._questions = questions
        self._reader = reader
        self._come: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def read(self) -> None:
        """Until nobody waits for anything any more."""
        while isinstance(message := await _next(self._questions, self._reader), messages.Run | messages.Done):
            self._come.put_nowait(message.payload if isinstance(message, messages.Run) else None)

    async def next(self) -> bytes | None:
        """An event, None where no more come."""
        return await self._come.get()


async def _run(host: Host, opened: messages.Open, requests: _Requests, listener: Listener, failed: Failed) -> None:
    running = asyncio.create_task(_run_all(host, opened, requests, listener, failed))
    reading = asyncio.create_task(requests.read())
    try:
        await asyncio.wait({running, reading}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (running, reading):
            task.cancel()
        await asyncio.wait({running, reading})
    for task in (running, reading):
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error


async def _run_all(
    host: Host, opened: messages.Open, requests: _Requests, listener: Listener, failed: Failed
) -> None:
    if opened.requests:
        tell_requests(listener)
    try:
        runs = await host.accept(opened, listener)
        if isinstance(runs, messages.Refused):
            listener.say(runs)
            return
        listener.say(messages.Accepted())
        listener.say(await runs.planned())
        while (payload := await requests.next()) is not None:
            invocation = await runs.run(payload)
            listener.say(messages.Answered(invocation=invocation))
            await listener.heard()
        await runs.finish()
    except SamlocalError as error:
        listener.say(messages.Failed(failure=failure(error)))
    except Exception as error:
        told = UnforeseenError(
            f"The process that runs the function has met a fault of samlocal's own: {in_a_line(error)}.",
            tip=failed(error),
        )
        listener.say(messages.Failed(failure=failure(told)))


async def _next(reads: Reads[T], reader: asyncio.StreamReader) -> T | None:
    """The next message, None at the end. Raises BrokenFrameError."""
    while (message := reads.next()) is None:
        with contextlib.suppress(OSError):
            if data := await reader.read(_PIECE):
                reads.feed(data)
                continue
        return None
    return message
