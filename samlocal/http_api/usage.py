"""Usage plans: what a key may do in a time, and what it has done since this process began.

Sources: API Gateway developer guide, "Usage plans and API keys for REST APIs", "Throttle requests to your REST APIs"
(token buckets; limits of a method go before those of the plan), "Quotas" (10,000 requests a second and bursts of
5,000 where a plan says nothing); API reference, "QuotaSettings".
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Mapping
from enum import StrEnum

from msgspec import Struct, field

_RATE, _BURST = 10_000.0, 5_000


class Period(StrEnum):
    """In UTC; a week begins on Sunday."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


class Throttle(Struct, frozen=True, kw_only=True):
    """``rate`` in requests a second; ``burst`` is how many may come at once."""

    rate: float | None
    burst: int | None


class Quota(Struct, frozen=True, kw_only=True):
    """``offset`` is taken off the limit of the first period."""

    limit: int
    period: Period
    offset: int = 0


class UsagePlan(Struct, frozen=True, kw_only=True):
    """``id`` is its way from the top template. ``methods`` are limits of their own, by ``/path/GET``."""

    id: str
    throttle: Throttle | None = None
    methods: Mapping[str, Throttle] = field(default_factory=dict)
    quota: Quota | None = None

    def throttle_of(self, method: str, path: str) -> tuple[str, Throttle] | None:
        """What limits a route, under the name by which it is counted."""
        for name in (f"{path.rstrip('/')}/{method}", f"{path}/{method}"):
            if name in self.methods:
                return name, self.methods[name]
        return None if self.throttle is None else ("", self.throttle)


class Exceeded(StrEnum):
    """What a request would be too many for."""

    RATE = "rate"
    QUOTA = "quota"


class _Bucket:
    """Filled at a rate, up to a burst."""

    def __init__(self, throttle: Throttle, now: float) -> None:
        self._rate = _RATE if throttle.rate is None else throttle.rate
        self._size = float(_BURST if throttle.burst is None else throttle.burst)
        self._tokens, self._at = self._size, now

    def take(self, now: float) -> bool:
        self._tokens = min(self._size, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Usage:
    """Of all keys, by all APIs that share it."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic, epoch: Callable[[], float] = time.time) -> None:
        self._now = now
        self._epoch = epoch
        self._first: dict[tuple[str, str], str] = {}
        self._buckets: dict[tuple[str, str, str, Throttle], _Bucket] = {}
        self._counts: dict[tuple[str, str, str], int] = {}

    def take(self, plan: UsagePlan, key: str, method: str, path: str) -> Exceeded | None:
        """Counts a request of a key's; None where it is within its plan."""
        limited = plan.throttle_of(method, path)
        if limited is not None:
            name, throttle = limited
            now = self._now()
            bucket = self._buckets.setdefault((plan.id, key, name, throttle), _Bucket(throttle, now))
            if not bucket.take(now):
                return Exceeded.RATE
        quota = plan.quota
        if quota is None:
            return None
        period = _period(self._epoch(), quota.period)
        first = self._first.setdefault((plan.id, key), period)
        counted = plan.id, key, period
        taken = self._counts.get(counted, 0)
        if taken >= quota.limit - (quota.offset if period == first else 0):
            return Exceeded.QUOTA
        self._counts[counted] = taken + 1
        return None


def _period(epoch: float, period: Period) -> str:
    day = datetime.datetime.fromtimestamp(epoch, datetime.UTC).date()
    match period:
        case Period.DAY:
            return str(day)
        case Period.WEEK:
            return f"week of {day - datetime.timedelta(days=day.isoweekday() % 7)}"
        case Period.MONTH:
            return f"{day:%Y-%m}"
