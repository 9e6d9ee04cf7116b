"""An AWS endpoint that stands in for AWS itself, and how it is reached."""

from __future__ import annotations

import ipaddress
import urllib.parse

from msgspec import Struct


class Endpoint(Struct, frozen=True, kw_only=True):
    """An AWS endpoint: its URL and where it listens."""

    url: str
    host: str
    port: int

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def at(self, host: str, port: int) -> str:
        """The same URL at another address."""
        parts = urllib.parse.urlsplit(self.url)
        return urllib.parse.urlunsplit(parts._replace(netloc=f"{host}:{port}"))


def endpoint(url: str) -> Endpoint:
    parts = urllib.parse.urlsplit(url)
    return Endpoint(url=url, host=parts.hostname or "", port=parts.port or (443 if parts.scheme == "https" else 80))
