"""An answer's way out, where llhttp has read its request."""

from __future__ import annotations

import re
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

# RFC 9110, sections 5.1 and 5.5.
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NO_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")

_NO_BODY = (204, 304)


class ResponseCycle(RequestResponseCycle):
    """uvicorn's own, but for the head: names of headers go out as they were given, as they do on h11.

    What HTTP has no form for is a RuntimeError; the connection breaks off then.
    """

    async def send(self, message: Any) -> None:
        if self.response_started or message["type"] != "http.response.start":
            await super().send(message)
            return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if not self.disconnected:
            self.response_started = True
            self.transport.write(self._head(message["status"], message.get("headers", ())))

    def _head(self, status: int, headers: Any) -> bytes:
        fields = [(name, value, name.lower()) for name, value in (*self.default_headers, *headers)]
        lengths = [int(value) for _, value, name in fields if name == b"content-length"]
        codings = {value.lower() for _, value, name in fields if name == b"transfer-encoding"}
        if len(lengths) > 1 or not codings <= {b"chunked"}:
            raise RuntimeError(f"{lengths} and {codings} say no length")
        has_body = status not in _NO_BODY
        self.chunked_encoding = chunked = has_body and bool(codings or not lengths)
        self.expected_content_length = sum(lengths) if has_body and not chunked else 0
        lines = [STATUS_LINE[status]]
        closes = False
        for name, value, small in fields:
            if not _NAME.fullmatch(name) or _NO_VALUE.search(value):
                raise RuntimeError(f"{name!r}: {value!r} is no header")
            if small == b"transfer-encoding" or (chunked and small == b"content-length"):
                continue
            if small == b"connection":
                closes = b"close" in (token.strip() for token in value.lower().split(b","))
            lines.append(b"%b: %b\r\n" % (name, value))
        if chunked:
            lines.append(b"Transfer-Encoding: chunked\r\n")
        if not self.keep_alive and not closes:
            lines.append(b"Connection: close\r\n")
        self.keep_alive = self.keep_alive and not closes
        return b"%b\r\n" % b"".join(lines)
