"""The way out for the parts of a streamed response."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable


class Outlet:
    """Writes in a thread of its own: a reader that takes its time holds up neither the function nor its timeout.

    What has been taken and not written is at most a streamed response, 200 MB.
    """

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._parts: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None

    def put(self, data: bytes) -> None:
        """Raises what writing the parts before has raised."""
        if self._error is not None:
            raise self._error
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="samlocal-stream", daemon=True)
            self._thread.start()
        self._parts.put(data)

    @property
    def busy(self) -> bool:
        """Whether something is still to be written."""
        return not self._parts.empty()

    def close(self) -> None:
        """Waits until everything is written. Raises what that has raised."""
        if self._thread is not None:
            self._parts.put(None)
            # As long as the reader takes: it is the user's, who can end it and this.
            self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            while (data := self._parts.get()) is not None:
                self._write(data)
        except BaseException as error:
            self._error = error
