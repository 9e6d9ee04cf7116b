"""Payloads on their way through an integration that is no proxy: as they come, or as ``contentHandling`` has them.

Source: API Gateway developer guide, "Content type conversions in API Gateway", whose two tables are these.
"""

from __future__ import annotations

import base64
import binascii

from samlocal.http_api.answers.accepted import accepted_type
from samlocal.http_api.events.body import matches, media_type, plain_body
from samlocal.http_api.exchange import HttpRequest
from samlocal.http_api.model import Api
from samlocal.http_api.targets import ContentHandling


class NotBase64Error(Exception):
    """A text that is to be binary is no base64."""


def request_content(api: Api, request: HttpRequest, handling: ContentHandling | None) -> bytes:
    """What of a request's body goes on. Raises BodyError, NotBase64Error."""
    data = plain_body(api, request)
    binary = matches(media_type(request.header("content-type")), api.binary_media_types)
    if binary:
        return base64.b64encode(data) if handling is ContentHandling.TO_TEXT else data
    return _decoded(data) if handling is ContentHandling.TO_BINARY else data


def answer_content(
    api: Api, request: HttpRequest, data: bytes, content_type: str | None, handling: ContentHandling | None
) -> bytes:
    """What of an integration's answer, of that content type, goes on. Raises NotBase64Error."""
    accepts_binary = matches(accepted_type(request), api.binary_media_types)
    wanted = handling or (ContentHandling.TO_BINARY if accepts_binary else ContentHandling.TO_TEXT)
    if matches(media_type(content_type), api.binary_media_types):
        return base64.b64encode(data) if wanted is ContentHandling.TO_TEXT else data
    return _decoded(data) if wanted is ContentHandling.TO_BINARY else data


def _decoded(data: bytes) -> bytes:
    """What is none of base64's letters, such as a JSON text's quotes, is passed over."""
    try:
        return base64.b64decode(data)
    except binascii.Error as error:
        raise NotBase64Error(str(error)) from error
