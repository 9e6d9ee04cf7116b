"""Event stream frames, in which InvokeWithResponseStream answers.

Sources: Smithy, "Event streams" and ``application/vnd.amazon.eventstream``; botocore, ``eventstream.py``, which reads
them; Lambda API reference, InvokeWithResponseStream.
"""

from __future__ import annotations

import json
import struct
import zlib

CONTENT_TYPE = "application/vnd.amazon.eventstream"

_TEXT = 7
_PRELUDE = struct.Struct("!II")
_CRC = struct.Struct("!I")
_HEADER_VALUE = struct.Struct("!BH")


def payload_chunk(data: bytes) -> bytes:
    """A part of the response."""
    return _event("PayloadChunk", data, content_type="application/octet-stream")


def invoke_complete(*, error_code: str | None, error_details: str | None, log_result: str | None) -> bytes:
    """The end of the response, the last frame."""
    said = {"ErrorCode": error_code, "ErrorDetails": error_details, "LogResult": log_result}
    document = json.dumps({name: value for name, value in said.items() if value is not None})
    return _event("InvokeComplete", document.encode(), content_type="application/json")


def _event(kind: str, payload: bytes, *, content_type: str) -> bytes:
    headers = b"".join(
        _header(name, value)
        for name, value in ((":event-type", kind), (":content-type", content_type), (":message-type", "event"))
    )
    # Of the whole frame: prelude and its checksum, headers, payload, and the checksum of all.
    size = _PRELUDE.size + _CRC.size + len(headers) + len(payload) + _CRC.size
    prelude = _PRELUDE.pack(size, len(headers))
    checked = prelude + _CRC.pack(zlib.crc32(prelude)) + headers + payload
    return checked + _CRC.pack(zlib.crc32(checked))


def _header(name: str, value: str) -> bytes:
    text = value.encode()
    return bytes([len(name)]) + name.encode() + _HEADER_VALUE.pack(_TEXT, len(text)) + text
