"""Asks the authorizer of a route, whatever it is, and then for its API key."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import assert_never

from samlocal.http_api.authorizers.api_keys import with_api_key
from samlocal.http_api.authorizers.decision import Allowed, Decision, broken
from samlocal.http_api.authorizers.lambda_authorizers import Heard, LambdaAuthorizers, Run
from samlocal.http_api.authorizers.token_authorizers import TokenAuthorizers, Verifies
from samlocal.http_api.caller import ANYBODY
from samlocal.http_api.exchange import HttpRequest, Matched
from samlocal.http_api.model import (
    Api,
    CognitoAuthorizer,
    IamAuthorizer,
    JwtAuthorizer,
    LambdaAuthorizer,
    UnknownAuthorizer,
)
from samlocal.http_api.usage import Usage


class Authorizers:
    """Those of one API, and what they have said. ``tokens`` is called for the first token, ``usage`` counts keys."""

    def __init__(
        self,
        api: Api,
        run: Run,
        tokens: Callable[[], Verifies],
        *,
        usage: Usage | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._api = api
        self._usage = usage or Usage()
        self._functions = LambdaAuthorizers(api, run, clock)
        self._tokens = TokenAuthorizers(api, tokens)

    async def decide(self, matched: Matched, request: HttpRequest) -> Decision:
        """Whether the request may pass, and what is known of who sends it."""
        heard = await self._hear(matched, request)
        if isinstance(heard.decision, Allowed) and matched.route.api_key_required:
            return with_api_key(
                self._api, matched.route, request, heard.decision, self._usage, usage_key=heard.usage_key
            )
        return heard.decision

    async def _hear(self, matched: Matched, request: HttpRequest) -> Heard:
        name = matched.route.authorizer
        if name is None:
            return Heard(decision=Allowed(caller=ANYBODY))
        authorizer = self._api.authorizers.get(name)
        match authorizer:
            case None:
                return Heard(decision=broken(f"{name}: the API has no such authorizer"))
            case UnknownAuthorizer(reason=reason):
                return Heard(decision=broken(f"{name}: {reason}; --disable-authorizer lets requests pass"))
            case IamAuthorizer():
                said = f"{matched.route.key}: signatures (AWS_IAM) are not checked"
                return Heard(decision=Allowed(caller=ANYBODY, remark=said))
            case JwtAuthorizer():
                return Heard(decision=await self._tokens.jwt(authorizer, matched, request))
            case CognitoAuthorizer():
                return Heard(decision=await self._tokens.cognito(authorizer, matched, request))
            case LambdaAuthorizer():
                return await self._functions.hear(authorizer, matched, request)
            case _:
                assert_never(authorizer)
