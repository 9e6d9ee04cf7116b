"""What a request is answered with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from msgspec import Struct, field


class Answer(Struct, frozen=True, kw_only=True):
    """``stream`` comes in place of a body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    stream: AsyncIterator[bytes] | None = None
