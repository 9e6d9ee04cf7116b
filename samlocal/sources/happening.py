"""What there is to tell of event sources, as it happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

from samlocal.errors import SamlocalError
from samlocal.sources.event_source import EventSource


class BatchRun(Struct, frozen=True, kw_only=True):
    """A function has had a batch, as the event ``request_id``: so many ``records``, of which so many have ``failed``.

    ``again`` says what becomes of those, in words.
    """

    mapping: EventSource
    request_id: str
    records: int
    failed: int
    again: str = ""


class Filtered(Struct, frozen=True, kw_only=True):
    """So many ``records`` were none for the function."""

    mapping: EventSource
    records: int


class Discarded(Struct, frozen=True, kw_only=True):
    """Records of a stream are given up; what is told of them went ``to`` an ARN, None where none is named.

    ``problem`` is why it could not be told there.
    """

    mapping: EventSource
    records: int
    condition: str
    to: str | None
    problem: str | None = None


class Stopped(Struct, frozen=True, kw_only=True):
    """So many messages are not run any more: their function has sent them itself too often.

    They go to the dead letters of their queue.
    """

    mapping: EventSource
    records: int


class NotDelivered(Struct, frozen=True, kw_only=True):
    """What a pipe has not brought to its target, and why."""

    mapping: EventSource
    reason: str


class Doubtful(Struct, frozen=True, kw_only=True):
    """A mapping is read that AWS would not take, and why it would not."""

    mapping: EventSource
    reason: str


class Interrupted(Struct, frozen=True, kw_only=True):
    """A source is not read for now, and why; it is tried again in so many ``seconds``."""

    mapping: EventSource
    error: SamlocalError
    seconds: float


Happening: TypeAlias = BatchRun | Filtered | Discarded | Stopped | NotDelivered | Doubtful | Interrupted
Told: TypeAlias = Callable[[Happening], None]
