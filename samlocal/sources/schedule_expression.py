"""When a schedule is due.

Sources: EventBridge user guide, "Setting a schedule pattern for scheduled rules (legacy)" (cron's six fields and
their wildcards), "Rate expressions reference" (rules' rates); EventBridge Scheduler user guide, "Schedule types in
EventBridge Scheduler" (``at``, time zones, daylight saving).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from msgspec import Struct

_MINUTE = 60.0
_UNITS = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}

_MONTHS = {
    name: number
    for number, name in enumerate(
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], 1
    )
}
# Sunday is the first.
_WEEKDAYS = {name: number for number, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"], 1)}

# Name, first and last value, and what may stand for values.
_FIELDS: tuple[tuple[str, int, int, Mapping[str, int]], ...] = (
    ("minutes", 0, 59, {}),
    ("hours", 0, 23, {}),
    ("day-of-month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day-of-week", 1, 7, _WEEKDAYS),
    ("year", 1970, 2199, {}),
)


class ExpressionError(ValueError):
    """It is no schedule expression, and why."""


class Rate(Struct, frozen=True):
    """Every so many seconds."""

    seconds: float


class At(Struct, frozen=True):
    """Once, in epoch seconds."""

    time: float


class Cron(Struct, frozen=True, kw_only=True):
    """``days`` and ``weekdays`` are what is written for them, one of them ``?``."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: str
    months: frozenset[int]
    weekdays: str
    years: frozenset[int]
    zone: ZoneInfo

    def matches(self, time: float) -> bool:
        """Whether the minute that begins then is one of its: of an hour that a clock strikes twice, the first alone
        (AWS knowledge center, eventbridge-scheduler-adjust-dst)."""
        local = datetime.fromtimestamp(time, UTC).astimezone(self.zone)
        return (
            local.fold == 0
            and local.minute in self.minutes
            and local.hour in self.hours
            and local.month in self.months
            and local.year in self.years
            and _day_matches(self.days, local.date())
            and _weekday_matches(self.weekdays, local.date())
        )

    def times(self, after: float) -> Iterator[float]:
        """When it matches behind a moment, day by day."""
        day = datetime.fromtimestamp(after, UTC).astimezone(self.zone).date()
        while day.year <= max(self.years):
            if day.year not in self.years or day.month not in self.months:
                day = day.replace(day=1) + timedelta(calendar.monthrange(day.year, day.month)[1])
                continue
            if _day_matches(self.days, day) and _weekday_matches(self.weekdays, day):
                yield from (time for time in self._on(day) if time > after and self.matches(time))
            day += timedelta(1)

    def _on(self, day: date) -> list[float]:
        """An hour that a clock leaves out does not match."""
        found = {
            datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone).timestamp()
            for hour in self.hours
            for minute in self.minutes
        }
        return sorted(found)


Expression: TypeAlias = Rate | At | Cron


