"""Requests that are plain (samlocal/plain_request.py), which are nearly all that runtimes send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import httptools

from samlocal.plain_request import head_and_body
from samlocal.sandbox.apis.http import (
    PIECE,
    UNWANTED_BYTES,
    Disconnected,
    Head,
    Malformed,
    Response,
    by_name,
    path_of,
)
from samlocal.sandbox.apis.incoming import Incoming


class Other:
    """A request that is not plain, or nothing at all; ``begun`` is what has come of it."""

    def __init__(self, begun: bytes) -> None:
        self.begun = begun


class PlainRequests:
    """Of one connection, up to the first that is not plain; read by llhttp."""

    trailers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, reader: Incoming) -> None:
        self._reader = reader
        self._parsed = _Parsed()
        self._received = b""
        self._left = 0
        self._stays = True

    async def next_head(self) -> Head | Other | None:
        """The next request's, None when the client is done. Raises Malformed."""
        if not self._stays or not await self._rest_is_read():
            return None
        received = self._received or await self._reader.read(PIECE)
        if not received:
            return None
        found = head_and_body(received)
        if found is None:
            return Other(received)
        end, self._left = found
        self._received = received[end:]
        parsed = self._parsed
        parsed.begin()
        parsed.feed(received[:end])
        self._stays = parsed.stays
        return Head(method=parsed.method, path=path_of(parsed.target), headers=by_name(parsed.headers))

    async def part(self) -> bytes:
        """The next part of the body, none at its end. Raises Disconnected."""
        if not self._left:
            return b""
        if self._received:
            part, self._received = self._received[: self._left], self._received[self._left :]
        else:
            part = await self._reader.read(min(self._left, PIECE))
        if not part:
            raise Disconnected("hung up within a request")
        self._left -= len(part)
        self._parsed.feed(part)
        return part

    def answer(self, response: Response) -> bytes:
        """An answer as it goes out."""
        lines = [b"%b: %b\r\n" % each for each in response.fields()]
        if not self._stays:
            lines.append(b"Connection: close\r\n")
        body = response.body if self._parsed.method != "HEAD" else b""
        return b"HTTP/1.1 %d \r\n%b\r\n%b" % (response.status, b"".join(lines), body)

    def refusal(self, response: Response) -> bytes:
        """The last answer, to what is no request."""
        self._stays = False
        return self.answer(response)

    async def _rest_is_read(self) -> bool:
        """Reads what is left of a body that was not wanted; whether that came to an end."""
        unwanted = 0
        while self._left and unwanted <= UNWANTED_BYTES:
            unwanted += len(await self.part())
        return not self._left


class _Parsed:
    """What llhttp says of a request's head."""

    def __init__(self) -> None:
        self.method = ""
        self.target = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.stays = True
        self._parser = httptools.HttpRequestParser(self)

    def begin(self) -> None:
        self.method = ""
        self.target = b""
        self.headers = []

    def feed(self, data: bytes) -> None:
        """Raises Malformed."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise Malformed(400, str(error)) from error

    def on_url(self, part: bytes) -> None:
        self.target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        # llhttp leaves the blanks behind it.
        self.headers.append((name, value.strip(b" \t")))

    def on_headers_complete(self) -> None:
        # A request without a body is over, and forgotten, before the parser returns.
        self.method = self._parser.get_method().decode()
        self.stays = self._parser.should_keep_alive()
