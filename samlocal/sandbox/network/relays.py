"""The relays of one run: one for each engine and network, whatever the number of sandboxes there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from samlocal.engine import Engine
from samlocal.sandbox.network.relay_image import RelayImage

if TYPE_CHECKING:
    from samlocal.sandbox.network.relay_container import Owner, RelayContainer


class Relays:
    """Each begins with the first sandbox that needs it, and ends with its event loop.

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


def _runs(opened: asyncio.Task[RelayContainer]) -> bool:
    return not opened.cancelled() and opened.exception() is None and opened.result().runs
