"""The plan by which a function's events run now: asked for once, and again when it no longer holds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from samlocal.pool.clock import Clock
from samlocal.pool.plan import Plan

# Credentials that cannot be renewed are not asked for with each event.
_ASK_AGAIN_SECONDS = 10.0


class PlannedFunction:
    """One function's plan. ``told`` is called when there is a new one, or with why there is none."""

    def __init__(
        self,
        function_id: str,
        ask: Callable[[str], Awaitable[Plan]],
        *,
        clock: Clock,
        told: Callable[[PlannedFunction, Exception | None], None],
    ) -> None:
        self.function_id = function_id
        self.plan: Plan | None = None
        self._ask = ask
        self._clock = clock
        self._told = told
        self._asking: asyncio.Task[None] | None = None
        self._asked_at = 0.0
        # Of what the function is made from, as far as anybody has said.
        self._version = 0
        self._planned_version = 0
        # What the code of the plan has turned out to be.
        self._code: str | None = None

    def current(self) -> Plan | None:
        """None where there is no plan that holds: then one is being made."""
        if self.plan is not None and self._holds(self.plan):
            return self.plan
        if self._asking is None:
            self._asking = asyncio.create_task(self._replan())
        return None

    def change(self) -> None:
        """What it is made from is another: the plan is made anew when it is next needed."""
        self._version += 1

    def give(self, plan: Plan) -> None:
        """What it is made from is another, and this is the plan of it."""
        self._version += 1
        self._take(plan, self._version)

    def confirm(self, plan: Plan, code: str | None) -> None:
        """The key of a given plan's code, where that was not known yet."""
        if self.plan is plan:
            self._code = code

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait({self._asking})

    def _holds(self, plan: Plan) -> bool:
        if self._planned_version != self._version:
            return False
        return not plan.outlived(epoch=self._clock.epoch()) or (
            self._clock.now() - self._asked_at < _ASK_AGAIN_SECONDS
        )

    async def _replan(self) -> None:
        version = self._version
        try:
            answer = await self._answer()
        finally:
            self._asking = None
        if version < self._planned_version:
            # A newer one has been given meanwhile.
            self._told(self, None)
            return
        if isinstance(answer, Exception):
            # What it failed for may have been mended meanwhile.
            self._told(self, answer if version == self._version else None)
            return
        self._take(answer, version)

    def _take(self, plan: Plan, version: int) -> None:
        self._asked_at = self._clock.now()
        self._planned_version = version
        # Sandboxes of the plan before serve on where it says the same.
        known = self.plan if self.plan is None or self._code is None else replace(self.plan, code=self._code)
        if known is None or not known.same(plan):
            self.plan, self._code = plan, None
        self._told(self, None)

    async def _answer(self) -> Plan | Exception:
        try:
            return await self._ask(self.function_id)
        except Exception as error:
            return error
