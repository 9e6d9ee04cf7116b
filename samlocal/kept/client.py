"""A command's side: a function run in a sandbox that another process keeps, shown as if it were its own."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Self, TypeAlias, TypeVar

from samlocal.errors import KeptError
from samlocal.kept import messages
from samlocal.kept.failure import error_of
from samlocal.kept.folder import Folder
from samlocal.kept.frames import BrokenFrameError, Reads, packed
from samlocal.kept.peer import is_ours
from samlocal.project.teller import Progress, Teller
from samlocal.sandbox.invocation import Invocation
from samlocal.sandbox.journal import Record, Remark

Said: TypeAlias = Callable[[Record | Remark], None]
T = TypeVar("T")

# A process that has just been started says its first word within a second.
_ANSWER_SECONDS = 20.0

# How long the last of the log may take when the run is ended from outside.
_LAST_SECONDS = 1.0

# What extensions have for their shutdown, and some more.
_FINISH_SECONDS = 5.0

_PIECE = 1 << 16


class NothingRanError(KeptError):
    """The process cannot run it, and no event has begun: it may run elsewhere."""


class Line:
    """A connection to a process that runs a project's functions."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._answers = Reads[messages.Answer](messages.Answer)

    def close(self) -> None:
        self._connection.close()

    def send(self, *parts: object) -> None:
        self._connection.settimeout(None)
        try:
            self._connection.sendall(b"".join(map(packed, parts)))
        except OSError:
            # What it has said before it went is still to be read.
            return

    def receive(self, *, seconds: float | None = None) -> messages.Answer | None:
        """The next answer, None at the end. Raises TimeoutError, and BrokenFrameError."""
        until = None if seconds is None else time.monotonic() + seconds
        # An interrupt in between loses nothing of what has come.
        while (answer := self._answers.next()) is None:
            self._connection.settimeout(None if until is None else max(0.001, until - time.monotonic()))
            try:
                data = self._connection.recv(_PIECE)
            except TimeoutError:
                raise
            except OSError:
                return None
            if not data:
                return None
            self._answers.feed(data)
        return answer


