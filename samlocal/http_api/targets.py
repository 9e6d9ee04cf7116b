"""What an integration that is no proxy leads to, and what it makes of payloads.

Sources: API Gateway developer guide, "Choose an API Gateway API integration type", "Content type conversions".
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct


class ContentHandling(StrEnum):
    """What a payload is converted to. Without it a request's stays as it is, and an answer's is what the client
    accepts."""

    TO_BINARY = "CONVERT_TO_BINARY"
    TO_TEXT = "CONVERT_TO_TEXT"


class Mock(Struct, frozen=True, tag=True):
    """Nothing: the request template names the status."""


class FunctionTarget(Struct, frozen=True, kw_only=True, tag=True):
    """A function, by its way from the top template."""

    function: str


class HttpTarget(Struct, frozen=True, kw_only=True, tag=True):
    """Another HTTP server. ``uri`` has parameters in braces; ``method`` is ANY to keep the client's."""

    uri: str
    method: str


class ServiceTarget(Struct, frozen=True, kw_only=True, tag=True):
    """An AWS service, as ``arn:aws:apigateway:region:service:path/…`` or ``…:action/…`` names it.

    ``service`` has AWS's name of it in host names, ``subdomain`` is what that has in front of it. ``action`` is None
    for a path, whose parameters stand in braces. ``method`` is ANY to keep the client's. The ``role`` is its ARN.
    """

    service: str
    subdomain: str
    region: str
    action: str | None
    path: str
    method: str
    role: str


Target: TypeAlias = Mock | FunctionTarget | HttpTarget | ServiceTarget
