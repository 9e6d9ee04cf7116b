"""The relays of one run: one for each engine and network, whatever the number of sandboxes there."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING

from samlocal.engine import Engine
from samlocal.sandbox.network.relay_image import RelayImage

if TYPE_CHECKING:
    from samlocal.sandbox.network.relay_container import Owner, RelayContainer


class Relays:
    """Each begins with the first sandbox that needs it, and ends with its event loop, or before its engine does.

    A sandbox that takes the place of another, as after a save, finds it running.
    """

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._opened: dict[tuple[Engine, str], asyncio.Task[RelayContainer]] = {}

    async def relay(self, engine: Engine, image: RelayImage, *, network: str) -> RelayContainer:
        """The one that listens on a network, opened where there is none yet, or none any more. Raises EngineError."""
        opening = self._opened.get((engine, network))
        if opening is None or (opening.done() and not _runs(opening)):
            from samlocal.sandbox.network.relay_container import RelayContainer

            opening = asyncio.create_task(RelayContainer.open(engine, image, network=network, owner=self._owner))
            # Whoever waited may be gone when it fails.
            opening.add_done_callback(_runs)
            self._opened[engine, network] = opening
        # Others may wait for it too.
        return await asyncio.shield(opening)

    async def end(self, engines: Collection[Engine]) -> None:
        """Ends those of engines that nobody asks any more."""
        for engine, network in [each for each in self._opened if each[0] in engines]:
            opening = self._opened.pop((engine, network))
            await asyncio.wait({opening})
            if _runs(opening):
                await opening.result().end()


def _runs(opened: asyncio.Task[RelayContainer]) -> bool:
    return not opened.cancelled() and opened.exception() is None and opened.result().runs
