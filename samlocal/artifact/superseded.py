"""Entries of the cache that a newer content of the same thing has taken the place of."""

from __future__ import annotations

import json
import time

from samlocal.artifact.cache import Cache
from samlocal.deployed import shape

_NOTE = "about.json"

# One with an older content may still be mounted in a sandbox.
_SECONDS = 3600.0


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
            note = shape.mapping(json.loads((entry / _NOTE).read_text(encoding="utf-8")))
        except (OSError, *shape.MALFORMED):
            # Another process has just removed it.
            continue
        if note.get("slot") == slot:
            cache.remove(kind, entry.name)
