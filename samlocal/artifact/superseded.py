"""Entries of the cache that a newer content of the same thing has taken the place of."""

from __future__ import annotations

import time

from msgspec import Struct

from samlocal.artifact.cache import Cache
from samlocal.records import read_record

NOTE = "about.json"
"""The file beside an entry's content that says what it is."""

# One with an older content may still be mounted in a sandbox.
_SECONDS = 3600.0


class Note(Struct, frozen=True, kw_only=True):
    """``slot`` is what a newer content takes the place of."""

    slot: str


def remove_superseded(cache: Cache, kind: str, *, slot: str, key: str) -> None:
    """Removes what the same slot held before ``key``, once no sandbox can have it mounted any more.

    The slot stands in each entry's note.
    """
    for entry in cache.entries(kind):
        if entry.name == key:
            continue
        try:
            old = time.time() - entry.stat().st_mtime > _SECONDS
            if not old:
                continue
        except OSError:
            # Another process has just removed it.
            continue
        note = read_record(entry / NOTE, Note)
        if note is not None and note.slot == slot:
            cache.remove(kind, entry.name)
