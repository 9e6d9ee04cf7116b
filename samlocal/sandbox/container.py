"""The container of a sandbox, from its making to its end: its output, its memory, its runtime's end."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import wait
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from samlocal.engine import ContainerSpec, Engine, Input, hand_over
from samlocal.errors import EngineError
from samlocal.sandbox.lines import Lines, entries
from samlocal.sandbox.memory import MemoryWatch
from samlocal.sandbox.messages import Broken, Exited, Message
from samlocal.sandbox.shell import Shell
from samlocal.sandbox.supervision import RuntimeExited, Supervision, Word, start_lines
from samlocal.sandbox.tasks import Tasks
from samlocal.sandbox.tmp_folder import TmpFolder

if TYPE_CHECKING:
    from concurrent.futures import Future

    from samlocal.engine.streams import Output

T = TypeVar("T")

# How long the engine's answer to a request under way is waited for at the end.
_ANSWER_SECONDS = 30.0

# How long a container's output is waited for once the container has been killed.
_DRAIN_SECONDS = 5.0

# How long what the function has written is waited for, and for how long nothing may come where nobody says that it is
# all: a line takes the engine a millisecond or two.
_SETTLE_SECONDS = 1.0
_QUIET_SECONDS = 0.005

# How late an event loop may be woken that is not late, and how many times as late a line may then be.
_PUNCTUAL_SECONDS = 0.002
_LATE_LINES = 5

# How long the end of all processes is waited for: the kernel's work, and that of removing what is in /tmp.
_CLEARED_SECONDS = 5.0

# A container that is gone before the engine is asked was killed with its removal.
_REMOVED = 137


class Container:
    """One container, from its making to its end. ``started`` is ``time.monotonic``'s.

    ``tell`` hears how it ends, and of what breaks.
    """

    def __init__(self, engine: Engine, name: str, *, tell: Callable[[Message], None]) -> None:
        self.started = time.monotonic()
        self.pid = 0
        self.address: str | None = None
        self.runtime_runs = True
        self._engine = engine
        self.name = name
        self._tell = tell
        self._tasks = Tasks(lambda error: tell(Broken(error=error)))
        self._id = ""
        self._ended = False
        self._awaits_room = False
        self._let_go = False
        self._request: Future[Any] | None = None
        self._output: Output | None = None
        self._reading: asyncio.Task[None] | None = None
        self._memory: MemoryWatch | None = None
        self._memory_limit = 0
        self._out_of_memory = False
        self._spec: ContainerSpec | None = None
        self._inodes: tuple[tuple[int, int], ...] = ()
        self._shell: Shell | None = None
        self._supervisions: tuple[Supervision, ...] = ()
        self._heard = self.started

    async def create(
        self,
        spec: ContainerSpec,
        *,
        mark: str | None,
        log: Callable[[str], None],
        room: Callable[[], Awaitable[None]],
        hear: Callable[[Word], None],
    ) -> None:
        """Makes it, not running yet.

        ``log`` gets the function's lines, more of them when there is ``room``, and ``hear`` what the shell says of
        the extensions.
        """
        self._spec, self._inodes = spec, _inodes(spec)
        self._memory_limit = spec.memory
        self._id = await self._to_its_end(self._engine.create, spec)
        self._output = output = await self._to_its_end(self._engine.output, self.name, unclaimed=_close)
        if mark is not None:
            own = await self._to_its_end(self._engine.input, self.name, unclaimed=_close)
            self._shell = Shell(own)

        def word(word: Word) -> None:
            self._take(word)
            hear(word)

        def lines(line: str) -> None:
            for part in entries(line):
                log(part)

        out, err = Lines(log), Lines(log)
        if mark is not None:
            self._supervisions = (Supervision(mark, log=lines, hear=word), Supervision(mark, log=lines, hear=word))
            # The shell's words must be found before anything is cut at the `\r` of what an extension wrote.
            out, err = (Lines(supervision.line, whole_entries=True) for supervision in self._supervisions)
        self._reading = self._tasks.start(self._read(output, out, err, room))

    async def start(self) -> None:
        asked = time.monotonic()
        await self._to_its_end(self._engine.start, self.name)
        self.started = time.monotonic()
        state = await self._engine.ask(self._engine.state, self.name)
        if state is not None:
            # The engine says when the process began; one whose clock is another machine's is not believed.
            began = time.monotonic() - (time.time() - state.started_at)
            self.started = began if asked <= began <= self.started else self.started
        if state is not None and state.pid:
            self.pid = state.pid
            self.address = state.address
            self._memory = MemoryWatch(state.pid, container=self._id)
            self._tasks.start(self._memory.watch())

    @property
    def start_runtime(self) -> Callable[[], None] | None:
        """Has the shell start the runtime; None where it does so by itself."""
        return self._shell.start_runtime if self._shell is not None else None

    @property
    def is_there(self) -> bool:
        """Whether somebody is in it who could say something, as far as the engine has told."""
        return self._reading is not None and not self._reading.done()

    async def terminate_runtime(self) -> None:
        """Sends the runtime SIGTERM."""
        if self._shell is not None:
            self._shell.terminate_runtime()
        else:
            await self._engine.ask(self._engine.signal, self.name, "SIGTERM")

    async def settle(self) -> bool:
        """Waits, a little, until what the function has written so far is logged; whether it is known to be."""
        shell = self._shell
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SETTLE_SECONDS):
                if shell is not None:
                    await shell.flush()
                    return True
                await self._quiet()
        return False

    def start_lines(self, spec: ContainerSpec) -> str | None:
        """What ``start_again`` needs for processes as in another spec; None where that takes another container."""
        own = self._spec
        if own is None or replace(own, environment={}) != replace(spec, environment={}):
            return None
        # A folder that has been made anew is another one.
        if _inodes(spec) != self._inodes:
            return None
        return start_lines(own.environment, spec.environment)

    async def clear(self) -> bool:
        """Ends every process of a container whose shell stays, and empties its /tmp; whether that could be done.

        Where it could not the container is of no more use.
        """
        if self._shell is None or self._reading is None:
            return False
        clearing = asyncio.ensure_future(self._shell.clear())
        # It ends where it cannot be cleared.
        await asyncio.wait({clearing, self._reading}, timeout=_CLEARED_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        self.runtime_runs = False
        return clearing.done() or not clearing.cancel()

    def start_again(self, spec: ContainerSpec, lines: str, *, tell: Callable[[Message], None]) -> None:
        """Starts the processes of a container that was cleared, with the ``start_lines`` of a spec."""
        self._spec = spec
        self._tell = tell
        self._out_of_memory = False
        if self._memory is not None:
            self._memory.forget()
        self.started = time.monotonic()
        self.runtime_runs = True
        if self._shell is not None:
            self._shell.start_again(lines)

    async def _quiet(self) -> None:
        began = now = time.monotonic()
        quiet = _QUIET_SECONDS
        while (quiet_at := max(began, self._heard) + quiet) > now:
            await asyncio.sleep(quiet_at - now)
            now = time.monotonic()
            # A machine that wakes nobody in time is late with lines too.
            quiet = max(quiet, _QUIET_SECONDS + _LATE_LINES * (now - quiet_at - _PUNCTUAL_SECONDS))

    def max_memory_used(self) -> int | None:
        """MB since the start, None when it cannot be read."""
        if self._memory is None:
            return None
        used = self._memory.megabytes
        # One that was killed for it was at the limit, however little the processes left hold.
        return self._memory_limit if self._out_of_memory or (used or 0) > self._memory_limit else used

    async def overfull_tmp(self, folder: TmpFolder) -> str | None:
        """What TmpFolder says, of a container that runs."""
        if not self.runtime_runs:
            return None
        return await folder.overfull(self.name, charged=self._memory.charged if self._memory else None)

    async def end(self, *, whole: bool = False) -> None:
        """Kills it and reads what it wrote to the end; the engine goes on removing it by itself.

        Where the output is ``whole`` already, as ``settle`` says, its end is not waited for: the engine tells of it
        20 to 30 ms after the last process is gone.
        Whoever is cancelled while they wait for that leaves no container either.
        """
        self._ended = True
        if self._awaits_room and self._reading is not None:
            self._let_go = self._reading.cancel()
        if self._request is not None:
            # One that has not begun need not.
            self._request.cancel()
        removal = self._engine.begin(self._remove)
        try:
            await asyncio.shield(asyncio.wrap_future(removal))
            if self._reading is not None and not whole:
                await asyncio.wait({self._reading}, timeout=_DRAIN_SECONDS)
        finally:
            try:
                await self._tasks.end()
            finally:
                for stream in (self._output, self._shell):
                    if stream is not None:
                        stream.close()

    def _remove(self) -> None:
        if self._request is not None:
            # The engine's threads take requests in their order: none waits here for one behind it.
            wait((self._request,), timeout=_ANSWER_SECONDS)
        self._engine.remove(self.name, wait=False)

    async def _to_its_end(
        self, request: Callable[..., T], *arguments: object, unclaimed: Callable[[T], None] | None = None
    ) -> T:
        """A request to the engine that Ctrl-C does not cut short: what it makes must be there to be removed.

        ``end`` waits for it. ``unclaimed`` gets what comes of it when nobody here does any more.
        """
        asked = self._engine.begin(request, *arguments)
        self._request = asked
        patience = self._engine.deadline + _ANSWER_SECONDS
        claimed = False
        try:
            async with asyncio.timeout(patience):
                answer = await asyncio.shield(asyncio.wrap_future(asked))
                claimed = True
                return answer
        except TimeoutError:
            raise EngineError(
                f"The Docker engine has not carried out a request for {self.name} within {patience:.0f} seconds.",
                tip="Is the Docker engine still running?",
            ) from None
        finally:
            if not claimed and unclaimed is not None:
                hand_over(asked, unclaimed)

    def _take(self, word: Word) -> None:
        """What the shell says that concerns the container itself."""
        if self._shell is not None:
            self._shell.hear(word)
        if isinstance(word, RuntimeExited):
            self.runtime_runs = False
            self._out_of_memory = word.out_of_memory
            self._tell(Exited(status=word.status, out_of_memory=word.out_of_memory))

    async def _await(self, room: Callable[[], Awaitable[None]]) -> None:
        """Until there is room, or the container ends: what is left of its output then is not much."""
        self._awaits_room = True
        try:
            await room()
        except asyncio.CancelledError:
            reading = asyncio.current_task()
            if not self._let_go or reading is None:
                raise
            self._let_go = False
            reading.uncancel()
        finally:
            self._awaits_room = False

    async def _read(self, output: Output, out: Lines, err: Lines, room: Callable[[], Awaitable[None]]) -> None:
        try:
            async for is_error, piece in output.pieces():
                self._heard = time.monotonic()
                (err if is_error else out).feed(piece)
                if not self._ended:
                    await self._await(room)
        finally:
            # Also where the rest is not read: what stands behind the last end of line is a line too.
            out.end()
            err.end()
            for supervision in self._supervisions:
                supervision.end()
        # Nobody waits to hear of an end that samlocal itself brought about, and the engine, which is still at the
        # removal, would be slow to answer.
        self.runtime_runs = False
        if self._ended:
            return
        state = await self._engine.ask(self._engine.state, self.name)
        if state is None:
            self._tell(Exited(status=_REMOVED, out_of_memory=False))
        else:
            self._out_of_memory = self._out_of_memory or state.out_of_memory
            self._tell(Exited(status=state.exit_status, out_of_memory=state.out_of_memory))


def _close(stream: Output | Input) -> None:
    stream.close()


def _inodes(spec: ContainerSpec) -> tuple[tuple[int, int], ...]:
    """Which files and folders are mounted, whatever their names say later."""
    found = (mount.source.stat() for mount in spec.mounts)
    return tuple((status.st_dev, status.st_ino) for status in found)
