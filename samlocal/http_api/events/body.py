"""The body of a request inside JSON: as text, or in base64.

Sources: ELB user guide, "Lambda functions as targets"; API Gateway developer guide, "Content type conversions"; what
HTTP APIs encode has been tried on AWS in ministackorg/ministack pull requests 766 and 767.
"""

from __future__ import annotations

import base64
import gzip
import io
import zlib
from collections.abc import Iterable
from typing import ClassVar

from msgspec import Struct

from samlocal.http_api.answers.refusal import TOO_LARGE, UNSUPPORTED, Refusal
from samlocal.http_api.exchange import HttpRequest
from samlocal.http_api.model import Api, ApiKind

REST_BYTES = 10 * 1024 * 1024
"""Of a REST API's body, decompressed too (API Gateway developer guide, "Quotas")."""

_TEXT_TYPES = frozenset({"application/json", "application/javascript", "application/xml"})


class Body(Struct, frozen=True, kw_only=True):
    """``text`` is None where there is no body."""

    text: str | None
    base64: bool


NO_BODY = Body(text=None, base64=False)


class BodyError(Exception):
    """The API answers by itself: with its ``refusal``."""

    refusal: ClassVar[Refusal]


class UnsupportedEncodingError(BodyError):
    """A REST API that compresses was sent what it cannot decompress."""

    refusal = UNSUPPORTED


class TooLargeError(BodyError):
    """A body is too large, as it is or decompressed, or the event that it makes."""

    refusal = TOO_LARGE


def event_body(api: Api, request: HttpRequest) -> Body:
    """Raises BodyError."""
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
    """A REST API's that compresses takes compressed ones. Raises BodyError."""
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
                with gzip.open(io.BytesIO(request.body)) as file:
                    return _bounded(file.read(REST_BYTES + 1))
            case "deflate":
                unpacking = zlib.decompressobj()
                data = _bounded(unpacking.decompress(request.body, REST_BYTES + 1))
                if unpacking.eof:
                    return data
    except (OSError, EOFError, zlib.error) as error:
        raise UnsupportedEncodingError(encoding) from error
    raise UnsupportedEncodingError(encoding)


def _bounded(data: bytes) -> bytes:
    """A few bytes may be many, decompressed."""
    if len(data) > REST_BYTES:
        raise TooLargeError
    return data


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
