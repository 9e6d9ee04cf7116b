"""How full a function's /tmp is, where the engine's disk does not limit it."""

from __future__ import annotations

from samlocal.engine import Engine
from samlocal.function.spec import FunctionSpec

_MB = 1024 * 1024

# The kernel charges a container for every page that it writes to a file, until its memory is full and it gives pages
# back.
_NEARLY_FULL = 0.9


class TmpFolder:
    """The /tmp of one sandbox's containers."""

    def __init__(self, engine: Engine, function: FunctionSpec) -> None:
        self._engine = engine
        self._function = function
        self._said = False

    async def overfull(self, container: str, *, charged: int | None) -> str | None:
        """What to tell the user once /tmp holds more than Lambda would let it, None otherwise; said once.

        ``charged`` are the bytes that the container has been charged for so far, None where only the engine can say:
        looking into the container takes it 50 ms, and is left out where so little cannot have filled /tmp.
        """
        function = self._function
        if self._said:
            return None
        if charged is None:
            charged = await self._engine.ask(self._engine.memory_usage, container)
        if charged is not None and charged < min(function.storage * _MB, function.memory * _MB * _NEARLY_FULL):
            return None
        used = await self._used(container)
        if used is None or used <= function.storage:
            return None
        self._said = True
        return (
            f"{function.logical_id} holds {used:,} MB in /tmp. Lambda ends that at {function.storage:,} MB with "
            '"No space left on device", which this engine\'s disk cannot do; EphemeralStorage allows up to 10,240 MB.'
        )

    async def _used(self, container: str) -> int | None:
        """MB in /tmp, None where the image has nothing to measure it with or the container has ended."""
        told = await self._engine.ask(self._engine.run_in, container, ("du", "-sk", "/tmp"))  # noqa: S108 - in the container
        first = (told or "").split("\t", 1)[0].strip()
        return -(-int(first) // 1024) if first.isdigit() else None
