"""What the APIs and the container tell the sandbox. Moments are ``time.monotonic``'s.

What is told of an event carries its request id: what comes late is not taken for the next event's.
"""

from __future__ import annotations

import time
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct, field


class Ready(Struct, frozen=True, kw_only=True):
    """The runtime asked for the next event."""

    at: float = field(default_factory=time.monotonic)


class Idle(Struct, frozen=True, kw_only=True):
    """The runtime and every extension have asked for the next event: init, or the invocation, is over."""

    at: float = field(default_factory=time.monotonic)


class Span(Struct, frozen=True, kw_only=True):
    """From when to when something took."""

    began: float
    ended: float


class InitError(Struct, frozen=True, kw_only=True):
    """The runtime could not start; ``payload`` is its error as JSON."""

    payload: bytes


class Taken(Struct, frozen=True, kw_only=True):
    """The runtime got the event."""

    request_id: str


class Responded(Struct, frozen=True, kw_only=True):
    """The function's response, whole; ``sent`` is how long the runtime took to send it."""

    request_id: str
    payload: bytes
    sent: Span | None = None


class TooLarge(Struct, frozen=True, kw_only=True):
    """The function's response was over the limit; ``size`` is in bytes, as far as it was read."""

    request_id: str
    size: int


class Truncated(Struct, frozen=True, kw_only=True):
    """The function's response, or its error, broke off."""

    request_id: str


class Failed(Struct, frozen=True, kw_only=True):
    """The function's error as JSON."""

    request_id: str
    payload: bytes


class StreamBegan(Struct, frozen=True, kw_only=True):
    """A streamed response is coming that says what it is of."""

    request_id: str
    content_type: str


class Chunk(Struct, frozen=True, kw_only=True):
    """A part of a streamed response."""

    request_id: str
    data: bytes


class StreamEnded(Struct, frozen=True, kw_only=True):
    """The end of a streamed response. ``error`` is the JSON of a failure half-way, None when it went well."""

    request_id: str
    error: bytes | None
    size: int = 0
    sent: Span | None = None


class Exited(Struct, frozen=True, kw_only=True):
    """The runtime's process ended."""

    status: int
    out_of_memory: bool


class ExtensionFailed(Struct, frozen=True, kw_only=True):
    """An extension ended, or could not be started, in Lambda's words: ``Extension.Crash``, ``exit status 1``."""

    error_type: str
    cause: str


class ExtensionsEnded(Struct, frozen=True, kw_only=True):
    """Every extension that was told of the shutdown has ended."""


class Broken(Struct, frozen=True, kw_only=True):
    """samlocal's own side failed."""

    error: BaseException


Message: TypeAlias = (
    Ready
    | Idle
    | InitError
    | Taken
    | Responded
    | TooLarge
    | Truncated
    | Failed
    | StreamBegan
    | Chunk
    | StreamEnded
    | Exited
    | ExtensionFailed
    | ExtensionsEnded
    | Broken
)


OF_EVENT = (Taken, Responded, TooLarge, Truncated, Failed, StreamBegan, Chunk, StreamEnded)
"""What is told of one event, with its ``request_id``."""


class Event(Struct, frozen=True, kw_only=True):
    """An event on its way to the runtime. ``deadline_ms`` is in epoch milliseconds."""

    request_id: str
    payload: bytes
    deadline_ms: int
    function_arn: str
    trace_id: str
    client_context: str | None = None
    tenant_id: str | None = None
    cognito_identity: str | None = None


class Reason(StrEnum):
    """Why a sandbox is shut down. Lambda's guide writes them large; what it sends is this."""

    SPINDOWN = "spindown"
    TIMEOUT = "timeout"
    FAILURE = "failure"


class Shutdown(Struct, frozen=True, kw_only=True):
    """The end of the sandbox, on its way to the extensions. ``deadline_ms`` is in epoch milliseconds."""

    reason: Reason
    deadline_ms: int
