"""A sandbox that stays: whose event it runs, and how it stands, for whoever asks what is kept."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Self

from samlocal.errors import EngineError
from samlocal.kept import messages
from samlocal.kept.listener import LISTENER, Listener, Speaking
from samlocal.sandbox.invocation import Invocation, Request
from samlocal.sandbox.layout import SandboxSpec
from samlocal.sandbox.result import Result
from samlocal.sandbox.sandbox import Sandbox
from samlocal.sandbox.state import Standing


class KeptSandbox:
    """What a pool holds in a sandbox's place. ``make`` gives the sandbox, whose log is the one given to it.

    It is in ``there`` as long as it lives.
    """

    def __init__(self, function: str, make: Callable[[Speaking], Sandbox], *, there: list[KeptSandbox]) -> None:
        self.function = function
        self.since = time.time()
        self.idle_since: float | None = None
        self._has_started = False
        self._has_run = False
        self.ended = asyncio.Event()
        self.listener: Listener | None = None
        self._settled = asyncio.Event()
        self._there = there
        self._log = Speaking()
        self._sandbox = make(self._log)

    async def __aenter__(self) -> Self:
        if (listener := LISTENER.get(None)) is not None:
            self._turn_to(listener)
        self._there.append(self)
        try:
            await self._sandbox.__aenter__()
        except BaseException:
            self._gone()
            raise
        self._has_started = True
        self.idle_since = time.time()
        return self

    async def __aexit__(self, *raised: object) -> None:
        try:
            await self._sandbox.__aexit__(*raised)
        finally:
            self._gone()

    @property
    def container(self) -> str | None:
        return self._sandbox.container

    @property
    def state(self) -> str:
        if not self._has_started:
            return "starting"
        return "busy" if self.idle_since is None else "idle"

    async def invoke(
        self,
        request: Request,
        *,
        chunk: Callable[[bytes], None],
        answered: Callable[[Result], None] | None = None,
        streams: Callable[[str], None] | None = None,
    ) -> Invocation:
        """Runs one event, and ends its log before it is answered."""
        listener = LISTENER.get()
        self.idle_since = None
        self._has_run = False
        self._settled.clear()
        self._turn_to(listener)
        listener.say(messages.Began())
        # Whatever becomes of this process, whoever waits knows that it has begun.
        await listener.heard()
        invocation = await self._sandbox.invoke(request, chunk=chunk, answered=answered, streams=streams)
        if self._sandbox.ends_at_once:
            # Else it has ended its log, and nobody waits for extensions that have yet to finish.
            await self.settle()
        self.idle_since = time.time()
        self._has_run = True
        return invocation

    def is_of(self, listener: Listener) -> bool:
        """Whether it has started for them, or runs their event."""
        return self.listener is listener and (self.idle_since is None or not self._has_run)

    async def cleared(self) -> None:
        """Waits until one that is spent has been shut down."""
        if self._sandbox.standing() is not Standing.READY:
            waits = [asyncio.ensure_future(each.wait()) for each in (self._settled, self.ended)]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for each in waits:
                    each.cancel()

    async def settle(self) -> None:
        # It has been answered: an engine that goes away now shows with the next event.
        with contextlib.suppress(EngineError):
            await self._sandbox.settle()
        self._settled.set()

    async def reload(self, spec: SandboxSpec) -> bool:
        return await self._sandbox.reload(spec)

    def standing(self) -> Standing:
        return self._sandbox.standing()

    def _turn_to(self, listener: Listener) -> None:
        self.listener = listener
        self._log.turn_to(listener)

    def _gone(self) -> None:
        self._there.remove(self)
        self.ended.set()
