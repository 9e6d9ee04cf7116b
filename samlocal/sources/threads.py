"""Calls that wait for the network, beside the event loop.

The loop's own threads are few, and planning and building functions need them: a source that has nothing to give holds
one for as long as it waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")

_MOST = 64


class Threads:
    """Use it as a context manager, whose end waits for nobody."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(_MOST, thread_name_prefix="samlocal-sources")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def __call__(self, call: Callable[[], T], /) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, call)
