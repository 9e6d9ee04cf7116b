"""What the Runtime API and the container tell the sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The runtime asked for the next event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InitError:
    """The runtime could not start; ``payload`` is its error as JSON."""

    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Responded:
    """The function's response, whole."""

    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLarge:
    """The function's response was over the limit; ``size`` is in bytes, as far as it was read."""

    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The function's error as JSON."""

    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A part of a streamed response."""

    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEnded:
    """The end of a streamed response. ``error`` is the JSON of a failure half-way, None when it went well."""

    error: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exited:
    """The container's process ended."""

    status: int
    out_of_memory: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """samlocal's own side failed."""

    error: BaseException


Message: TypeAlias = Ready | InitError | Responded | TooLarge | Failed | Chunk | StreamEnded | Exited | Broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event on its way to the runtime. ``deadline_ms`` is in epoch milliseconds."""

    request_id: str
    payload: bytes
    deadline_ms: int
    function_arn: str
    trace_id: str
    client_context: str | None = None
    cognito_identity: str | None = None
