"""What comes of asking whether a request may pass."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from samlocal.http_api.answers.refusal import Refusal, RefusalType
from samlocal.http_api.caller import ANYBODY, Caller
from samlocal.http_api.exchange import Fields


class Allowed(Struct, frozen=True, kw_only=True):
    """``remark`` says what was not checked."""

    caller: Caller
    remark: str | None = None


class Denied(Struct, frozen=True, kw_only=True):
    """``remark`` says to the developer what the answer does not say to the client."""

    refusal: Refusal
    remark: str | None = None


Decision: TypeAlias = Allowed | Denied

EXPLICIT_DENY = "User is not authorized to access this resource with an explicit deny"


def unauthorized(remark: str, *, headers: Fields = (), message: str | None = None) -> Denied:
    refusal = Refusal(type=RefusalType.UNAUTHORIZED, headers=headers, message=message)
    return Denied(refusal=refusal, remark=remark)


def forbidden(remark: str, *, message: str | None = None, headers: Fields = (), caller: Caller = ANYBODY) -> Denied:
    refusal = Refusal(type=RefusalType.ACCESS_DENIED, message=message, headers=headers, caller=caller)
    return Denied(refusal=refusal, remark=remark)


def broken(remark: str) -> Denied:
    """The authorizer itself is at fault."""
    return Denied(refusal=Refusal(type=RefusalType.AUTHORIZER_CONFIGURATION_ERROR), remark=remark)
