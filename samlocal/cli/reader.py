"""Whether anybody still reads what a command that stays says."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any


@contextmanager
def noticing_its_end(stream: IO[Any], gone: Callable[[], object]) -> Iterator[None]:
    """Calls ``gone``, until the block ends, where ``stream`` is a pipe that nobody reads any more; on an event loop.

    A pipe's end becomes readable by that though it is only written to (poll(2): POLLERR), by which asyncio's own
    pipes know it. A file and a terminal have no such end.
    """
    pipe = _own_end(stream)
    if pipe is None:
        yield
        return
    loop = asyncio.get_running_loop()

    def told() -> None:
        loop.remove_reader(pipe)
        gone()

    try:
        loop.add_reader(pipe, told)
        yield
    finally:
        loop.remove_reader(pipe)
        os.close(pipe)


def _own_end(stream: IO[Any]) -> int | None:
    """Under a number of its own: one that is closed meanwhile would be another file's."""
    with contextlib.suppress(OSError, ValueError):
        file = stream.fileno()
        # Whoever has opened it to read, too, gets data there, and is a reader himself.
        if stat.S_ISFIFO(os.fstat(file).st_mode) and fcntl.fcntl(file, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY:
            return os.dup(file)
    return None