class KeptRun:
    """A run that another process has accepted. What it says goes to ``teller``, ``said`` and ``requested``, in its
    order.
    """

    def __init__(
        self, line: Line, *, by: str, teller: Teller, said: Said, requested: Callable[[str], None] | None = None
    ) -> None:
        self.by = by
        self._line = line
        self._teller = teller
        self._said = said
        self._requested = requested
        self._progress: list[tuple[ExitStack, Progress]] = []
        self._has_begun = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Whatever still runs is ended."""
        while self._progress:
            self._progress.pop()[0].close()
        self._line.close()

    def planned(self) -> messages.Planned:
        """Raises what the plan failed with, and NothingRanError."""
        return self._until(messages.Planned)

    def invoke(self, payload: bytes, *, chunk: Callable[[bytes], None]) -> Invocation:
        """Runs one event to its end. Raises EngineError, KeptError where the process goes, and NothingRanError.

        Ctrl-C ends the event there, and shows the last of its log.
        """
        self._line.send(messages.Run(payload=payload))
        try:
            return self._until(messages.Answered, chunk=chunk).invocation
        except (KeyboardInterrupt, SystemExit):
            self._cancel()
            raise

    def finish(self) -> None:
        """Shows what there still is of the log of events that are over."""
        self._line.send(messages.Done())
        self._show_last(_FINISH_SECONDS)

    def _cancel(self) -> None:
        self._line.send(messages.Cancel())
        self._show_last(_LAST_SECONDS)

    def _show_last(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        try:
            while (answer := self._line.receive(seconds=max(0.0, until - time.monotonic()))) is not None:
                self._shown(answer, _unseen)
        except (TimeoutError, BrokenFrameError):
            return

    def _until(self, kind: type[T], *, chunk: Callable[[bytes], None] | None = None) -> T:
        while True:
            try:
                answer = self._line.receive()
            except BrokenFrameError as error:
                raise self._gone(f"says what cannot be understood: {error}") from error
            if answer is None:
                raise self._gone("has ended")
            if isinstance(answer, kind):
                return answer
            self._shown(answer, chunk or _unseen)

    def _gone(self, how: str) -> KeptError:
        if not self._has_begun:
            return NothingRanError(f"The process that keeps sandboxes {how}.")
        return KeptError(
            f"The process that runs the function ({self.by}) {how} in the middle of the event.",
            tip="What the function has done by then is done; run it again for an answer.",
        )

    def _shown(self, answer: messages.Answer, chunk: Callable[[bytes], None]) -> None:
        match answer:
            case messages.Logged(record=record):
                self._said(record)
            case messages.Remarked(remark=remark):
                self._said(remark)
            case messages.Chunk(data=data):
                chunk(data)
            case messages.Began():
                self._has_begun = True
            case messages.Notice(text=text, once_for=once_for, each_time=each_time):
                self._teller.notice(text, once_for=once_for, each_time=each_time)
            case messages.Requested(text=text):
                if self._requested is not None:
                    self._requested(text)
            case messages.Warned(text=text, each_time=each_time):
                self._teller.warning(text, each_time=each_time)
            case messages.Facts(heads=heads, rows=rows):
                self._teller.facts(heads, rows)
            case messages.Failed(failure=failure):
                if failure.needs_terminal and not self._has_begun:
                    # The session that comes of it is kept for both.
                    raise NothingRanError("An MFA code is asked for, and only at a terminal.")
                raise error_of(failure)
            case _:
                self._show_progress(answer)

    def _show_progress(self, answer: messages.Answer) -> None:
        match answer:
            case messages.ProgressBegun():
                stack = ExitStack()
                self._progress.append((stack, stack.enter_context(self._teller.progress())))
            case messages.ProgressEnded() if self._progress:
                self._progress.pop()[0].close()
            case messages.Pulled(image=image, step=step) if self._progress:
                self._progress[-1][1].pulled(image, step)
            case messages.BuildStep(paths=paths, step=text) if self._progress:
                self._progress[-1][1].step(paths, text)
            case messages.BuildDone(paths=paths, seconds=seconds, failed=failed) if self._progress:
                self._progress[-1][1].done(paths, seconds, failed=failed)
            case messages.GoesOn(what=what) if self._progress:
                self._progress[-1][1].goes_on(what)
            case _:
                return


def ask(
    folder: Folder, name: str, samlocal: str, question: messages.Question, *, leave: bool = False
) -> tuple[Line, messages.Answer] | None:
    """The first answer of the process at a socket, None where there is none. One of another samlocal may ``leave``.

    Raises NothingRanError where it does not answer, or what is asked cannot be sent.
    """
    try:
        connection = folder.connect(name)
    except KeptError as error:
        raise NothingRanError(error.message, tip=error.tip) from error
    if connection is None:
        return None
    line = Line(connection)
    if not is_ours(connection):
        line.close()
        raise NothingRanError(f"Another user listens at {folder.path / name}.")
    try:
        line.send(messages.Hello(samlocal=samlocal, leave=leave), question)
        answer = line.receive(seconds=_ANSWER_SECONDS)
    except TimeoutError:
        line.close()
        raise NothingRanError(
            f"The process that keeps sandboxes has not answered for {_ANSWER_SECONDS:.0f} seconds.",
            tip=f"End it; its socket is {folder.path / name}.",
        ) from None
    except (BrokenFrameError, UnicodeEncodeError) as error:
        line.close()
        raise NothingRanError(f"The process that keeps sandboxes cannot be asked: {error}.") from error
    except BaseException:
        line.close()
        raise
    if answer is None:
        line.close()
        return None
    return line, answer


def _unseen(_: bytes) -> None:
    """Nobody waits for it any more."""
