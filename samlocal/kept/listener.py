"""Who waits for a run: the command at the other end of a connection."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from samlocal.engine.images import PullProgress
from samlocal.kept import messages
from samlocal.kept.frames import shown
from samlocal.sandbox.journal import Record, Remark
from samlocal.sandbox.log_format import render

LISTENER: ContextVar[Listener] = ContextVar("LISTENER")
"""For whom something is done: a sandbox is started, and an event run, in the context of who waits for it."""

_UNHEARD = 1 << 20
"""So many letters of what a sandbox says while nobody listens are kept for the next one who does."""


class Listener:
    """Takes messages without waiting, on its event loop. A slow reader holds up what is done for them alone.

    ``hears_requests`` says whether it is told what is asked of the engine and of AWS for it.
    """

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.hears_requests = False
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        # Whoever waits for room waits until all has been handed to the system, which delivers it whatever happens.
        writer.transport.set_write_buffer_limits(high=0)

    @property
    def gone(self) -> bool:
        return self._writer.is_closing()

    def say(self, message: messages.Answer) -> None:
        if not self.gone:
            self._writer.write(shown(message))

    def say_from_thread(self, message: messages.Answer) -> None:
        with contextlib.suppress(RuntimeError):
            # The loop may have ended.
            self._loop.call_soon_threadsafe(self.say, message)

    async def heard(self) -> None:
        """Waits until everything is on its way."""
        with contextlib.suppress(OSError):
            await self._writer.drain()

    def chunk(self, data: bytes) -> None:
        """A part of a streamed response, in a thread of its own, which waits until it is on its way."""

        async def send() -> None:
            self.say(messages.Chunk(data=data))
            await self.heard()

        asyncio.run_coroutine_threadsafe(send(), self._loop).result()


def message_of(item: Record | Remark) -> messages.Logged | messages.Remarked | None:
    """What is said of a sandbox's log; None for what the function's log has not."""
    if isinstance(item, Remark):
        return messages.Remarked(remark=item)
    return messages.Logged(record=item) if render(item) is not None else None


class Speaking:
    """The log of one sandbox: the one whose event it runs hears it, or whose event was the last."""

    def __init__(self) -> None:
        self._listener: Listener | None = None
        self._unheard: deque[messages.Logged | messages.Remarked] = deque()
        self._letters = 0

    def turn_to(self, listener: Listener) -> None:
        """Whose it is from now on. They hear what nobody has heard, as it would stand before theirs in the log."""
        self._listener = listener
        while self._unheard:
            listener.say(self._first_unheard())

    def put(self, item: Record | Remark) -> None:
        message = message_of(item)
        if message is None:
            return
        if self._listener is None or self._listener.gone:
            self._unheard.append(message)
            self._letters += _letters(message)
            while self._letters > _UNHEARD:
                self._first_unheard()
        else:
            self._listener.say(message)

    async def room(self) -> None:
        if self._listener is not None:
            await self._listener.heard()

    def _first_unheard(self) -> messages.Logged | messages.Remarked:
        message = self._unheard.popleft()
        self._letters -= _letters(message)
        return message


def _letters(message: messages.Logged | messages.Remarked) -> int:
    return len(message.remark.text if isinstance(message, messages.Remarked) else message.record.text or "")


class Telling:
    """A project's ``Teller``, called in any thread."""

    def __init__(self, listener: Listener) -> None:
        self._say: Callable[[messages.Answer], None] = listener.say_from_thread

    def notice(self, text: str, *, once_for: str = "", each_time: bool = False) -> None:
        self._say(messages.Notice(text=text, once_for=once_for, each_time=each_time))

    def warning(self, text: str, *, each_time: bool = False) -> None:
        self._say(messages.Warned(text=text, each_time=each_time))

    def facts(self, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        self._say(messages.Facts(heads=tuple(heads), rows=tuple(tuple(row) for row in rows)))

    @contextmanager
    def progress(self) -> Iterator[TellingProgress]:
        self._say(messages.ProgressBegun())
        try:
            yield TellingProgress(self._say)
        finally:
            self._say(messages.ProgressEnded())


class TellingProgress:
    """How pulls, fetches and builds go on."""

    def __init__(self, say: Callable[[messages.Answer], None]) -> None:
        self._say = say

    def pulled(self, image: str, step: PullProgress) -> None:
        self._say(messages.Pulled(image=image, step=step))

    def step(self, paths: Sequence[str], step: str) -> None:
        self._say(messages.BuildStep(paths=tuple(paths), step=step))

    def done(self, paths: Sequence[str], seconds: float, *, failed: bool) -> None:
        self._say(messages.BuildDone(paths=tuple(paths), seconds=seconds, failed=failed))

    def goes_on(self, what: str) -> None:
        self._say(messages.GoesOn(what=what))
