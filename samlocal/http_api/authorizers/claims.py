"""What is asked of a token's claims, once its signature is good.

Sources: API Gateway developer guide, "Control access to HTTP APIs with JWT authorizers" and "Control access to REST
APIs using Amazon Cognito user pools"; awsdocs/amazon-api-gateway-developer-guide pull request 54 and AWS knowledge
center, "401 Unauthorized errors … Amazon Cognito user pool" for what is asked of ID and access tokens.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from samlocal.http_api.authorizers.token_errors import TokenError
from samlocal.http_api.regular_expression import fits


def bare(value: str) -> str:
    """A token without ``Bearer``."""
    scheme, _, token = value.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token else value.strip()


def check_audience(claims: Mapping[str, object], audiences: Collection[str]) -> None:
    """``client_id`` counts where there is no ``aud``. Raises TokenError."""
    if not any(each in audiences for each in _audiences(claims, "aud" if "aud" in claims else "client_id")):
        raise TokenError("the token does not have a valid audience")


def check_cognito(claims: Mapping[str, object], *, has_scopes: bool, validation: str | None) -> None:
    """A method without scopes takes ID tokens, one with scopes access tokens; the expression is for ``aud``, which an
    access token has not. Raises TokenError, PatternError, TimeLimitError."""
    use = claims.get("token_use")
    wanted = "access" if has_scopes else "id"
    if use != wanted:
        raise TokenError(
            f"the token is for {use!r}; a method {'with' if has_scopes else 'without'} scopes takes {wanted!r}"
        )
    if validation and not any(fits(validation, each) for each in _audiences(claims, "aud")):
        raise TokenError(f"the token has no aud that matches {validation}")


def shared_scopes(claims: Mapping[str, object], wanted: Collection[str]) -> tuple[str, ...]:
    """Those of ``scope``, else of ``scp``, that the route asks for."""
    given = claims.get("scope", claims.get("scp"))
    several = given.split() if isinstance(given, str) else given if isinstance(given, list) else []
    return tuple(each for each in several if each in wanted)


def _audiences(claims: Mapping[str, object], name: str) -> list[str]:
    given = claims.get(name)
    several = given if isinstance(given, list) else [given]
    return [each for each in several if isinstance(each, str)]
