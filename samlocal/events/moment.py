"""A moment, in seconds since 1970, as events write it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

from samlocal.http_api.events.moment import clf_time, epoch_ms


def moment(text: str) -> float:
    """Of ISO 8601 (UTC where it names no zone) or of seconds since 1970. Raises ValueError and OverflowError."""
    try:
        seconds = float(text)
    except ValueError:
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    try:
        return datetime.fromtimestamp(seconds, UTC).timestamp()
    except OSError as error:
        raise ValueError("no calendar has its year") from error


def _of(value: Any, form: str) -> str:
    return datetime.fromtimestamp(value, UTC).strftime(form)


def _with_ms(value: Any) -> str:
    return f"{_of(value, '%Y-%m-%dT%H:%M:%S')}.{int(value * 1000) % 1000:03}"


MOMENTS: Mapping[str, Callable[[Any], Any]] = {
    "iso": lambda value: _of(value, "%Y-%m-%dT%H:%M:%SZ"),
    "iso-ms": lambda value: f"{_with_ms(value)}Z",
    "iso-ms-offset": lambda value: f"{_with_ms(value)}+0000",
    "seconds": int,
    "seconds-ms": lambda value: int(value * 1000) / 1000,
    "ms": epoch_ms,
    "us": lambda value: int(value * 1_000_000),
    "clf": clf_time,
    "day-path": lambda value: _of(value, "%Y/%m/%d"),
    "stamp": lambda value: _of(value, "%Y-%m-%d_%H:%M:%S"),
    "rabbit": lambda value: _of(value, "%b %-d, %Y, %-I:%M:%S %p"),
    "rfc2822": lambda value: formatdate(value),
    "later": lambda value: value + 300,
}
"""``later`` is five minutes on, ``rabbit`` as RabbitMQ's client writes it."""
