"""One request to an AWS service, as an API makes it under a role of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct, field

from samlocal.http_api.exchange import HttpAnswer


class ServiceCall(Struct, frozen=True, kw_only=True):
    """``service`` has botocore's name, ``target`` is the path with the query.

    ``action`` is the one that a service of JSON is told by a header, None for every other request. ``subdomain`` is
    what its host has in front.
    """

    service: str
    method: str
    target: str = "/"
    subdomain: str = ""
    action: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class AsksServices(Protocol):
    """Whoever can ask AWS."""

    def ask(self, call: ServiceCall, *, role: str, region: str) -> HttpAnswer:
        """In a thread. Raises SamlocalError where the role or the service refuses to be reached."""
