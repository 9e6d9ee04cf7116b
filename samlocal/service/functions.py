"""The functions of a template, by whatever they are called."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from samlocal.function.application import Application


class Functions:
    """The one id of each function: the pool and the plans know it by that.

    ``read`` gives the application of now, and is called in a thread.
    """

    def __init__(self, read: Callable[[], Application]) -> None:
        self._read = read
        self._ids: dict[str, str] = {}
        self.changes = 0
        """How often the template may have become another."""

    async def id_of(self, name: str) -> str:
        """The function's way from the top template, such as ``Child/Fn``, by that, a logical id, or a deployed name.

        Raises FunctionNotFoundError, and what reading the template raises.
        """
        found = self._ids.get(name)
        if found is None:
            changes = self.changes
            found = await asyncio.to_thread(self._find, name)
            if changes == self.changes:
                self._ids[name] = found
        return found

    async def ids(self) -> tuple[str, ...]:
        """Those of all functions, in the template's order. Raises what reading the template raises."""
        return await asyncio.to_thread(self._all)

    def forget(self) -> None:
        """The template may be another now."""
        self.changes += 1
        self._ids.clear()

    def _find(self, name: str) -> str:
        owner, resource = self._read().find(name)
        return owner.path(resource)

    def _all(self) -> tuple[str, ...]:
        return tuple(owner.path(resource) for owner, resource in self._read().functions())
