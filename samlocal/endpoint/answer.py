"""What a request is answered with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping

from msgspec import Struct, field


class Answer(Struct, frozen=True, kw_only=True):
    """``stream`` comes in place of a body; ``left`` is called when nobody reads it any more, or never has."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    stream: AsyncIterator[bytes] | None = None
    left: Callable[[], None] = lambda: None
