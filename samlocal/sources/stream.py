"""A stream, as its mapping needs it: shards, and their records from a position on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

from msgspec import Struct

from samlocal.sources.mapping import Record, Start


class After(Struct, frozen=True, kw_only=True):
    """Behind the record of this sequence number."""

    sequence: str


Position: TypeAlias = After | Start


class StreamRecord(Struct, frozen=True, kw_only=True):
    """A record on its way: ``key`` is what its order is kept by, ``arrived`` is in epoch seconds."""

    sequence: str
    key: str
    arrived: float
    record: Record


class Shard(Struct, frozen=True, kw_only=True):
    """``parents`` come before it; to a ``closed`` one nothing is added."""

    id: str
    parents: tuple[str, ...] = ()
    closed: bool = False


class Page(Struct, frozen=True, kw_only=True):
    """``following`` is the iterator of the next one, None where the shard is at its end.

    ``is_newest`` says that nothing more was there; where a service does not tell, it is not said.
    """

    records: Sequence[StreamRecord]
    following: str | None
    is_newest: bool = False


class Stream(Protocol):
    """Each call waits for the network, in a thread of its caller's. They raise AwsError and CredentialsError."""

    def identity(self) -> str:
        """Tells it from another one that has been made in its place."""

    def shards(self) -> Sequence[Shard]:
        """All that it has."""

    def iterator(self, shard: str, position: Position) -> str | None:
        """None where the shard has gone."""

    def page(self, shard: str, iterator: str, limit: int) -> Page:
        """Up to so many records."""
