"""Authorizers that believe a token: an HTTP API's JWT, a REST API's Cognito user pools.

Sources: API Gateway developer guide, "Control access to HTTP APIs with JWT authorizers" and "Control access to REST
APIs using Amazon Cognito user pools"; RFC 6750, section 3, and "Troubleshooting issues with HTTP API JWT authorizers"
for what a client is told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Protocol

from samlocal.http_api.authorizers.claims import bare, check_audience, check_cognito, shared_scopes
from samlocal.http_api.authorizers.decision import Allowed, Decision, broken, forbidden, unauthorized
from samlocal.http_api.authorizers.identity_sources import identity_value
from samlocal.http_api.authorizers.token_errors import ExpiredError, IssuerError, TokenError
from samlocal.http_api.authorizers.user_pools import user_pool_issuer
from samlocal.http_api.caller import Caller
from samlocal.http_api.exchange import Fields, HttpRequest, Matched
from samlocal.http_api.model import Api, CognitoAuthorizer, JwtAuthorizer
from samlocal.http_api.regular_expression import PatternError
from samlocal.http_api.time_limit import TimeLimitError, aside


class Verifies(Protocol):
    """What tokens are asked of (``authorizers/tokens.py``, whose imports are heavy)."""

    async def claims(self, token: str, issuers: Collection[str]) -> Mapping[str, object]:
        """Raises TokenError, IssuerError."""


class TokenAuthorizers:
    """``tokens`` is called for the first token."""

    def __init__(self, api: Api, tokens: Callable[[], Verifies]) -> None:
        self._api = api
        self._make_tokens = tokens
        self._tokens: Verifies | None = None

    async def jwt(self, authorizer: JwtAuthorizer, matched: Matched, request: HttpRequest) -> Decision:
        name, wanted = authorizer.name, matched.route.scopes
        token = identity_value(authorizer.identity_source, self._api, matched, request)
        if not token:
            said = f"{name}: the request has no {authorizer.identity_source}"
            return unauthorized(said, headers=(("www-authenticate", "Bearer"),))
        try:
            claims = await self._verifier().claims(bare(token), {authorizer.issuer})
            check_audience(claims, authorizer.audiences)
        except TokenError as error:
            described = str(error).partition(":")[0]
            return unauthorized(f"{name}: {error}", headers=_challenge(wanted, "invalid_token", described))
        except IssuerError as error:
            described = "OIDC discovery endpoint communication error"
            return unauthorized(f"{name}: {error}", headers=_challenge(wanted, "invalid_token", described))
        shared = shared_scopes(claims, wanted)
        if wanted and not shared:
            said = f"{name}: the token has none of the scopes {', '.join(wanted)}"
            return forbidden(said, headers=_challenge(wanted, "insufficient_scope"))
        return Allowed(caller=Caller(claims=claims, scopes=shared if wanted else None))

    async def cognito(self, authorizer: CognitoAuthorizer, matched: Matched, request: HttpRequest) -> Decision:
        name, wanted = authorizer.name, matched.route.scopes
        token = identity_value(authorizer.identity_source, self._api, matched, request)
        if not token:
            return unauthorized(f"{name}: the request has no {authorizer.identity_source}")
        try:
            issuers = {user_pool_issuer(pool) for pool in authorizer.user_pools}
            claims = await self._verifier().claims(bare(token), issuers)
            await aside(partial(check_cognito, claims, has_scopes=bool(wanted), validation=authorizer.validation))
        except ExpiredError as error:
            return unauthorized(f"{name}: {error}", message="The incoming token has expired")
        except TokenError as error:
            return unauthorized(f"{name}: {error}")
        except (IssuerError, ValueError, PatternError, TimeLimitError) as error:
            return broken(f"{name}: {error}")
        shared = shared_scopes(claims, wanted)
        if wanted and not shared:
            return forbidden(f"{name}: the token has none of the scopes {', '.join(wanted)}")
        return Allowed(caller=Caller(claims=claims, scopes=shared if wanted else None))

    def _verifier(self) -> Verifies:
        if self._tokens is None:
            self._tokens = self._make_tokens()
        return self._tokens


def _challenge(scopes: Sequence[str], error: str, described: str | None = None) -> Fields:
    """RFC 6750, without the commas, as AWS sends it."""
    value = f'Bearer scope="{" ".join(scopes)}" error="{error}"'
    if described is not None:
        value += f' error_description="{described}"'
    return (("www-authenticate", value),)
