"""What rows of ``documented.py`` run, each of which says in words what happened."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import kit
from pipes_kit import Functions, brought, items
from pushed_kit import Sent, client, function_arn
from queue_kit import Polling, Queue
from sources_kit import ANSWERS, FUNCTION, RAISES, Clock, Function, failures, of_queue, read
from sources_kit import run as run_on_loop
from stream_kit import Batch
from windows_kit import Windows

from samlocal.aws import Aws
from samlocal.endpoint.event_queue import EventQueue
from samlocal.endpoint.invocation_record import InvocationRecord
from samlocal.endpoint.recursion import counted
from samlocal.local.server import LocalServer
from samlocal.pool.throttle import Throttled
from samlocal.sandbox.invocation import Invocation, Request
from samlocal.sandbox.report import Report
from samlocal.sandbox.result import Result, Success
from samlocal.sources.batch_answer import failed_items
from samlocal.sources.mapping import Mapping
from samlocal.sources.threads import Threads


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What rows run in: the local endpoint as a server, as its caller and by its queues, and projects."""

    server: LocalServer
    aws: Aws
    threads: Threads
    queue: Callable[..., Queue]
    project: Callable[..., kit.Project]


# queues


def mapping(world: World, type_: str, **properties: Any) -> str:
    """What a template's event becomes."""
    resource = "q" if type_ == "SQS" else "stream/s"
    arn = f"arn:aws:{type_.lower()}:us-east-1:123456789012:{resource}"
    given = {"Queue" if type_ == "SQS" else "Stream": arn, **properties}
    event = {"Type": type_, "Properties": given}
    files = {"template.json": kit.template(Fn=kit.function(Events={"Source": event})), "code/app.py": ""}
    (mapping,) = read(world.project(files))
    return f"batches of {mapping.batch_size}" if isinstance(mapping, Mapping) else f"not read: {mapping.reason}"


def polled(world: World, own: Queue, function: Function, **more: Any) -> Polling:
    polling = Polling(world.aws, world.threads, of_queue(own.name, **more), function)
    polling.until(lambda: own.count() == (0, 0))
    return polling


def batches(world: World) -> str:
    own, function = world.queue(), Function()
    own.send(*"1234567")
    polled(world, own, function, batch_size=3)
    sizes = [len(batch) for batch in function.bodies]
    return f"{sum(sizes)} handled and deleted, {'3 at most' if max(sizes) <= 3 else max(sizes)} in a batch"


def window(world: World) -> str:
    own, function = world.queue(), Function()
    own.send(*(str(number) for number in range(25)))
    polled(world, own, function, batch_size=25, window=60)
    return " and ".join(f"a batch of {len(batch)}" for batch in function.bodies)


def filtered(world: World) -> str:
    own, function = world.queue(), Function()
    own.send('{"n": 1}', "text", '{"n": 2}')
    polled(world, own, function, filters=[{"body": {"n": [2]}}])
    return f"run with {' and '.join(body for batch in function.bodies for body in batch)}; the others are deleted"


