"""The container of a sandbox, from its making to its end: its output, its memory, its runtime's end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from samlocal.engine import ContainerSpec, Engine, Input
from samlocal.errors import EngineError
from samlocal.sandbox.lines import Lines, entries
from samlocal.sandbox.memory import MemoryWatch
from samlocal.sandbox.messages import Broken, Exited, Message
from samlocal.sandbox.supervision import Flushed, Launching, RuntimeExited, RuntimeStarted, Supervision, Word
from samlocal.sandbox.tmp_folder import TmpFolder

T = TypeVar("T")

# How long the engine's answer to a request under way is waited for at the end.
_ANSWER_SECONDS = 30.0

# How long a container's output is waited for once the container has been killed.
_DRAIN_SECONDS = 5.0

# How long what the function has written is waited for, and for how long nothing may come where nobody says that it is
# all: a line takes the engine a millisecond or two.
_SETTLE_SECONDS = 0.25
_QUIET_SECONDS = 0.005

# A container that is gone before the engine is asked was killed with its removal.
_REMOVED = 137


class Container:
    """One container, from its making to its end. ``started`` is ``time.monotonic``'s."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.started = time.monotonic()
        self.pid = 0
        self.address: str | None = None
        self._engine = engine
        self._name = name
        self._id = ""
        self._ended = False
        self._at_rest = threading.Event()
        self._at_rest.set()
        self._output: threading.Thread | None = None
        self._memory: MemoryWatch | None = None
        self._memory_limit = 0
        self._out_of_memory = False
        self._input: Input | None = None
        self._supervision: Supervision | None = None
        self._err_supervision: Supervision | None = None
        self._runtime: int | None = None
        self._flushed = threading.Semaphore(0)
        self._heard = self.started
        self.runtime_runs = True

    def create(
        self,
        spec: ContainerSpec,
        *,
        mark: str | None,
        log: Callable[[str], None],
        tell: Callable[[Message], None],
        hear: Callable[[Word], None],
    ) -> None:
        """Makes it, not running yet.

        ``log`` gets the function's lines, ``tell`` the runtime's end and ``hear`` what the shell beside the
        extensions says, from a thread of its own.
        """
        self._memory_limit = spec.memory
        self._id = self._to_its_end(lambda: self._engine.create(spec))
        pieces = self._to_its_end(lambda: self._engine.attach(self._name))
        if mark is not None:
            self._input = self._engine.input(self._name)

        def word(word: Word) -> None:
            if isinstance(word, RuntimeStarted):
                self._runtime = word.process
            elif isinstance(word, Flushed):
                self._flushed.release()
            elif isinstance(word, RuntimeExited):
                self.runtime_runs = False
                self._out_of_memory = word.out_of_memory
                tell(Exited(status=word.status, out_of_memory=word.out_of_memory))
            else:
                if isinstance(word, Launching) and not word.names:
                    # The shell has become the runtime: nobody reads there any more.
                    self._input = None
                hear(word)

        def lines(line: str) -> None:
            for part in entries(line):
                log(part)

        out, err = Lines(log), Lines(log)
        if mark is not None:
            self._supervision = Supervision(mark, log=lines, hear=word)
            # The shell's words must be found before anything is cut at the `\r` of what an extension wrote.
            out = Lines(self._supervision.line, whole_entries=True)
            self._err_supervision = Supervision(mark, log=lines, hear=word)
            err = Lines(self._err_supervision.line, whole_entries=True)
        arguments = (pieces, out, err, tell)
        self._output = threading.Thread(target=self._read, args=arguments, daemon=True)
        self._output.start()

    def start(self) -> None:
        asked = time.monotonic()
        self._to_its_end(lambda: self._engine.start(self._name))
        self.started = time.monotonic()
        state = self._engine.state(self._name)
        if state is not None:
            # The engine says when the process began; one whose clock is another machine's is not believed.
            began = time.monotonic() - (time.time() - state.started_at)
            self.started = began if asked <= began <= self.started else self.started
        if state is not None and state.pid:
            self.pid = state.pid
            self.address = state.address
            self._memory = MemoryWatch(state.pid, container=self._id)

    @property
    def start_runtime(self) -> Callable[[], None] | None:
        """Has the shell start the runtime; None where it does so by itself."""
        own = self._input
        return None if own is None else lambda: own.write(b"start\n")

    def terminate_runtime(self) -> None:
        """Sends the runtime SIGTERM."""
        if self._input is None:
            self._engine.signal(self._name, "SIGTERM")
        elif self._runtime is not None:
            self._input.write(f"{self._runtime}\n".encode())

    def settle(self) -> None:
        """Waits, a little, until what the function has written so far is logged."""
        if self._input is not None and self._runtime is not None:
            while self._flushed.acquire(blocking=False):
                pass
            until = time.monotonic() + _SETTLE_SECONDS
            self._input.write(b"flush\n")
            # Once for each stream.
            for _ in range(2):
                self._flushed.acquire(timeout=max(0.0, until - time.monotonic()))
            return
        began = now = time.monotonic()
        while (quiet_at := max(began, self._heard) + _QUIET_SECONDS) > now and now < began + _SETTLE_SECONDS:
            time.sleep(quiet_at - now)
            now = time.monotonic()

    def max_memory_used(self) -> int | None:
        """MB since the start, None when it cannot be read."""
        if self._memory is None:
            return None
        used = self._memory.megabytes
        # One that was killed for it was at the limit, however little the processes left hold.
        return self._memory_limit if self._out_of_memory or (used or 0) > self._memory_limit else used

    def overfull_tmp(self, folder: TmpFolder) -> str | None:
        """What TmpFolder says, of a container that runs."""
        if not self.runtime_runs:
            return None
        return folder.overfull(self._name, charged=self._memory.charged if self._memory else None)

    def _to_its_end(self, request: Callable[[], T]) -> T:
        """A request to the engine that Ctrl-C does not cut short: what it makes must be there to be removed.

        It runs in a thread of its own, and ``end`` waits for it. An event tells its end: a join that is interrupted
        takes a running thread for a stopped one.
        """
        answers: list[T] = []
        errors: list[BaseException] = []

        def ask() -> None:
            try:
                answers.append(request())
            except BaseException as error:
                errors.append(error)
            finally:
                self._at_rest.set()

        self._at_rest.clear()
        threading.Thread(target=ask, name="samlocal-engine", daemon=True).start()
        if not self._at_rest.wait(self._engine.deadline + _ANSWER_SECONDS):
            raise EngineError(
                f"The Docker engine has not carried out a request for {self._name} within "
                f"{self._engine.deadline + _ANSWER_SECONDS:.0f} seconds.",
                tip="Is the Docker engine still running?",
            )
        if errors:
            raise errors[0]
        return answers[0]

    def end(self) -> None:
        """Kills it and reads what it wrote to the end; the engine goes on removing it by itself."""
        self._ended = True
        if self._memory is not None:
            self._memory.stop()
        self._at_rest.wait(_ANSWER_SECONDS)
        self._engine.remove(self._name, wait=False)
        if self._output is not None:
            self._output.join(_DRAIN_SECONDS)
        if self._input is not None:
            self._input.close()

    def _read(
        self,
        pieces: Iterator[tuple[bytes | None, bytes | None]],
        out: Lines,
        err: Lines,
        tell: Callable[[Message], None],
    ) -> None:
        try:
            for stdout, stderr in pieces:
                self._heard = time.monotonic()
                out.feed(stdout or b"")
                err.feed(stderr or b"")
            out.end()
            err.end()
            for supervision in (self._supervision, self._err_supervision):
                if supervision is not None:
                    supervision.end()
            # Nobody waits to hear of an end that samlocal itself brought about, and the engine, which is still at
            # the removal, would be slow to answer.
            self.runtime_runs = False
            if self._ended:
                return
            state = self._engine.state(self._name)
            if state is None:
                tell(Exited(status=_REMOVED, out_of_memory=False))
            else:
                self._out_of_memory = self._out_of_memory or state.out_of_memory
                tell(Exited(status=state.exit_status, out_of_memory=state.out_of_memory))
        except BaseException as error:
            tell(Broken(error=error))
