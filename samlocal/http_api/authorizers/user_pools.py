"""User pools: who issues their tokens, and where their keys are.

Sources: Cognito developer guide, "Verifying JSON web tokens"; moto, ``cognitoidp/urls.py``.
"""

from __future__ import annotations

import re

from samlocal.deployed.place import Place

_ISSUER = re.compile(r"https://cognito-idp\.[a-z0-9-]+\.[a-z0-9.-]+/([A-Za-z0-9_-]+)")


def user_pool_issuer(arn: str) -> str:
    """``https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf``. Raises ValueError for what is no user pool's
    ARN."""
    place = Place.from_arn(arn)
    pool = arn.rpartition("userpool/")[2]
    if pool == arn or not pool:
        raise ValueError(f"not the ARN of a user pool: {arn!r}")
    return f"https://cognito-idp.{place.region}.{place.url_suffix}/{pool}"


def keys_behind(endpoint: str | None, issuer: str) -> str | None:
    """The address of a user pool's keys at what stands in for AWS; None for other issuers, and for AWS itself."""
    pool = _ISSUER.fullmatch(issuer)
    return None if endpoint is None or pool is None else f"{endpoint.rstrip('/')}/{pool[1]}/.well-known/jwks.json"
