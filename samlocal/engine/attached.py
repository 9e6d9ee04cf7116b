"""The SDK's connections to a container's standard streams."""

from __future__ import annotations

from contextlib import suppress
from typing import Any


class Input:
    """The standard input of a container, to write to."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, data: bytes) -> None:
        """What cannot be written any more is no error: the container's end shows elsewhere."""
        # The SDK gives the socket itself, or a reader around it.
        with suppress(OSError):
            getattr(self._stream, "_sock", self._stream).sendall(data)

    def close(self) -> None:
        close_stream(self._stream)


def close_stream(stream: Any) -> None:
    """The SDK's reader has the connection's response and its socket, and closes neither."""
    for part in (getattr(stream, "_response", None), getattr(stream, "_sock", None), stream):
        if part is not None:
            with suppress(OSError, ValueError):
                part.close()