def dead_letters(world: World) -> str:
    dead = world.queue()
    arn = dead.sqs.get_queue_attributes(QueueUrl=dead.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    own, function = world.queue(RedrivePolicy=redrive, VisibilityTimeout="1"), Function(lambda _: RAISES)
    own.send("bad")
    polled(world, own, function)
    return f"run {len(function.events)} times, then in the dead letters: {', '.join(dead.bodies())}"


def reported(world: World) -> str:
    own, seen = world.queue(VisibilityTimeout="4"), list[str]()

    def answer(event: dict[str, Any]) -> Result:
        bodies = {record["body"]: record["messageId"] for record in event["Records"]}
        seen.extend(bodies)
        return failures(bodies["b"]) if seen.count("b") == 1 else ANSWERS

    own.send("a", "b", "c")
    polled(world, own, Function(answer), reports_failures=True)
    return ", ".join(f"{body} {seen.count(body)}" for body in "abc") + " times"


def failed(*named: str | None) -> Callable[[World], str]:
    answer = Success(payload=json.dumps({"batchItemFailures": [{"itemIdentifier": each} for each in named]}).encode())
    return lambda _: f"failed: {', '.join(sorted(failed_items(answer, ['id1', 'id2'], reports=True))) or 'none'}"


def throttled(world: World) -> str:
    own, throttles = world.queue(), iter([None, None])
    function = Function(lambda _: next(throttles, ANSWERS))
    own.send("once")
    polled(world, own, function)
    received = {event["Records"][0]["attributes"]["ApproximateReceiveCount"] for event in function.events}
    return f"tried {len(function.events)} times, received {', '.join(received)} time"


# streams


def batch(answer: Callable[[list[str]], Result | None], **options: Any) -> Callable[[World], str]:
    def ran(_: World) -> str:
        batch = Batch(answer, **options)
        given_up = [f"{records} given up and told: {condition}" for records, condition in batch.discarded]
        return f"run with {', '.join(batch.runs)}; {', '.join(given_up) or 'all handled'}"

    return ran


def until_it_succeeds(_: World) -> str:
    left = iter([RAISES] * 7)
    batch = Batch(lambda _: next(left, ANSWERS))
    return f"{len(batch.runs)} tries, {', '.join(f'{pause:g}' for pause in batch.clock.pauses)} s apart"


def windows(arrivals: list[float], **given: Any) -> Callable[[World], str]:
    def ran(_: World) -> str:
        return "; ".join(
            f"{records or 'nothing'} with {json.dumps(state)}{f', {ends}' if ends else ''}"
            for records, _, state, ends in Windows(arrivals, **given).events
        )

    return ran


# events that nobody waits for


class _Pool:
    def __init__(self, *outcomes: Result | Throttled) -> None:
        self._outcomes = list(outcomes)
        self.asked = 0

    async def invoke(self, _: str, request: Request, **__: Any) -> Invocation | Throttled:
        self.asked += 1
        outcome = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        if isinstance(outcome, Throttled):
            return outcome
        name = request.request_id or ""
        report = Report(request_id=name, duration=1.0, memory_size=128)
        return Invocation(request_id=name, result=outcome, report=report)


def event(*outcomes: Result | Throttled, rounds: int = 0) -> Callable[[World], str]:
    """What comes of an event that has come round so often."""

    def ran(_: World) -> str:
        pool, clock, records = _Pool(*outcomes), Clock(), list[InvocationRecord]()
        request = Request(payload=b"1", request_id="r")
        for _ in range(rounds):
            request = counted(FUNCTION, request)

        class Delivers:
            async def deliver(self, record: InvocationRecord, *, again: Any) -> None:
                records.append(record)

        async def test() -> None:
            own = EventQueue(
                pool, Delivers(), told=lambda _: None, failed=lambda _: None, clock=clock, sleep=clock.sleep
            )
            own.put(FUNCTION, request)
            while not records:
                await asyncio.sleep(0)

        run_on_loop(test)
        pauses = ", ".join(f"{pause:g}" for pause in clock.pauses)
        tries = f"{pool.asked} tries{f', {pauses} s apart' if pauses else ''}" if pool.asked else "not run"
        return f"{tries}; {records[0].condition.value}"

    return ran


def topic_filter(world: World) -> str:
    sns, sent = client(world.server, "sns"), Sent(world.server)
    topic = sns.create_topic(Name=f"t{uuid.uuid4().hex}")["TopicArn"]
    policy = {"FilterPolicy": '{"kind": ["wanted"]}'}
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function_arn("Fn"), Attributes=policy)
    for kind in ("other", "wanted"):
        attributes = {"kind": {"DataType": "String", "StringValue": kind}}
        sns.publish(TopicArn=topic, Message=kind, MessageAttributes=attributes)
    return f"run with {', '.join(each['Records'][0]['Sns']['Message'] for each in sent.to('Fn'))}"


def key_filter(world: World) -> str:
    s3, sent, name = client(world.server, "s3"), Sent(world.server), f"b{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=name)
    rule = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}}
    one = {"LambdaFunctionArn": function_arn("Fn"), "Events": ["s3:ObjectCreated:*"], "Filter": rule}
    s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"LambdaFunctionConfigurations": [one]}
    )
    for key in ("elsewhere/a", "in/a"):
        s3.put_object(Bucket=name, Key=key, Body=b"1")
    return f"run with {', '.join(each['Records'][0]['s3']['object']['key'] for each in sent.to('Fn'))}"


def rule_pattern(world: World) -> str:
    events, sent, name = client(world.server, "events"), Sent(world.server), f"r{uuid.uuid4().hex}"
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name], "detail": {"n": [{"numeric": [">", 1]}]}}))
    target = {"Id": "1", "Arn": function_arn("Fn"), "InputTransformer": {"InputPathsMap": {"n": "$.detail.n"}}}
    target["InputTransformer"] |= {"InputTemplate": '{"number": <n>}'}
    events.put_targets(Rule=name, Targets=[target])
    for number in (1, 2):
        events.put_events(Entries=[{"Source": name, "DetailType": "d", "Detail": json.dumps({"n": number})}])
    return f"run with {', '.join(json.dumps(each) for each in sent.to('Fn'))}"


# pipes


def piped(given: Any, records: list[dict[str, Any]], *answered: Result | None) -> Callable[[World], str]:
    def ran(world: World) -> str:
        functions = Functions(*answered)
        result = brought(given, records, functions, world.aws)
        asked = ", ".join(f"{name} gets {json.dumps(event)}" for name, event in functions.asked)
        return f"{asked}; failed: {', '.join(items(result)) or 'none'}"

    return ran


def few(number: int) -> dict[str, Any]:
    return {"messageId": f"id{number}", "body": str(number)}
