"""Why a token is not believed."""

from __future__ import annotations


class TokenError(Exception):
    """The token is not accepted; the message says why, as AWS begins it: ``the token …``."""


class ExpiredError(TokenError):
    """It was accepted once."""


class IssuerError(Exception):
    """The issuer's keys cannot be had."""
