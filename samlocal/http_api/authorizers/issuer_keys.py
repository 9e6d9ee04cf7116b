"""The public keys of tokens' issuers, fetched and kept.

Sources: OpenID Connect Discovery 1.0, section 4; API Gateway developer guide, "Control access to HTTP APIs with JWT
authorizers" (keys are kept for two hours) and "Signing keys and troubleshooting JWT authorizers" (a key that is not
known yet makes it fetch again).
"""

from __future__ import annotations

import asyncio
import http.client
import json
import urllib.request
from collections.abc import Awaitable, Callable
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet, import_key
from msgspec import Struct

from samlocal.http_api.authorizers.token_errors import IssuerError

KEPT = 2 * 60 * 60
"""Seconds."""

_AGAIN = 5.0
"""Seconds between two questions for a key that nobody knows: a token's ``kid`` is anybody's to write."""

_TIMEOUT = 5.0
_LARGEST = 1024 * 1024

Fetch = Callable[[str], Awaitable[bytes]]


class _Known(Struct, frozen=True, kw_only=True):
    keys: KeySet
    fetched: float


class IssuerKeys:
    """``elsewhere`` gives the address of the keys of an issuer that is not asked itself, such as a user pool of the
    local environment; None for all others. It is called in a thread, and may raise IssuerError."""

    def __init__(
        self, fetch: Fetch, clock: Callable[[], float], *, elsewhere: Callable[[str], str | None] = lambda _: None
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._elsewhere = elsewhere
        self._known: dict[str, _Known] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    async def keys(self, issuer: str, kid: str) -> KeySet:
        """Among which the key of this id is, if the issuer has it. Raises IssuerError."""
        async with self._asking.setdefault(issuer, asyncio.Lock()):
            known = self._known.get(issuer)
            if known is None or self._is_outdated(known, kid):
                known = _Known(keys=await self._asked(issuer), fetched=self._clock())
                self._known[issuer] = known
            return known.keys

    def _is_outdated(self, known: _Known, kid: str) -> bool:
        age = self._clock() - known.fetched
        return age > KEPT or (age > _AGAIN and all(key.kid != kid for key in known.keys.keys))

    async def _asked(self, issuer: str) -> KeySet:
        address = await asyncio.to_thread(self._elsewhere, issuer)
        if address is None:
            document = await self._json(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            address = document.get("jwks_uri")
            if not isinstance(address, str):
                raise IssuerError(f"{issuer}: its discovery document has no jwks_uri")
        listed = (await self._json(address)).get("keys")
        if not isinstance(listed, list):
            raise IssuerError(f"{address} has no list of keys")
        return KeySet([key for each in listed if (key := _signing_key(each)) is not None])

    async def _json(self, address: str) -> dict[str, Any]:
        try:
            value = json.loads(await self._fetch(address))
        except ValueError as error:
            raise IssuerError(f"{address} gives no JSON: {error}") from error
        if not isinstance(value, dict):
            raise IssuerError(f"{address} gives no object")
        return value


def _signing_key(described: object) -> Key | None:
    """None for what is no key for RSA signatures: an issuer may list others beside."""
    if not isinstance(described, dict) or described.get("kty") != "RSA" or described.get("use", "sig") != "sig":
        return None
    try:
        return import_key(described)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


async def fetched(address: str) -> bytes:
    """What an http or https address gives. Raises IssuerError."""
    if not address.startswith(("https://", "http://")):
        raise IssuerError(f"{address} is no http address")
    return await asyncio.to_thread(_get, address)


def _get(address: str) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=_TIMEOUT) as answer:  # noqa: S310 - only http, see above
            data: bytes = answer.read(_LARGEST)
            return data
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise IssuerError(f"{address} cannot be fetched: {error}") from error
