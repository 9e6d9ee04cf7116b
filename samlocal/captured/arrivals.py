"""What has arrived for a function, as the events that it gets of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from samlocal.sources.mapping import Mapping, Record
from samlocal.sources.queue_event import within_limit

SECONDS = 20.0
"""How long a source is read at most."""


class Arrivals(Struct, frozen=True, kw_only=True):
    """``read`` counts records or lines, ``filtered`` those of them that the function's filters keep from it.

    ``is_whole`` says that the time sufficed for all that was asked for.
    """

    events: Sequence[bytes]
    read: int
    filtered: int = 0
    is_whole: bool = True


def batches(records: Sequence[Record], mapping: Mapping) -> Iterator[bytes]:
    """Events of as many records as the mapping puts into one, and Lambda takes."""
    for first in range(0, len(records), mapping.batch_size):
        for part in within_limit(records[first : first + mapping.batch_size]):
            yield mapping.event(part)
