"""The beginning of a streamed response: status and headers as JSON, eight NULs, and then the body.

Sources: Lambda developer guide, "Writing response streaming-enabled Lambda functions"
(``awslambda.HttpResponseStream.from``); aws-lambda-nodejs-runtime-interface-client, ``HttpResponseStream.js``.
"""

from __future__ import annotations

from samlocal.http_api.answers.payload import MalformedError, parsed, response
from samlocal.http_api.model import Fields

CONTENT_TYPE = "application/vnd.awslambda.http-integration-response"
"""What a runtime calls a response that begins so."""

_END = b"\0" * 8
_LONGEST = 64 * 1024
_PLAIN = "application/octet-stream"


class Prelude:
    """Reads parts of a response until it knows its status and headers.

    A response that does not begin with a JSON object is body from its first byte on: 200, a stream of bytes.
    """

    def __init__(self) -> None:
        self.status = 200
        self.headers: Fields = (("Content-Type", _PLAIN),)
        self._read = bytearray()
        self._is_known = False

    @property
    def is_known(self) -> bool:
        """Whether status and headers are what they will be."""
        return self._is_known

    def feed(self, part: bytes) -> bytes:
        """What of the response's beginning is body. Raises MalformedError."""
        if self._is_known:
            return part
        self._read += part
        if not self._read:
            return b""
        if self._read[:1] != b"{":
            return self._all()
        end = self._read.find(_END)
        if end < 0:
            return self._all() if len(self._read) > _LONGEST else b""
        self._take(bytes(self._read[:end]))
        return bytes(self._read[end + len(_END) :])

    def end(self) -> bytes:
        """The response is over: what has been kept back is body."""
        return b"" if self._is_known else self._all()

    def _all(self) -> bytes:
        self._is_known = True
        return bytes(self._read)

    def _take(self, data: bytes) -> None:
        self._is_known = True
        value = parsed(data)
        if not isinstance(value, dict):
            raise MalformedError("the prelude of the stream is no object")
        said = response({**value, "body": None}, default_status=200)
        self.status = said.status
        typed: Fields = () if said.content_type else (("Content-Type", _PLAIN),)
        cookies = tuple(("Set-Cookie", cookie) for cookie in said.cookies)
        self.headers = (*typed, *said.headers, *cookies)
