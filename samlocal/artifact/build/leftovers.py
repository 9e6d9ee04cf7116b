"""Builds that nobody runs any more, and the dependencies kept for them."""

from __future__ import annotations

import time
from collections.abc import Container
from pathlib import Path

from samlocal.artifact.cache import Cache

_DAY = 24 * 3600.0

# Going back to a branch of last week builds nothing; a build of last month is in nobody's way but the disk's.
_KEPT_DAYS = {"builds": 7, "dependencies": 30}


def remove_leftovers(cache: Cache, *, last: Container[Path]) -> None:
    """Removes what has not been used for long, but for the last build of each function and layer."""
    for kind, days in _KEPT_DAYS.items():
        for entry in cache.entries(kind):
            if entry not in last and time.time() - entry.stat().st_mtime > days * _DAY:
                cache.remove(kind, entry.name)
