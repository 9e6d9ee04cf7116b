"""The body of a request inside JSON: as text, or in base64.

Sources: ELB user guide, "Lambda functions as targets"; API Gateway developer guide, "Content type conversions"; what
HTTP APIs encode has been tried on AWS in ministackorg/ministack pull requests 766 and 767.
"""

from __future__ import annotations

import base64
import gzip
import zlib
from collections.abc import Iterable

from msgspec import Struct

from samlocal.http_api.exchange import HttpRequest
from samlocal.http_api.model import Api, ApiKind

_TEXT_TYPES = frozenset({"application/json", "application/javascript", "application/xml"})


class Body(Struct, frozen=True, kw_only=True):
    """``text`` is None where there is no body."""

    text: str | None
    base64: bool


NO_BODY = Body(text=None, base64=False)


class UnsupportedEncodingError(Exception):
    """A REST API that compresses was sent what it cannot decompress; it answers 415."""


def event_body(api: Api, request: HttpRequest) -> Body:
    """Raises UnsupportedEncodingError."""
    if api.kind is ApiKind.REST:
        return _rest_body(api, request)
    if not request.body:
        return NO_BODY
    text = _text(request) if _is_text(request) else None
    return Body(text=_base64(request.body), base64=True) if text is None else Body(text=text, base64=False)


def media_type(value: str | None) -> str:
    """``application/json`` of ``application/json; charset=utf-8``, in lower case."""
    return "" if value is None else value.partition(";")[0].strip().lower()


def matches(media: str, patterns: Iterable[str]) -> bool:
    """Whether a media type is one of those that a REST API treats as binary; ``*/*`` takes the absent one too."""
    for pattern in patterns:
        wanted = pattern.strip().lower()
        if wanted in {"*/*", media} or (wanted.endswith("/*") and media.startswith(wanted[:-1])):
            return True
    return False


def plain_body(api: Api, request: HttpRequest) -> bytes:
    """A REST API's that compresses takes compressed ones. Raises UnsupportedEncodingError."""
    return request.body if api.minimum_compression_size is None else _decompressed(request)


def _rest_body(api: Api, request: HttpRequest) -> Body:
    data = plain_body(api, request)
    if not data:
        return NO_BODY
    if matches(media_type(request.header("content-type")), api.binary_media_types):
        return Body(text=_base64(data), base64=True)
    # What is no UTF-8 is lost, as on AWS: only binaryMediaTypes saves it.
    return Body(text=data.decode(errors="replace"), base64=False)


def _decompressed(request: HttpRequest) -> bytes:
    """API Gateway developer guide, "Invoke an API method with a compressed payload": gzip, deflate and identity."""
    encoding = (request.header("content-encoding") or "identity").strip().lower()
    try:
        match encoding:
            case "identity":
                return request.body
            case "gzip":
                return gzip.decompress(request.body)
            case "deflate":
                return zlib.decompress(request.body)
    except (OSError, EOFError, zlib.error) as error:
        raise UnsupportedEncodingError(encoding) from error
    raise UnsupportedEncodingError(encoding)


def _is_text(request: HttpRequest) -> bool:
    media = media_type(request.header("content-type"))
    encoding = request.header("content-encoding")
    return (media.startswith("text/") or media in _TEXT_TYPES) and encoding is None


def _text(request: HttpRequest) -> str | None:
    """None where it calls itself text and is no UTF-8: base64 keeps what it is."""
    try:
        return request.body.decode()
    except UnicodeDecodeError:
        return None


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
