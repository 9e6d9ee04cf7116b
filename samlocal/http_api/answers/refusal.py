"""What an API answers without its function, or in place of what that has returned.

Names are a REST API's types of gateway responses, by which a template changes them; other kinds have words of their
own for the same cases.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from samlocal.http_api.caller import ANYBODY, Caller
from samlocal.http_api.exchange import Fields


class RefusalType(StrEnum):
    """API Gateway developer guide, "Gateway response types". ``MALFORMED``, for a function's error or what is no
    response, has no type there: it is answered with 502 under the default for 5XX."""

    ACCESS_DENIED = "ACCESS_DENIED"
    API_CONFIGURATION_ERROR = "API_CONFIGURATION_ERROR"
    AUTHORIZER_CONFIGURATION_ERROR = "AUTHORIZER_CONFIGURATION_ERROR"
    BAD_REQUEST_BODY = "BAD_REQUEST_BODY"
    BAD_REQUEST_PARAMETERS = "BAD_REQUEST_PARAMETERS"
    INTEGRATION_FAILURE = "INTEGRATION_FAILURE"
    INTEGRATION_TIMEOUT = "INTEGRATION_TIMEOUT"
    INVALID_API_KEY = "INVALID_API_KEY"
    MALFORMED = "MALFORMED"
    MISSING_AUTHENTICATION_TOKEN = "MISSING_AUTHENTICATION_TOKEN"  # noqa: S105 - the name of a type
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    REQUEST_TOO_LARGE = "REQUEST_TOO_LARGE"
    THROTTLED = "THROTTLED"
    UNAUTHORIZED = "UNAUTHORIZED"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"


class Refusal(Struct, frozen=True, kw_only=True):
    """``message`` is what a REST API says in place of the type's own words; ``headers`` come with it.

    ``caller`` is whom an authorizer has refused, and what it says of them, for the template's gateway responses.
    """

    type: RefusalType
    message: str | None = None
    headers: Fields = ()
    caller: Caller = ANYBODY


NO_ROUTE = Refusal(type=RefusalType.MISSING_AUTHENTICATION_TOKEN)
"""A REST API answers what it has no route for as if it had not been signed."""

TIMED_OUT = Refusal(type=RefusalType.INTEGRATION_TIMEOUT)
TOO_LARGE = Refusal(type=RefusalType.REQUEST_TOO_LARGE)
THROTTLED = Refusal(type=RefusalType.THROTTLED)
FAILED = Refusal(type=RefusalType.INTEGRATION_FAILURE)
MALFORMED = Refusal(type=RefusalType.MALFORMED)
UNSUPPORTED = Refusal(type=RefusalType.UNSUPPORTED_MEDIA_TYPE)

INTERNAL_ERROR = Refusal(type=RefusalType.API_CONFIGURATION_ERROR)
"""500: the API itself cannot do what it is to do, as with an answer that is too large for it."""
