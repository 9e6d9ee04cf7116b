"""HTTP's own words, as the APIs have them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from msgspec import Struct, field

PIECE = 64 * 1024
"""Bytes that are read at once."""

UNWANTED_BYTES = 16 * 1024 * 1024
"""What is still read of a body that nobody wants: hanging up early breaks a client, and tells it nothing."""

_NOT_IN_A_HEADER = re.compile(rb"[\x00-\x1f\x7f]+")


class Disconnected(ConnectionError):  # noqa: N818 - what a client does, not what fails
    """The client hung up before its request was whole, or its answer ready."""


class Malformed(Disconnected):
    """What the client sends is no HTTP; ``status`` is what it is told before samlocal hangs up."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Head(Struct, frozen=True, kw_only=True):
    """A request without its body. ``path`` has no query; names of ``headers`` are in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]


class Response(Struct, frozen=True, kw_only=True):
    """An answer. A header's value may be any text; what HTTP has no place for is left out of it."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def fields(self) -> list[tuple[bytes, bytes]]:
        """The headers as they are sent."""
        return [
            *((name.encode("ascii"), _value(value)) for name, value in self.headers.items()),
            (b"Content-Length", b"%d" % len(self.body)),
        ]


def by_name(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Of a header that comes twice the first one counts."""
    found: dict[str, str] = {}
    for name, value in headers:
        found.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    return found


def path_of(target: bytes) -> str:
    """A target may be a whole URL (RFC 9112, section 3.2)."""
    asked = target.decode("latin-1").partition("?")[0]
    return "/" + asked.partition("://")[2].partition("/")[2] if "://" in asked else asked


def _value(text: str) -> bytes:
    value = text.encode()
    return _NOT_IN_A_HEADER.sub(b" ", value).strip() if _NOT_IN_A_HEADER.search(value) else value.strip()
