"""When a schedule is due.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html (the examples are its)
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from samlocal.sources.schedule_expression import Cron, ExpressionError, is_due, next_due, schedule_expression


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


CRON = [
    # Run at 10:00 am (UTC+0) every day
    ("0 10 * * ? *", "2026-03-04 10:00", "2026-03-04 10:01"),
    # Run at 12:15 pm every day
    ("15 12 * * ? *", "2026-03-04 12:15", "2026-03-04 12:14"),
    # Run at 6:00 pm every Monday through Friday
    ("0 18 ? * MON-FRI *", "2026-03-06 18:00", "2026-03-07 18:00"),
    # Run at 8:00 am every first day of the month
    ("0 8 1 * ? *", "2026-03-01 08:00", "2026-03-02 08:00"),
    # Run every 15 minutes
    ("0/15 * * * ? *", "2026-03-04 07:45", "2026-03-04 07:46"),
    # Run every 10 minutes Monday through Friday
    ("0/10 * ? * MON-FRI *", "2026-03-04 07:50", "2026-03-08 07:50"),
    # Run every 5 minutes Monday through Friday between 8:00 am and 5:55 pm
    ("0/5 8-17 ? * MON-FRI *", "2026-03-04 17:55", "2026-03-04 18:00"),
    # Run every 30 minutes Monday through Friday between 10:00 pm on the starting day to 2:00 am
    ("0/30 20-2 ? * MON-FRI *", "2026-03-04 01:30", "2026-03-04 03:00"),
    # The third Friday of each month
    ("15 10 ? * 6#3 *", "2026-03-20 10:15", "2026-03-13 10:15"),
    # 10:15 AM on the last Friday of each month during the years 2022 to 2023
    ("15 10 ? * 6L 2022-2023", "2022-11-25 10:15", "2026-03-27 10:15"),
    # L in day-of-month: the last day of the month; 3W: the weekday closest to the third
    ("0 0 L * ? *", "2028-02-29 00:00", "2028-02-28 00:00"),
    ("0 0 L-2 * ? *", "2028-02-27 00:00", "2028-02-29 00:00"),
    ("0 0 3W * ? *", "2026-01-02 00:00", "2026-01-03 00:00"),
    ("0 0 1W * ? *", "2026-08-03 00:00", "2026-08-01 00:00"),
    ("0 0 LW * ? *", "2026-02-27 00:00", "2026-02-28 00:00"),
    ("0 0 ? * L *", "2026-03-07 00:00", "2026-03-06 00:00"),
    ("0 0 1,15 JAN,JUL ? *", "2026-07-15 00:00", "2026-06-15 00:00"),
    ("0 0 ? * SUN *", "2026-03-08 00:00", "2026-03-09 00:00"),
    ("0 0 ? * 1 *", "2026-03-08 00:00", "2026-03-09 00:00"),
]


@pytest.mark.parametrize(("text", "due", "not_due"), CRON)
def test_a_cron_expression_is_due_in_its_minutes(text: str, due: str, not_due: str) -> None:
    expression = schedule_expression(f"cron({text})")
    assert isinstance(expression, Cron)
    assert expression.matches(at(due))
    assert not expression.matches(at(not_due))


def test_a_schedule_is_of_its_time_zone_with_its_daylight_saving() -> None:
    expression = schedule_expression("cron(0 8 * * ? *)", "America/New_York")
    assert isinstance(expression, Cron)
    assert expression.matches(at("2026-01-15 13:00"))
    assert expression.matches(at("2026-07-15 12:00"))
    once = schedule_expression("at(2026-07-15T08:00:00)", "America/New_York")
    assert is_due(once, since=at("2026-07-15 11:59"), until=at("2026-07-15 12:00"), began=0)


@pytest.mark.parametrize(
    ("text", "minutes"), [("rate(1 minute)", 1), ("rate(5 minutes)", 5), ("rate(1 hour)", 60), ("rate(2 days)", 2880)]
)
def test_a_rate_is_due_behind_each_of_its_periods(text: str, minutes: int) -> None:
    expression, began = schedule_expression(text), at("2026-03-04 10:00")
    period = minutes * 60.0
    due = [
        n
        for n in range(4)
        if is_due(expression, since=began + n * period, until=began + (n + 1) * period, began=began)
    ]
    assert due == [0, 1, 2, 3]
    assert not is_due(expression, since=began, until=began, began=began)
    assert not is_due(expression, since=began, until=began + period - 1, began=began)


def test_what_is_once_is_due_once() -> None:
    expression = schedule_expression("at(2026-03-04T10:00:00)")
    assert is_due(expression, since=at("2026-03-04 09:59"), until=at("2026-03-04 10:00"), began=0)
    assert not is_due(expression, since=at("2026-03-04 10:00"), until=at("2026-03-04 10:01"), began=0)


def test_minutes_that_were_slept_through_are_due_once() -> None:
    expression = schedule_expression("cron(0 * * * ? *)")
    assert is_due(expression, since=at("2026-03-04 09:30"), until=at("2026-03-04 14:10"), began=0)


@pytest.mark.parametrize(
    "text",
    [
        "every day",
        "rate(0 minutes)",
        "rate(1 week)",
        "cron(0 10 * * *)",
        # One of the two days is ?
        "cron(0 10 * * * *)",
        "cron(0 10 ? * ? *)",
        "cron(60 10 * * ? *)",
        "cron(0 10 ? * MON#6 *)",
        "cron(0 10 ? FOO ? *)",
        "at(tomorrow)",
    ],
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        schedule_expression(text)


@pytest.mark.parametrize(("text", "right"), [("rate(1 hours)", "rate(1 hour)"), ("rate(5 hour)", "rate(5 hours)")])
def test_a_rules_unit_agrees_with_its_number_and_a_schedules_need_not(text: str, right: str) -> None:
    with pytest.raises(ExpressionError, match=re.escape(f"wants {right}")):
        schedule_expression(text, of_rule=True)
    assert schedule_expression(right, of_rule=True) == schedule_expression(text)


def test_a_time_zone_that_there_is_not_is_refused() -> None:
    with pytest.raises(ExpressionError, match="Nowhere"):
        schedule_expression("rate(1 minute)", "Nowhere/City")


def test_the_next_time_is_the_first_minute_in_which_it_is_due() -> None:
    begins, ends = at("2026-03-01 00:00"), at("2026-03-08 00:00")
    for text, _, _ in CRON:
        expression = schedule_expression(f"cron({text})")
        assert isinstance(expression, Cron)
        minutes = (begins + 60 * number for number in range(1, int((ends - begins) / 60)))
        first = next((minute for minute in minutes if expression.matches(minute)), None)
        due = next_due(expression, after=begins)
        assert due == first if first is not None else (due is None or due >= ends), text


@pytest.mark.parametrize(
    ("text", "timezone", "after", "due"),
    [
        ("cron(0 3 1 1 ? 2199)", "UTC", "2026-03-01 00:00", "2199-01-01 03:00"),
        ("cron(0 0 ? * 2#1 2025)", "UTC", "2026-03-01 00:00", None),
        # A minute that is just beginning has been.
        ("cron(* * * * ? *)", "UTC", "2026-03-01 00:00", "2026-03-01 00:01"),
        # The clocks of Berlin leave out 02:30 on that day, and strike it twice on the other: then it is due once.
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2026-03-28 12:00", "2026-03-30 00:30"),
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2026-10-24 12:00", "2026-10-25 00:30"),
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2026-10-25 00:30", "2026-10-26 01:30"),
        ("at(2026-03-01T09:00:00)", "America/New_York", "2026-03-01 00:00", "2026-03-01 14:00"),
        ("at(2026-03-01T09:00:00)", "UTC", "2026-03-01 09:00", None),
    ],
)
def test_the_next_time_is_in_the_schedules_own_zone(text: str, timezone: str, after: str, due: str | None) -> None:
    expression = schedule_expression(text, timezone)
    assert next_due(expression, after=at(after)) == (None if due is None else at(due))


def test_what_a_clock_strikes_twice_is_due_once() -> None:
    # AWS knowledge center, eventbridge-scheduler-adjust-dst.
    daily = schedule_expression("cron(30 2 * * ? *)", "Europe/Berlin")
    first, second = at("2026-10-25 00:30"), at("2026-10-25 01:30")

    assert [is_due(daily, since=time - 60, until=time, began=0) for time in (first, second)] == [True, False]


def test_a_rate_is_due_so_long_behind_the_last_time() -> None:
    rate = schedule_expression("rate(5 minutes)")
    assert next_due(rate, after=at("2026-03-01 10:07"), fired=at("2026-03-01 10:05")) == at("2026-03-01 10:10")
    # Nobody had it be due for a while.
    assert next_due(rate, after=at("2026-03-01 11:02"), fired=at("2026-03-01 10:05")) == at("2026-03-01 11:05")
    assert next_due(rate, after=at("2026-03-01 10:07")) is None
