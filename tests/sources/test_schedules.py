"""Schedules of the environment on this machine: the clock in ``samlocal up``, and what its process sends."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from pushed_kit import ACCOUNT, REGION, Sent, function_arn, generated, shape

from samlocal.local.schedule import Schedule
from samlocal.local.server import LocalServer
from samlocal.sources.schedules import Schedules
from samlocal.sources.threads import Threads

Client = Callable[[str], Any]


class Time:
    """Passes as soon as somebody sleeps, is then ``set_back`` so many seconds, and ``ends`` after so many minutes."""

    def __init__(self, minutes: int, *, set_back: Sequence[float] = ()) -> None:
        self.seconds = 1_772_600_430.0
        self.set_back = list(set_back)
        self.began = self.seconds
        self.ends = self.seconds + minutes * 60
        self.over = asyncio.Event()

    def __call__(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        if self.seconds + seconds > self.ends:
            self.over.set()
            await asyncio.Event().wait()
        self.seconds += seconds
        if self.set_back:
            back = self.set_back.pop(0)
            self.seconds, self.ends = self.seconds - back, self.ends - back


class Fake:
    """Schedules of no environment; ``fired`` are those that were due, with their time."""

    def __init__(self, *schedules: Schedule) -> None:
        self.known = schedules
        self.fired: list[tuple[str, float]] = []
        self.remarks: list[str] = []

    def schedules(self) -> tuple[Schedule, ...]:
        return self.known

    def fire(self, name: str, *, at: float) -> None:
        self.fired.append((name, at))

    def remarked(self, text: str) -> None:
        self.remarks.append(text)

    def failed(self, error: BaseException) -> None:
        raise error


NOWHERE = LocalServer(url="http://127.0.0.1:1", pid=0)


def passes(
    fake: Fake,
    threads: Threads,
    minutes: int,
    *,
    passes_over: Callable[[float], bool] = lambda _: False,
    set_back: Sequence[float] = (),
) -> Time:
    async def test() -> Time:
        time = Time(minutes, set_back=set_back)
        own = Schedules(
            lambda: NOWHERE,
            threads,
            hears=fake,
            passes_over=lambda: passes_over(time()),
            clock=time,
            sleep=time.sleep,
            clockwork=lambda _: fake,
        )
        async with own:
            own.begin()
            await asyncio.wait_for(time.over.wait(), 60)
        return time

    return asyncio.run(test())


def named(name: str, expression: str, **more: Any) -> Schedule:
    return Schedule(arn=name, name=name, expression=expression, **more)


def test_each_schedule_is_due_as_often_as_it_says(threads: Threads) -> None:
    fake = Fake(
        named("each", "rate(1 minute)"), named("third", "rate(3 minutes)"), named("cron", "cron(0/2 * * * ? *)")
    )
    passes(fake, threads, minutes=6)
    fired = [name for name, _ in fake.fired]
    assert {name: fired.count(name) for name in ("each", "third", "cron")} == {"each": 6, "third": 2, "cron": 3}
    # They are due with the minute.
    assert all(at % 60 == 0 for _, at in fake.fired)


def test_a_clock_that_is_set_back_stops_no_rate_and_repeats_nothing_that_is_due_once(threads: Threads) -> None:
    once = datetime.fromtimestamp(Time(0).began + 90, UTC)
    fake = Fake(named("rate", "rate(1 minute)"), named("once", f"at({once:%Y-%m-%dT%H:%M:%S})"))
    passes(fake, threads, minutes=8, set_back=(0, 0, 3600))
    fired = [name for name, _ in fake.fired]
    # The minute in which it is set back is the only one that is missed.
    assert (fired.count("rate"), fired.count("once")) == (7, 1)


def test_a_schedule_is_due_neither_before_its_start_nor_behind_its_end(threads: Threads) -> None:
    began = Time(0).began
    fake = Fake(
        named("later", "rate(1 minute)", start=began + 120), named("until", "rate(1 minute)", end=began + 120)
    )
    passes(fake, threads, minutes=5)
    fired = [name for name, _ in fake.fired]
    assert (fired.count("later"), fired.count("until")) == (3, 2)


def test_a_schedule_that_nobody_can_read_is_named_once_and_the_others_go_on(threads: Threads) -> None:
    fake = Fake(named("wrong", "cron(1 2 3)"), named("good", "rate(1 minute)"))
    passes(fake, threads, minutes=3)
    assert [name for name, _ in fake.fired] == ["good"] * 3
    (remark,) = fake.remarks
    assert remark.startswith("wrong is never due")


def test_no_schedule_is_due_for_one_while_another_runs_functions(threads: Threads) -> None:
    fake, began = Fake(named("each", "rate(1 minute)")), Time(0).began
    passes(fake, threads, minutes=5, passes_over=lambda now: now < began + 120)
    # Nor is what the other one has had due again behind that.
    assert [at - began for _, at in fake.fired] == [150, 210, 270]


# what the process sends


@pytest.fixture
def sent(server: LocalServer) -> Sent:
    return Sent(server)


def new(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def rule(events: Any, **target: Any) -> tuple[str, str]:
    name = new("rule")
    events.put_rule(Name=name, ScheduleExpression="rate(1 day)")
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": function_arn(name), **target}])
    return name, f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}"


def test_a_rule_that_is_due_sends_the_event_that_eventbridge_documents(client: Client, sent: Sent) -> None:
    name, arn = rule(client("events"))
    fired = sent.runner.fire(name, at=1_772_600_400)
    assert (fired.arn, fired.targets) == (arn, (function_arn(name),))
    (event,) = sent.to(name)
    assert shape(event) == shape(generated("cloudwatch", "scheduled-event"))
    assert (event["source"], event["resources"], event["time"]) == ("aws.events", [arn], "2026-03-04T05:00:00Z")


def test_a_rule_that_is_due_sends_its_targets_input(client: Client, sent: Sent) -> None:
    name, arn = rule(client("events"), Input='{"job": "nightly"}')
    sent.runner.fire(arn)
    assert sent.to(name) == [{"job": "nightly"}]


def scheduled(scheduler: Any, expression: str = "rate(1 day)", **target: Any) -> tuple[str, str]:
    name = new("schedule")
    arn = scheduler.create_schedule(
        Name=name,
        ScheduleExpression=expression,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": function_arn(name), "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/any", **target},
    )["ScheduleArn"]
    return name, arn


def test_a_schedule_of_the_scheduler_sends_its_own_event_where_it_has_no_input(client: Client, sent: Sent) -> None:
    name, arn = scheduled(client("scheduler"))
    sent.runner.fire(name)
    (event,) = sent.to(name)
    assert shape(event) == shape(generated("eventbridge", "schedule"))
    assert (event["source"], event["resources"]) == ("aws.scheduler", [arn])


def test_a_schedules_input_has_its_context_attributes_filled_in(client: Client, sent: Sent) -> None:
    # https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    given = {"at": "<aws.scheduler.scheduled-time>", "of": "<aws.scheduler.schedule-arn>"}
    name, arn = scheduled(client("scheduler"), Input=json.dumps(given))
    sent.runner.fire(name, at=1_772_600_400)
    assert sent.to(name) == [{"at": "2026-03-04T05:00:00Z", "of": arn}]


def test_a_universal_target_is_called_with_its_input(client: Client, sent: Sent) -> None:
    sqs = client("sqs")
    url = sqs.create_queue(QueueName=new("queue"))["QueueUrl"]
    given = {"QueueUrl": url, "MessageBody": "by the schedule"}
    name, _ = scheduled(
        client("scheduler"), Arn="arn:aws:scheduler:::aws-sdk:sqs:sendMessage", Input=json.dumps(given)
    )
    sent.runner.fire(name)
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == "by the schedule"


def test_those_that_are_disabled_are_not_due_by_themselves(client: Client, sent: Sent) -> None:
    events = client("events")
    name, arn = rule(events)
    assert arn in {each.arn for each in sent.runner.schedules()}
    events.disable_rule(Name=name)
    assert arn not in {each.arn for each in sent.runner.schedules()}
    assert sent.runner.fire(name).arn == arn


def test_a_schedule_that_there_is_not_is_answered_with_those_that_there_are(client: Client, sent: Sent) -> None:
    name, _ = rule(client("events"))
    fired = sent.runner.fire(new("nobody"))
    assert fired.arn is None
    assert name in fired.others
