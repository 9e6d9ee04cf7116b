"""What the APIs and the container tell the sandbox. Moments are ``time.monotonic``'s.

What is told of an event carries its request id: what comes late is not taken for the next event's.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The runtime asked for the next event."""

    at: float = field(default_factory=time.monotonic, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """The runtime and every extension have asked for the next event: init, or the invocation, is over."""

    at: float = field(default_factory=time.monotonic, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From when to when something took."""

    began: float
    ended: float


@dataclass(frozen=True, slots=True, kw_only=True)
class InitError:
    """The runtime could not start; ``payload`` is its error as JSON."""

    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The runtime got the event."""

    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Responded:
    """The function's response, whole; ``sent`` is how long the runtime took to send it."""

    request_id: str
    payload: bytes
    sent: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLarge:
    """The function's response was over the limit; ``size`` is in bytes, as far as it was read."""

    request_id: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncated:
    """The function's response, or its error, broke off."""

    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The function's error as JSON."""

    request_id: str
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A part of a streamed response."""

    request_id: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEnded:
    """The end of a streamed response. ``error`` is the JSON of a failure half-way, None when it went well."""

    request_id: str
    error: bytes | None
    size: int = field(default=0, compare=False)
    sent: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exited:
    """The runtime's process ended."""

    status: int
    out_of_memory: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionFailed:
    """An extension ended, or could not be started, in Lambda's words: ``Extension.Crash``, ``exit status 1``."""

    error_type: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionsEnded:
    """Every extension that was told of the shutdown has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
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
    | Chunk
    | StreamEnded
    | Exited
    | ExtensionFailed
    | ExtensionsEnded
    | Broken
)


OF_EVENT = (Taken, Responded, TooLarge, Truncated, Failed, Chunk, StreamEnded)
"""What is told of one event, with its ``request_id``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Shutdown:
    """The end of the sandbox, on its way to the extensions. ``deadline_ms`` is in epoch milliseconds."""

    reason: Reason
    deadline_ms: int
