"""Whether a token is what it says: signed by its issuer, for this audience, now.

Source: API Gateway developer guide, "Control access to HTTP APIs with JWT authorizers", which says what is checked,
and that only RSA-based algorithms are taken.
"""

from __future__ import annotations

import json
import sys
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Collection, Mapping
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

from samlocal.http_api.authorizers.issuer_keys import Fetch, IssuerKeys, fetched
from samlocal.http_api.authorizers.token_errors import ExpiredError, TokenError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")


class _Headers(JWSRegistry):
    """As long as an API takes headers (API Gateway developer guide, "Quotas"): some hold the key's certificates."""

    max_header_length = 10_240


class Tokens:
    """Verifies tokens by the keys that their issuers publish.

    ``elsewhere`` gives the address of the keys of an issuer that is not asked itself, such as a user pool of the
    local environment; None for all others. ``clock`` in seconds since 1970.
    """

    def __init__(
        self,
        *,
        fetch: Fetch = fetched,
        clock: Callable[[], float] = time.time,
        elsewhere: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self._clock = clock
        self._keys = IssuerKeys(fetch, clock, elsewhere=elsewhere)

    async def claims(self, token: str, issuers: Collection[str]) -> Mapping[str, Any]:
        """Of a token of one of these issuers. Raises TokenError, IssuerError."""
        return await _verified(token, issuers, self._keys, now=self._clock())


async def _verified(token: str, issuers: Collection[str], keys: IssuerKeys, *, now: float) -> Mapping[str, Any]:
    header, claims = _unverified(token)
    algorithm, kid, issuer = header.get("alg"), header.get("kid"), claims.get("iss")
    if algorithm not in ALGORITHMS:
        raise TokenError(f"the token is signed by {algorithm!r}, which is none of {', '.join(ALGORITHMS)}")
    if not isinstance(kid, str):
        raise TokenError("the token does not name its key: it has no kid")
    if not isinstance(issuer, str) or issuer not in issuers:
        raise TokenError(f"the token does not have a valid issuer: {issuer!r} is not {' or '.join(sorted(issuers))}")
    # What of a header is not understood is to be ignored (RFC 7515, 4), but for what it calls critical.
    headers = _Headers(algorithms=ALGORITHMS, strict_check_header=False)
    try:
        checked = jwt.decode(token, await keys.keys(issuer, kid), algorithms=list(ALGORITHMS), registry=headers)
    except (JoseError, ValueError) as error:
        raise TokenError(f"the token does not have a valid signature: {error}") from error
    _check_times(checked.claims, now)
    return checked.claims


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    expires = _seconds(claims, "exp")
    if expires is None:
        raise TokenError("the token does not say when it expires: it has no exp")
    if expires <= now:
        raise ExpiredError(f"the token has expired {_ago(now - expires)} ago")
    for name in ("nbf", "iat"):
        begins = _seconds(claims, name)
        if begins is not None and begins > now:
            raise TokenError(f"the token is not valid yet: its {name} is {_ago(begins - now)} ahead")


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    # Python reads NaN and Infinity, which are no JSON, and integers that no float holds.
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
        raise TokenError(f"the token has a wrong {name}: {value!r}")
    return float(value)


def _ago(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours} h {rest // 60} min" if hours else f"{rest} s"


def _unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    parts = token.split(".")
    if len(parts) != 3:
        raise TokenError("the token is no JWT: it has not three parts")
    return _part(parts[0]), _part(parts[1])


def _part(text: str) -> dict[str, Any]:
    try:
        value = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError) as error:
        raise TokenError("the token is no JWT: a part of it is no JSON in base64") from error
    if not isinstance(value, dict):
        raise TokenError("the token is no JWT: a part of it is no object")
    return value
