"""How long ago something was, in words."""

from __future__ import annotations


def age(seconds: float, *, to_the_second: bool = False) -> str:
    """``3 minutes ago``."""
    minutes = int(seconds // 60)
    for size, name in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = minutes // size
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    if not to_the_second:
        return "under a minute ago"
    return "just now" if seconds < 5 else f"{int(seconds)} seconds ago"
