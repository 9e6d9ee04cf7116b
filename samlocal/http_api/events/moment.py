"""When a request came, as events spell it."""

from __future__ import annotations

import time

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def clf_time(seconds: float) -> str:
    """``10/Jul/2026:19:19:04 +0000``, whatever the locale; ``seconds`` since 1970."""
    moment = time.gmtime(seconds)
    return time.strftime(f"%d/{_MONTHS[moment.tm_mon - 1]}/%Y:%H:%M:%S +0000", moment)


def epoch_ms(seconds: float) -> int:
    return int(seconds * 1000)
