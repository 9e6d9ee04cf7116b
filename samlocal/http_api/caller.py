"""Who asks, as far as an authorizer has found out."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Caller(Struct, frozen=True, kw_only=True):
    """Nothing is known of who asks a route without an authorizer.

    ``context`` is what a Lambda authorizer says (None where none was asked), ``claims`` are a token's, ``scopes`` its
    scopes that the route asks for (None where it asks for none). ``latency`` is what the authorizer took, in ms.
    """

    principal_id: str | None = None
    context: Mapping[str, object] | None = None
    claims: Mapping[str, object] | None = None
    scopes: tuple[str, ...] | None = None
    latency: int = 0
    api_key: str | None = None
    api_key_id: str | None = None


ANYBODY = Caller()
