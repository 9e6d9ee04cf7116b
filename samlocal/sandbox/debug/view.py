"""How a sandbox shows that it waits for a debugger and that one has been attached to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from samlocal.sandbox.debug.wiring import LOOPBACK, Debugging


class DebuggerView:
    """Reads the debugger's own lines out of a sandbox's log and tells the user what they mean.

    ``log`` gets the other lines, ``notice`` the sentences.
    """

    def __init__(self, debugging: Debugging, *, log: Callable[[str], None], notice: Callable[[str], None]) -> None:
        self._debugging = debugging
        self._log = log
        self._notice = notice
        self._listens = False
        self._is_attached = False

    def line(self, line: str) -> None:
        """A line of the log. After the first attachment all belong to the function."""
        debugging = self._debugging
        if not self._listens and debugging.listening.search(line):
            self._listens = True
            self._notice(_listening_text(debugging))
        elif self._is_attached:
            self._log(line)
        elif debugging.attached is not None and debugging.attached.search(line):
            self.attached()
        elif debugging.noise is None or not debugging.noise.search(line):
            self._log(line)

    def restart(self) -> None:
        """The processes that there were have ended, and their debugger with them."""
        self._listens = False
        self._is_attached = False

    async def ready(self) -> None:
        """The runtime asks for an event."""
        if self._debugging.wait and self._debugging.attached is None:
            self.attached()
        if self._is_attached:
            await asyncio.sleep(self._debugging.settling)

    def attached(self) -> None:
        if not self._is_attached:
            self._is_attached = True
            self._notice("the debugger is attached.")


def _listening_text(debugging: Debugging) -> str:
    does = "waiting for the debugger" if debugging.wait else "a debugger can attach"
    return (
        f"{does} at {LOOPBACK}:{debugging.entrance} ({debugging.clients}). Timeouts are off. "
        "`samlocal debug-config` sets an IDE up for it."
    )
