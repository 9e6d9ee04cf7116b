"""The shell that stays in a container (supervisor.sh): it is written to, and its words are what it answers."""

from __future__ import annotations

import asyncio

from samlocal.engine import Input
from samlocal.sandbox.supervision import Flushed, Launching, Renewed, RuntimeStarted, Word


class Shell:
    """Stands beside the runtime from the container's start to its end."""

    def __init__(self, own: Input) -> None:
        self._input = own
        self._launched = asyncio.Event()
        self._told_to_start = False
        self._runtime: int | None = None
        self._runtime_known = asyncio.Event()
        self._flushed = asyncio.Semaphore(0)
        self._flush = 0
        self._clearing = False
        self._renewed = asyncio.Semaphore(0)

    def hear(self, word: Word) -> None:
        """What it says of itself and of the runtime; other words change nothing."""
        match word:
            case RuntimeStarted(process=process):
                self._runtime = process
                self._runtime_known.set()
            case Flushed(number=number):
                # A word that comes late is not taken for the next one's.
                if number == self._flush:
                    self._flushed.release()
            case Renewed():
                self._launched.clear()
                self._told_to_start = False
                self._runtime = None
                self._runtime_known.clear()
                self._renewed.release()
            case Launching(names=names):
                self._launched.set()
                self._told_to_start = not names
            case _:
                pass

    def start_runtime(self) -> None:
        """All extensions have registered."""
        if not self._clearing:
            self._told_to_start = True
            self._input.write(b"start\n")

    def terminate_runtime(self) -> None:
        """Sends it SIGTERM."""
        if self._runtime is not None:
            self._input.write(f"{self._runtime}\n".encode())

    async def flush(self) -> None:
        """Waits until what has been written so far is read. Nobody answers before the runtime has been started."""
        await self._runtime_known.wait()
        self._flushed = asyncio.Semaphore(0)
        self._flush += 1
        self._input.write(f"flush {self._flush}\n".encode())
        # Once for each stream.
        await self._flushed.acquire()
        await self._flushed.acquire()

    async def clear(self) -> None:
        """Has it end every process beside it, and empty /tmp; waits until that is done."""
        await self._launched.wait()
        if self._told_to_start:
            # It ends the runtime by its number.
            await self._runtime_known.wait()
        self._clearing = True
        self._renewed = asyncio.Semaphore(0)
        self._input.write(f"renew {self._runtime or ''}\n".encode())
        await self._renewed.acquire()
        await self._renewed.acquire()

    def start_again(self, lines: str) -> None:
        """Has it start everybody, once it has cleared; ``lines`` are supervision's ``start_lines``."""
        self._clearing = False
        self._input.write(lines.encode(errors="surrogateescape"))

    def close(self) -> None:
        self._input.close()
