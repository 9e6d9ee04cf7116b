"""Events that nobody runs, because too many run already: Lambda's TooManyRequestsException."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class ThrottleReason(Enum):
    """Which limit is reached, in AWS's words (Lambda API reference, TooManyRequestsException, ``Reason``)."""

    RESERVED = "ReservedFunctionConcurrentInvocationLimitExceeded"
    CONCURRENT = "ConcurrentInvocationLimitExceeded"


class Throttled(Struct, frozen=True, kw_only=True):
    """What comes of such an event. ``is_final`` says that none would ever run: the reserved concurrency is 0."""

    reason: ThrottleReason
    is_final: bool = False
