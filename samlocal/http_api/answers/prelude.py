"""The beginning of a streamed response: status and headers as JSON, eight NULs, and then the body.

Sources: Lambda developer guide, "Writing response streaming-enabled Lambda functions"
(``awslambda.HttpResponseStream.from``); aws-lambda-nodejs-runtime-interface-client, ``HttpResponseStream.js``; API
Gateway developer guide, "Set up a Lambda proxy integration with payload response streaming".
"""

from __future__ import annotations

from samlocal.http_api.answers.payload import MalformedError, parsed, response
from samlocal.http_api.events.body import media_type
from samlocal.http_api.exchange import Fields
from samlocal.http_api.model import ApiKind

CONTENT_TYPE = "application/vnd.awslambda.http-integration-response"
"""What a runtime announces a response as that begins so."""

_END = b"\0" * 8
_LONGEST = 64 * 1024
_LONGEST_OF_REST = 16 * 1024
_PLAIN = "application/octet-stream"


class Prelude:
    """Reads parts of a response until it knows its status and headers.

    A URL reads one where the runtime has announced it by the ``content_type``. What is announced otherwise is body
    from its first byte on: 200, of that type; so is what does not begin with a JSON object. A REST API always reads
    one, and answers for a function that writes none.
    """

    def __init__(self, kind: ApiKind, content_type: str | None) -> None:
        self.status = 200
        self._read = bytearray()
        self._is_required = kind is ApiKind.REST
        self._longest = _LONGEST_OF_REST if self._is_required else _LONGEST
        self._is_known = not self._is_required and media_type(content_type) != CONTENT_TYPE
        announced = content_type if self._is_known and content_type else _PLAIN
        self.headers: Fields = (("Content-Type", announced),)

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
            return self._all() if len(self._read) > self._longest else b""
        self._take(bytes(self._read[:end]))
        return bytes(self._read[end + len(_END) :])

    def end(self) -> bytes:
        """The response is over: what has been kept back is body. Raises MalformedError."""
        return b"" if self._is_known else self._all()

    def _all(self) -> bytes:
        if self._is_required:
            raise MalformedError("the stream does not begin with an object of JSON and eight NULs")
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