def schedule_expression(text: str, timezone: str = "UTC", *, of_rule: bool = False) -> Expression:
    """A rule's unit agrees with its number, ``rate(1 hour)`` and ``rate(2 hours)``; a schedule's need not.

    Raises ExpressionError.
    """
    match = re.fullmatch(r"(rate|cron|at)\((.*)\)", text.strip())
    if match is None:
        raise ExpressionError(f"{text!r} is neither rate(…) nor cron(…) nor at(…)")
    try:
        zone = ZoneInfo(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise ExpressionError(f"{timezone!r} is no time zone") from error
    kind, inner = match.groups()
    match kind:
        case "rate":
            return _rate(inner, of_rule=of_rule)
        case "at":
            try:
                return At(datetime.strptime(inner, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=zone).timestamp())
            except ValueError as error:
                raise ExpressionError(f"at({inner}) is no yyyy-mm-ddThh:mm:ss") from error
    return _cron(inner, zone)


def is_due(expression: Expression, *, since: float, until: float, began: float) -> bool:
    """Whether it is due behind ``since``, up to ``until``; a rate counts from when it ``began``."""
    match expression:
        case At(time=time):
            return since < time <= until
        case Rate(seconds=seconds):
            return int((until - began) // seconds) > max(0, int((since - began) // seconds))
        case Cron():
            minute = (since // _MINUTE + 1) * _MINUTE
            while minute <= until:
                if expression.matches(minute):
                    return True
                minute += _MINUTE
    return False


def next_due(expression: Expression, *, after: float, fired: float | None = None) -> float | None:
    """When it is due next behind a moment; None where it is not any more.

    A rate is due so long behind when it was last ``fired``; where it was not yet, nobody knows that here.
    """
    match expression:
        case At(time=time):
            return time if time > after else None
        case Rate(seconds=seconds):
            return None if fired is None else fired + seconds * max(1, (after - fired) // seconds + 1)
        case Cron():
            return next(expression.times(after), None)


def _rate(inner: str, *, of_rule: bool) -> Rate:
    match = re.fullmatch(r"(\d+) +(minute|hour|day)(s?)", inner.strip())
    if match is None or int(match[1]) < 1:
        raise ExpressionError(f"rate({inner}) is no number of minutes, hours or days")
    if of_rule and (int(match[1]) == 1) == bool(match[3]):
        unit = match[2] if match[3] else f"{match[2]}s"
        raise ExpressionError(f"rate({inner}) is refused by AWS, which wants rate({match[1]} {unit})")
    return Rate(int(match[1]) * _UNITS[match[2]])


def _cron(inner: str, zone: ZoneInfo) -> Cron:
    fields = inner.split()
    if len(fields) != len(_FIELDS):
        raise ExpressionError(f"cron({inner}) has {len(fields)} fields, which are six")
    minutes, hours, days, months, weekdays, years = (field.upper() for field in fields)
    if (days == "?") == (weekdays == "?"):
        raise ExpressionError(f"cron({inner}): one of day-of-month and day-of-week is ?")
    for text, index in ((days, 2), (weekdays, 4)):
        _check_days(text, index)
    return Cron(
        minutes=_values(minutes, 0),
        hours=_values(hours, 1),
        days=days,
        months=_values(months, 3),
        weekdays=weekdays,
        years=_values(years, 5),
        zone=zone,
    )


def _values(text: str, index: int) -> frozenset[int]:
    """Of a list, of ranges and of steps."""
    name, first, last, names = _FIELDS[index]
    found: set[int] = set()
    for part in text.split(","):
        body, slash, step = part.partition("/")
        start, dash, end = body.partition("-")
        if body in ("*", "?"):
            low, high = first, last
        else:
            low = _number(start, names, name)
            high = _number(end, names, name) if dash else (last if slash else low)
        every = _number(step, {}, name) if slash else 1
        if not (first <= low <= last and first <= high <= last and every > 0):
            raise ExpressionError(f"{part!r} is out of bounds for {name}")
        # A range may go over the end: FRI-MON.
        span = range(low, high + 1) if low <= high else [*range(low, last + 1), *range(first, high + 1)]
        found.update(list(span)[::every])
    return frozenset(found)


def _number(text: str, names: Mapping[str, int], field: str) -> int:
    if text in names:
        return names[text]
    if not text.isdigit():
        raise ExpressionError(f"{text!r} is no value of {field}")
    return int(text)


def _check_days(text: str, index: int) -> None:
    """Raises ExpressionError."""
    if index == 2 and re.fullmatch(r"\?|L(-\d+)?|LW|\d+W", text):
        return
    if index == 4 and re.fullmatch(r"\?|L|(\d|[A-Z]{3})(L|#[1-5])", text):
        if text not in ("?", "L"):
            _number(re.split(r"L$|#", text)[0], _WEEKDAYS, "day-of-week")
        return
    _values(text, index)


def _day_matches(text: str, day: date) -> bool:
    if text in ("?", "*"):
        return True
    last = calendar.monthrange(day.year, day.month)[1]
    if text.startswith("L") and text != "LW":
        return day.day == last - int(text[2:] or 0)
    if text.endswith("W"):
        wanted = last if text == "LW" else min(int(text[:-1]), last)
        return day == _nearest_weekday(day.replace(day=wanted), last)
    return day.day in _values(text, 2)


def _nearest_weekday(day: date, last: int) -> date:
    """Monday to Friday, in the same month."""
    match day.isoweekday():
        case 6:
            return day - timedelta(1) if day.day > 1 else day + timedelta(2)
        case 7:
            return day + timedelta(1) if day.day < last else day - timedelta(2)
    return day


def _weekday_matches(text: str, day: date) -> bool:
    if text in ("?", "*"):
        return True
    number = day.isoweekday() % 7 + 1
    last = calendar.monthrange(day.year, day.month)[1]
    if text == "L":
        return number == 7
    if text.endswith("L"):
        return number == _number(text[:-1], _WEEKDAYS, "day-of-week") and day.day > last - 7
    if "#" in text:
        wanted, _, which = text.partition("#")
        return number == _number(wanted, _WEEKDAYS, "day-of-week") and (day.day - 1) // 7 + 1 == int(which)
    return number in _values(text, 4)
